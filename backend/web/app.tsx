/** Puts the web role together: headers and errors for all, then the routes of each part. */
import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { Fault, Refusal } from '../../shared/fault.ts'
import { errorText, type Log } from '../log.ts'
import { Problem } from './site/home.tsx'
import { toHtml } from './site/layout.tsx'

export interface AppOptions {
  siteUrl: string
  log: Log
  /** Outside the cross-site check: signed by Twitch. */
  events: Hono
  /** Outside it, too: its requests carry a token and no cookie. */
  extension: Hono | null
  pages: Hono[]
  /** Throws when the database does not answer. */
  ready(): Promise<void>
}

export function makeApp({ siteUrl, log, events, extension, pages, ready }: AppOptions): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', async (c) => {
    await ready()
    return c.text('ok')
  })
  app.route('/', events)
  if (extension) app.route('/', extension)
  const site = new Hono()
  site.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
    }),
  )
  site.use(csrf({ origin: new URL(siteUrl).origin }))
  for (const page of pages) site.route('/', page)
  app.route('/', site)
  app.notFound((c) => c.html(toHtml(<Problem title="Not here" sentence="There is no such page." />), 404))
  app.onError((error, c) => {
    if ('getResponse' in error) return error.getResponse()
    if (error instanceof Refusal)
      return c.html(toHtml(<Problem title="That did not work" sentence={error.message} />), 400)
    log.error({ error: errorText(error), path: c.req.path }, 'a request failed')
    const passing = error instanceof Fault && error.remedy === 'retry'
    const sentence = passing
      ? 'Twitch or Google did not answer in time. Please try again in a minute.'
      : 'An error of ours. It has been noted; please try again later.'
    return c.html(toHtml(<Problem title="That did not work" sentence={sentence} />), passing ? 503 : 500)
  })
  return app
}
