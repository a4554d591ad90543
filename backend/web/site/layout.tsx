/** The frame of every page of the companion site. */
import type { ComponentChildren } from 'preact'
import { render } from 'preact-render-to-string'

export interface PageProps {
  title: string
  /** Files under `/assets`. */
  styles?: string[]
  scripts?: string[]
  children: ComponentChildren
}

export interface LayoutProps extends PageProps {
  /** Without the frame's margins: the page has its own. */
  bare?: boolean
  /** With Echoes' name on top, for who is not signed in. */
  branded?: boolean
  /** Links on top, for who is signed in. */
  nav?: { channel: string; role: 'streamer' | 'editor' }
}

/** A page of the companion site. */
export function Layout({ bare = false, branded = false, nav, children, ...page }: LayoutProps) {
  return (
    <Page {...page}>
      {branded && (
        <header class="top">
          <a class="brand" href="/">
            Echoes
          </a>
        </header>
      )}
      {nav && (
        <header class="top">
          <a class="brand" href="/">
            Echoes
          </a>
          <nav aria-label="Pages">
            <a href="/">{nav.channel}</a>
            {nav.role === 'streamer' && <a href="/settings">Settings</a>}
            {nav.role === 'streamer' && <a href="/account">Account</a>}
          </nav>
          <form method="post" action="/sign-out">
            <button class="quiet">Sign out</button>
          </form>
        </header>
      )}
      {bare ? children : <main>{children}</main>}
      <footer class="foot">
        <a href="/privacy">Privacy</a>
        <a href="/terms">Terms</a>
      </footer>
    </Page>
  )
}

/** The document alone, in the site's style. */
export function Page({ title, styles = [], scripts = [], children }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="stylesheet" href="/site.css" />
        {styles.map((file) => (
          <link rel="stylesheet" href={`/assets/${file}`} />
        ))}
        {scripts.map((file) => (
          <script type="module" src={`/assets/${file}`} />
        ))}
      </head>
      <body>{children}</body>
    </html>
  )
}

export function toHtml(page: Parameters<typeof render>[0]): string {
  return `<!doctype html>${render(page)}`
}
