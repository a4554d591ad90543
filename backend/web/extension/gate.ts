/**
 * What stands before the extension's API: whose token it is, how often they may ask, and one form of refusal: a code, a
 * sentence in the viewer's language, and when it may work.
 */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import type { z } from 'zod'
import type { ApiRefusal } from '../../../shared/api.ts'
import { languageOf, type Language } from '../../../shared/language.ts'
import { refusalSentence, type ApiReason, type RefusalDetail } from '../../../shared/text.ts'
import type { ExtensionViewer, TokenVerifier } from '../../twitch/extension-token.ts'

const STATUS: Partial<Record<ApiReason, 401 | 404 | 409 | 422 | 429 | 500 | 503>> = {
  token: 401,
  cooldown: 429,
  'too-many': 429,
  'too-long': 422,
  unreadable: 422,
  'no-moment': 404,
  'not-there': 404,
  changed: 409,
  twitch: 503,
  error: 500,
}

export function apiRefusal(
  reason: ApiReason,
  detail: RefusalDetail = {},
  language: Language = 'en',
): ApiRefusal {
  const sentence = refusalSentence(reason, detail, language)
  return {
    reason,
    sentence,
    ...(detail.secondsLeft === undefined ? {} : { secondsLeft: detail.secondsLeft }),
  }
}

export function languageOfRequest(c: Context): Language {
  return languageOf(c.req.header('accept-language'))
}

/** The answer for a refused request. What is not among the statuses is 403. */
export function refuse(
  c: Context,
  reason: ApiReason,
  detail: RefusalDetail = {},
  more: object = {},
): Response {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (detail.secondsLeft !== undefined) headers['retry-after'] = String(detail.secondsLeft)
  return c.json(
    { ...apiRefusal(reason, detail, languageOfRequest(c)), ...more },
    STATUS[reason] ?? 403,
    headers,
  )
}

/** Ends the request with a refusal, from wherever. */
export function stop(c: Context, reason: ApiReason, detail: RefusalDetail = {}): never {
  throw new HTTPException(STATUS[reason] ?? 403, { res: refuse(c, reason, detail) })
}

/**
 * A header of the request, several of one name joined by commas. Read from Node's own list where there is one: making
 * the standard's object of all headers takes as long as the rest of a small request.
 */
export function headerOf(c: Context, name: string): string | undefined {
  const raw = (c.env as { incoming?: { rawHeaders: string[] } } | undefined)?.incoming?.rawHeaders
  if (!raw) return c.req.header(name)
  let value: string | undefined
  for (let n = 0; n < raw.length; n += 2)
    if (raw[n]?.length === name.length && raw[n]?.toLowerCase() === name)
      value = value === undefined ? raw[n + 1] : `${value}, ${raw[n + 1]}`
  return value
}

// Two headers come joined by a comma, which no token has: refused, like everything else that is not exactly one token.
const BEARER = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/

/** Who asks. Ends the request with 401 when the token is not to be trusted. */
export function viewerGate(verify: TokenVerifier) {
  return (c: Context): ExtensionViewer | Promise<ExtensionViewer> => {
    const token = BEARER.exec(headerOf(c, 'authorization') ?? '')?.[1]
    if (!token) return stop(c, 'token')
    const seen = verify(token)
    if (seen instanceof Promise) return seen.then((viewer) => viewer ?? stop(c, 'token'))
    return seen ?? stop(c, 'token')
  }
}

export interface Limits {
  /** Requests of one person in ten seconds. */
  person: number
  /** Requests that change something, of a whole channel in ten seconds. */
  channel: number
}

const WINDOW_SEC = 10

/** Against floods, for each process by itself; what an echo costs a person is the cool-down, which is a row. */
export function floodGate(limits: Limits) {
  const person = new RateLimiterMemory({ points: limits.person, duration: WINDOW_SEC })
  const channel = new RateLimiterMemory({ points: limits.channel, duration: WINDOW_SEC })
  return async (c: Context, viewer: ExtensionViewer, changes: boolean): Promise<void> => {
    try {
      await person.consume(`${viewer.channelId}:${viewer.opaqueId}`)
      if (changes) await channel.consume(viewer.channelId)
    } catch (limited) {
      const secondsLeft = Math.ceil((limited as RateLimiterRes).msBeforeNext / 1000)
      stop(c, 'too-many', { secondsLeft: Math.max(1, secondsLeft) })
    }
  }
}

const LARGEST_BODY = 64 * 1024

/** The request's body as `schema` has it. Ends the request with 422, naming the field, when it is not. */
export async function bodyOf<S extends z.ZodType>(c: Context, schema: S): Promise<z.infer<S>> {
  if (Number(c.req.header('content-length') ?? 0) > LARGEST_BODY)
    return stop(c, 'unreadable', { hint: 'the request is too large' })
  const text = await c.req.text()
  if (text.length > LARGEST_BODY) return stop(c, 'unreadable', { hint: 'the request is too large' })
  const parsed = schema.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.')
  return stop(c, 'unreadable', { hint: `${field ? `${field}: ` : ''}${issue?.message ?? 'not understood'}` })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
