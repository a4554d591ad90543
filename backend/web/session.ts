/** The signed-in browser: a random cookie, of which the database knows only the hash. */
import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie, deleteCookie } from 'hono/cookie'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { findChannel } from '../db/channels.ts'
import { isEditor } from '../db/editors.ts'
import { endSession, endSessionsOf, findSession, saveSession, turnSession } from '../db/sessions.ts'

const LASTS_MS = 30 * 24 * 60 * 60_000
/** Editors' tokens are not kept, so Twitch cannot tell us that one is gone: they sign in daily. */
const EDITOR_LASTS_MS = 24 * 60 * 60_000

/** Who acts, and on whose channel. */
export interface Actor {
  userId: string
  channelId: string
  role: 'streamer' | 'editor'
}

export interface Sessions {
  /** Null: not signed in, or let in by nobody, or no longer. Looked up at each request, so that a change counts at once. */
  actorOf(c: Context): Promise<Actor | null>
  /** Twitch user id of who is signed in, whatever they may see. */
  userOf(c: Context): Promise<string | null>
  /** Always under a new secret: one that somebody planted before is worth nothing. */
  begin(c: Context, userId: string, channelId: string): Promise<void>
  turn(c: Context, channelId: string): Promise<void>
  end(c: Context): Promise<void>
  endEverywhere(c: Context): Promise<void>
  /** A cookie for an OAuth round trip, which binds its `state` to this browser. */
  browserHash(c: Context): string
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function makeSessions(db: Database, clock: Clock, siteUrl: string): Sessions {
  const secure = siteUrl.startsWith('https:')
  // `__Host-` ties a cookie to this very host, but browsers take it only over https.
  const [sid, browser] = secure ? ['__Host-sid', '__Host-browser'] : ['sid', 'browser']
  // Lax, not Strict: Twitch and Google send the browser back to us from their own pages.
  const attributes = { httpOnly: true, secure, sameSite: 'Lax', path: '/' } as const
  const sessionOf = async (c: Context) => {
    const secret = getCookie(c, sid)
    return secret ? findSession(db, hashOf(secret), clock.now()) : null
  }
  return {
    async actorOf(c) {
      const session = await sessionOf(c)
      if (!session?.channelId) return null
      // Whoever came as an editor alone has no channel here, and nothing could be kept or deleted for one.
      if (session.userId === session.channelId)
        return (await findChannel(db, session.channelId)) ? { ...session, role: 'streamer' } : null
      const edits = await isEditor(db, session.channelId, session.userId)
      return edits ? { ...session, role: 'editor' } : null
    },
    userOf: async (c) => (await sessionOf(c))?.userId ?? null,
    async begin(c, userId, channelId) {
      const old = getCookie(c, sid)
      if (old) await endSession(db, hashOf(old))
      const secret = newSecret()
      const lastsMs = userId === channelId ? LASTS_MS : EDITOR_LASTS_MS
      const session = { idHash: hashOf(secret), userId, channelId, expiresAtMs: clock.now() + lastsMs }
      await saveSession(db, session, clock.now())
      setCookie(c, sid, secret, { ...attributes, maxAge: lastsMs / 1000 })
    },
    async turn(c, channelId) {
      const secret = getCookie(c, sid)
      if (secret) await turnSession(db, hashOf(secret), channelId)
    },
    async end(c) {
      const secret = getCookie(c, sid)
      if (secret) await endSession(db, hashOf(secret))
      deleteCookie(c, sid, attributes)
    },
    async endEverywhere(c) {
      const session = await sessionOf(c)
      if (session) await endSessionsOf(db, session.userId)
      deleteCookie(c, sid, attributes)
    },
    browserHash(c) {
      const known = getCookie(c, browser)
      if (known) return hashOf(known)
      const secret = newSecret()
      setCookie(c, browser, secret, { ...attributes, maxAge: 600 })
      return hashOf(secret)
    },
  }
}
