/** The extension's API, for pages that Twitch hosts: only those may read its answers (CORS). */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { errorText, type Log } from '../../log.ts'
import { configRoutes, type ConfigOptions } from './config.ts'
import { refuse } from './gate.ts'
import { panelRoutes, type PanelOptions } from './panel.ts'

export interface ExtensionOptions extends PanelOptions, ConfigOptions {
  log: Log
  /** Where the extension's pages come from: `https://<client id>.ext-twitch.tv`. */
  origins: string[]
}

const PREFLIGHT_SEC = 7_200

export function extensionRoutes(options: ExtensionOptions): Hono {
  const { origins, log } = options
  const app = new Hono()
  const pages = cors({
    origin: origins,
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match', 'accept-language'],
    exposeHeaders: ['etag', 'retry-after'],
    maxAge: PREFLIGHT_SEC,
  })
  const panel = panelRoutes(options)
  const config = configRoutes(options)
  for (const [path, routes] of [
    ['/panel', panel],
    ['/config', config],
  ] as const) {
    app.use(`${path}/*`, pages)
    app.use(path, pages)
    routes.all('*', (c) => refuse(c, 'not-there'))
    routes.onError((error, c) => {
      if ('getResponse' in error) return (error as { getResponse(): Response }).getResponse()
      log.error({ error: errorText(error), path: c.req.path }, 'an extension request failed')
      return refuse(c, 'error')
    })
    app.route(path, routes)
  }
  return app
}
