/** The extension's API, for pages that Twitch hosts: only those may read its answers (CORS). */
import { Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { errorText, type Log } from '../../log.ts'
import { configRoutes, type ConfigOptions } from './config.ts'
import { refuse } from './gate.ts'
import { panelRoutes, stateRoute, type PanelOptions } from './panel.ts'

export interface ExtensionOptions extends PanelOptions, ConfigOptions {
  log: Log
  /** Where the extension's pages come from: `https://<client id>.ext-twitch.tv`. */
  origins: string[]
}

const PREFLIGHT_SEC = 7_200

export function extensionRoutes(options: ExtensionOptions): Hono {
  const { origins, log } = options
  const app = new Hono()
  const preflight = cors({
    origin: origins,
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match', 'accept-language'],
    maxAge: PREFLIGHT_SEC,
  })
  // The library's middleware makes each answer a full Response before there is one, which takes half of a small request.
  const corsHeaders = (origin: string | undefined): Record<string, string> =>
    origin !== undefined && origins.includes(origin)
      ? {
          vary: 'origin',
          'access-control-allow-origin': origin,
          'access-control-expose-headers': 'etag, retry-after',
        }
      : { vary: 'origin' }
  const readable: MiddlewareHandler = (c, next) => {
    for (const [name, value] of Object.entries(corsHeaders(c.req.header('origin')))) c.header(name, value)
    return next()
  }
  app.get('/panel/state', stateRoute(options, corsHeaders))
  app.onError((error, c) => {
    for (const [name, value] of Object.entries(corsHeaders(c.req.header('origin')))) c.header(name, value)
    if ('getResponse' in error) {
      const { status, headers, body } = (error as { getResponse(): Response }).getResponse()
      for (const [name, value] of headers) c.header(name, value)
      return c.newResponse(body, status as 401)
    }
    log.error({ error: errorText(error), path: c.req.path }, 'an extension request failed')
    return refuse(c, 'error')
  })
  const panel = panelRoutes(options)
  const config = configRoutes(options)
  for (const [path, routes] of [
    ['/panel', panel],
    ['/config', config],
  ] as const) {
    app.options(path, preflight)
    app.options(`${path}/*`, preflight)
    app.use(path, readable)
    app.use(`${path}/*`, readable)
    routes.all('*', (c) => refuse(c, 'not-there'))
    app.route(path, routes)
  }
  return app
}
