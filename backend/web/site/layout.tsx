/** The frame of every page of the companion site. */
import type { ComponentChildren } from 'preact'
import { render } from 'preact-render-to-string'

export function Layout({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="stylesheet" href="/site.css" />
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  )
}

export function toHtml(page: Parameters<typeof render>[0]): string {
  return `<!doctype html>${render(page)}`
}
