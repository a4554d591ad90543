/**
 * Writes down what a service of the sandbox was asked and what it answered, for `tests/contract.test.ts`: a line of JSON
 * each, in a file of this process in `$ECHOES_CONTRACT_LOG`. Without that, nothing is written.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Next } from 'hono'

export interface Exchange {
  service: 'helix' | 'youtube'
  method: string
  /** Without what the sandbox puts in front of it. */
  path: string
  query: [name: string, value: string][]
  /** What was sent as JSON; null: nothing, or something else. */
  body: unknown
  /** Whose token it came with: the application's, a person's with these scopes, or none that is known. */
  token: 'app' | 'user' | 'none'
  scopes: string[]
  status: number
  /** What was answered as JSON; null: nothing, or something else. */
  answer: unknown
}

/** A test that asks the sandbox for something wrong on purpose says so by this header; nothing of it is written down. */
export const ON_PURPOSE = 'x-wrong-on-purpose'

/** @param pathOf what the service's own reference calls the path */
export function recorder(
  service: Exchange['service'],
  pathOf: (path: string) => string,
  tokenOf: (c: Context) => { token: Exchange['token']; scopes: string[] },
) {
  const folder = process.env.ECHOES_CONTRACT_LOG
  return async (c: Context, next: Next): Promise<void> => {
    // Browsers look at the sandbox's own pages, and want a picture for their tab.
    if (!folder || c.req.header(ON_PURPOSE) || c.req.header('sec-fetch-dest')) return next()
    const isJson = (c.req.header('content-type') ?? '').startsWith('application/json')
    // Hono keeps the body for whoever reads it next.
    const body: unknown = isJson ? await c.req.json().catch(() => null) : null
    await next()
    const answersJson = (c.res.headers.get('content-type') ?? '').startsWith('application/json')
    const answer: unknown = answersJson
      ? await c.res
          .clone()
          .json()
          .catch(() => null)
      : null
    const exchange: Exchange = {
      service,
      method: c.req.method,
      path: pathOf(c.req.path),
      query: [...new URL(c.req.url).searchParams],
      body,
      ...tokenOf(c),
      status: c.res.status,
      answer,
    }
    mkdirSync(folder, { recursive: true })
    appendFileSync(join(folder, `${service}-${process.pid}.ndjson`), `${JSON.stringify(exchange)}\n`)
  }
}
