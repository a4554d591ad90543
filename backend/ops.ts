/**
 * What an operator and a supervisor look at, for each process by itself and on this machine only: `/metrics` (Prometheus)
 * and `/healthz`, which is 503 while the process does not do its work.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'

export interface OpsOptions {
  metrics: Metrics
  /** What is wrong with this process, as sentences; nothing when all is well. */
  troubles(): string[]
}

export function opsRoutes({ metrics, troubles }: OpsOptions): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => {
    const wrong = troubles()
    return wrong.length === 0 ? c.text('ok\n') : c.text(`${wrong.join('\n')}\n`, 503)
  })
  app.get('/metrics', async (c) => {
    c.header('content-type', metrics.registry.contentType)
    return c.body(await metrics.registry.metrics())
  })
  return app
}

/** Listens on the loopback address only. @returns the port, and how to stop */
export async function startOps(port: number, options: OpsOptions): Promise<{ port: number; stop(): void }> {
  const app = opsRoutes(options)
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (info: AddressInfo) =>
      resolve({ port: info.port, stop: () => server.close() }),
    )
    server.on('error', reject)
  })
}
