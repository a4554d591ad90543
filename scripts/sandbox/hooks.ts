/** A server that takes notices, as Discord and as anybody's own: it keeps what came. */
import { Hono } from 'hono'
import { listen } from './http.ts'

export interface Notice {
  path: string
  headers: Record<string, string>
  body: string
}

export interface HookServer {
  url: string
  notices: Notice[]
  /** The next notices are answered with these, in order. */
  statuses: number[]
  close(): Promise<void>
}

export async function startHooks(): Promise<HookServer> {
  const notices: Notice[] = []
  const statuses: number[] = []
  const app = new Hono()
  app.post('*', async (c) => {
    const status = statuses.shift()
    if (status !== undefined) return c.body(null, status as 500)
    notices.push({ path: c.req.path, headers: c.req.header(), body: await c.req.text() })
    return c.body(null, 204)
  })
  const { url, close } = await listen(app)
  return { url, notices, statuses, close }
}

// Lenient here: it takes whatever comes, and never asks for patience by itself.
