/** What stands before the companion site's routes: who is signed in, what they may, and whose things they ask for. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { z } from 'zod'
import type { Database } from '../../db/database.ts'
import { findRecap, type Recap } from '../../db/recaps.ts'
import type { Actor, Sessions } from '../session.ts'
import { problemPage } from './said.tsx'

const LARGEST_BODY = 64 * 1024

/** Ends the request with a sentence: as JSON for programs, as a page for people, who are led to the first page to sign in. */
export function stop(c: Context, status: 401 | 403 | 404 | 409 | 415 | 422, sentence: string): never {
  if (status === 401 && c.req.method === 'GET' && wantsPage(c))
    throw new HTTPException(302, { res: c.redirect('/') })
  const fresh = { 'cache-control': 'no-store' }
  const title = status === 404 ? 'Not here' : 'That did not work'
  const res = wantsPage(c)
    ? c.html(problemPage(title, sentence), status, fresh)
    : c.json({ sentence }, status, fresh)
  throw new HTTPException(status, { res })
}

export function wantsPage(c: Context): boolean {
  return (c.req.header('accept') ?? '').includes('text/html')
}

export interface Gate {
  /** Streamer or editor. */
  actor(c: Context): Promise<Actor>
  streamer(c: Context): Promise<Actor>
  /** The recap of the address; another channel's is as good as none. */
  recap(c: Context): Promise<{ actor: Actor; recap: Recap }>
}

export function siteGate(db: Database, sessions: Sessions): Gate {
  const actor = async (c: Context) =>
    (await sessions.actorOf(c)) ?? stop(c, 401, 'You are not signed in any more. Please sign in again.')
  return {
    actor,
    async streamer(c) {
      const who = await actor(c)
      return who.role === 'streamer' ? who : stop(c, 403, 'Only the streamer can do this.')
    },
    async recap(c) {
      const who = await actor(c)
      const recap = await findRecap(db, c.req.param('id') ?? '')
      if (!recap || recap.channelId !== who.channelId) return stop(c, 404, 'There is no such recap.')
      return { actor: who, recap }
    },
  }
}

/** The request's JSON as `schema` has it. A form cannot send this type, so no other site's page can either. */
export async function jsonOf<S extends z.ZodType>(c: Context, schema: S): Promise<z.infer<S>> {
  if (!c.req.header('content-type')?.startsWith('application/json'))
    return stop(c, 415, 'This address takes JSON.')
  const text = await c.req.text()
  let value: unknown
  try {
    value = text.length > LARGEST_BODY ? undefined : JSON.parse(text)
  } catch {
    value = undefined
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.')
  return stop(c, 422, `Not understood: ${field ? `${field}: ` : ''}${issue?.message ?? 'no JSON'}.`)
}
