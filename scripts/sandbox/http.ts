/** Serves a Hono app on a free port of this machine. */
import { serve, type ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import type { AddressInfo } from 'node:net'

export interface Listening {
  port: number
  url: string
  server: ServerType
  close(): Promise<void>
}

const LOOK_MS = 20

/** @param isGone while this is true, nobody listens: connections are refused */
export async function listen(app: Hono, port = 0, isGone: () => boolean = () => false): Promise<Listening> {
  const { server, info } = await new Promise<{ server: ServerType; info: AddressInfo }>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (info: AddressInfo) =>
      resolve({ server, info }),
    )
    server.once('error', reject)
  })
  const hangUp = () => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
  // Somebody else may have taken the port for a moment: it is tried again.
  server.on('error', () => undefined)
  const watch = setInterval(() => {
    if (isGone() === server.listening) {
      if (server.listening) hangUp()
      else server.listen(info.port, '127.0.0.1')
    }
  }, LOOK_MS)
  watch.unref()
  return {
    port: info.port,
    url: `http://127.0.0.1:${info.port}`,
    server,
    close: () =>
      new Promise((done) => {
        clearInterval(watch)
        if (!server.listening) return done()
        server.once('close', () => done())
        hangUp()
      }),
  }
}
