/** The signed-in browser: a random cookie, of which the database knows only the hash. */
import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie, deleteCookie } from 'hono/cookie'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { channelOfSession, endSession, saveSession } from '../db/sessions.ts'

const LASTS_MS = 30 * 24 * 60 * 60_000

export interface Sessions {
  channelOf(c: Context): Promise<string | null>
  begin(c: Context, channelId: string): Promise<void>
  end(c: Context): Promise<void>
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
  return {
    async channelOf(c) {
      const secret = getCookie(c, sid)
      return secret ? channelOfSession(db, hashOf(secret), clock.now()) : null
    },
    async begin(c, channelId) {
      const old = getCookie(c, sid)
      if (old) await endSession(db, hashOf(old))
      const secret = newSecret()
      await saveSession(
        db,
        { idHash: hashOf(secret), channelId, expiresAtMs: clock.now() + LASTS_MS },
        clock.now(),
      )
      setCookie(c, sid, secret, { ...attributes, maxAge: LASTS_MS / 1000 })
    },
    async end(c) {
      const secret = getCookie(c, sid)
      if (secret) await endSession(db, hashOf(secret))
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
