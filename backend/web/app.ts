/** Puts the web role together: headers and errors for all, then the routes of each part. */
import { Hono } from 'hono'
import { routePath } from 'hono/route'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { Fault, Refusal } from '../../shared/fault.ts'
import { errorText, type Log } from '../log.ts'
import { bodyLimit } from './body-limit.ts'
import { problemPage } from './site/said.tsx'

export interface AppOptions {
  siteUrl: string
  log: Log
  /** Outside the cross-site check: signed by Twitch. */
  events: Hono
  /** Outside it, too: its requests carry a token and no cookie. */
  extension: Hono | null
  /** The same: signed by Stripe. Null: billing is off. */
  stripeEvents: Hono | null
  pages: Hono[]
  /** Outside the check against other sites: each address has its own secret. */
  open: Hono[]
  /** Where forms may lead beside us: browsers follow a redirect after a form only to these. */
  formTargets: string[]
  /** Where videos and pictures of ours may be fetched by a link. */
  media: string[]
  /** Where pictures may come from beside us. */
  pictures: string[]
  /** Throws when the database does not answer. */
  ready(): Promise<void>
}

export function makeApp(options: AppOptions): Hono {
  const { siteUrl, log, events, extension, stripeEvents, pages, open, pictures, ready } = options
  const app = new Hono()
  app.use(bodyLimit)
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', async (c) => {
    await ready()
    return c.text('ok')
  })
  app.route('/', events)
  if (extension) app.route('/', extension)
  if (stripeEvents) app.route('/', stripeEvents)
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      connectSrc: ["'self'"],
      mediaSrc: ["'self'", 'blob:', ...options.media],
      imgSrc: ["'self'", 'data:', ...pictures.map((url) => new URL(url).origin), ...options.media],
      formAction: ["'self'", ...options.formTargets],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    referrerPolicy: 'no-referrer',
  })
  const site = new Hono()
  for (const routes of open) app.route('/', new Hono().use(headers).route('/', routes))
  site.use(headers)
  site.use(csrf({ origin: new URL(siteUrl).origin }))
  for (const page of pages) site.route('/', page)
  app.route('/', site)
  app.notFound((c) => c.html(problemPage('Not here', 'There is no such page.'), 404))
  app.onError((error, c) => {
    if ('getResponse' in error) return error.getResponse()
    if (error instanceof Refusal) return c.html(problemPage('That did not work', error.message), 400)
    // The route, not the address: some addresses are secrets.
    log.error({ error: errorText(error), route: routePath(c) }, 'a request failed')
    const passing = error instanceof Fault && error.kind === 'transient'
    const sentence = passing
      ? 'Twitch, Google or Stripe did not answer in time. Please try again in a minute.'
      : 'An error of ours. It has been noted; please try again later.'
    return c.html(problemPage('That did not work', sentence), passing ? 503 : 500)
  })
  return app
}
