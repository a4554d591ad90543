/**
 * The extension's tokens: what Twitch gives a viewer's browser, and what we sign ourselves towards Twitch. Both are JWTs
 * with the extension's shared secret, HS256 and nothing else (dev.twitch.tv/docs/extensions/reference#jwt-schema).
 */
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** Who asks, as Twitch vouches for it. */
export interface ExtensionViewer {
  channelId: string
  role: 'broadcaster' | 'moderator' | 'viewer'
  /** `U…`: an account in this channel; `A…`: somebody who is not logged in, and changes with each visit. */
  opaqueId: string
  /** Twitch user id: the streamer's own, or of a viewer who shares who they are. */
  userId: string | null
}

/** @returns who the token speaks for, or null when it is not to be trusted */
export type TokenVerifier = (token: string) => Promise<ExtensionViewer | null> | ExtensionViewer | null

const CLAIMS = z.object({
  exp: z.number(),
  channel_id: z.string().regex(/^\d+$/),
  opaque_user_id: z.string().regex(/^[AU]?[\w-]{1,100}$/),
  role: z.enum(['broadcaster', 'moderator', 'viewer']),
  user_id: z.string().regex(/^\d+$/).optional(),
})
const CLOCK_TOLERANCE_SEC = 10
/** Verifying costs five times what the rest of a small request does, and a viewer asks often with one token. */
const REMEMBERED = 20_000
const LONGEST_TOKEN = 2_000

/**
 * @param secrets base64, as Twitch shows them; the newest first. Several count while one replaces another
 * @param now UTC milliseconds
 */
export function tokenVerifier(secrets: readonly string[], now: () => number): TokenVerifier {
  const keys = secrets.map((secret) => new Uint8Array(Buffer.from(secret, 'base64')))
  const known = new Map<string, { viewer: ExtensionViewer; untilMs: number }>()
  const verify = async (token: string): Promise<ExtensionViewer | null> => {
    for (const key of keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          requiredClaims: ['exp'],
          clockTolerance: CLOCK_TOLERANCE_SEC,
          currentDate: new Date(now()),
        })
        const claims = CLAIMS.parse(payload)
        const viewer: ExtensionViewer = {
          channelId: claims.channel_id,
          role: claims.role,
          opaqueId: claims.opaque_user_id,
          userId: claims.user_id ?? (claims.role === 'broadcaster' ? claims.channel_id : null),
        }
        if (known.size >= REMEMBERED) known.delete(known.keys().next().value ?? '')
        known.set(token, { viewer, untilMs: (claims.exp + CLOCK_TOLERANCE_SEC) * 1000 })
        return viewer
      } catch {
        // Not with this key; perhaps with the next.
      }
    }
    return null
  }
  return (token) => {
    if (token.length > LONGEST_TOKEN) return null
    const seen = known.get(token)
    if (!seen) return verify(token)
    if (seen.untilMs > now()) return seen.viewer
    known.delete(token)
    return null
  }
}

export interface ExtensionSigner {
  clientId: string
  /** Twitch user id of the extension's owner. */
  ownerId: string
  /** Base64; the newest. */
  secret: string
}

const OWN_TOKEN_SEC = 60

/** A token with which we speak to Twitch as the extension's back end, about one channel. */
export async function signExternal(
  { ownerId, secret }: ExtensionSigner,
  channelId: string,
  now: number,
): Promise<string> {
  return new SignJWT({
    user_id: ownerId,
    role: 'external',
    channel_id: channelId,
    pubsub_perms: { send: ['broadcast'] },
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(Math.floor(now / 1000) + OWN_TOKEN_SEC)
    .sign(new Uint8Array(Buffer.from(secret, 'base64')))
}
