/** What Helix looks at before it does anything: the path, the token, the parameters, and how much was asked lately. */
import type { Context, Next } from 'hono'
import { systemTimeOf } from '../clock.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { TwitchId } from './id.tsx'
import { HELIX, POINTS_PER_MINUTE, type Endpoint } from './limits.ts'

const MINUTE_MS = 60_000

/** The path as the reference has it. twurple's mock mode asks under `/mock`, or with nothing in front. */
export function pathOf(path: string): string {
  return path.replace(/^\/(helix|mock)(?=\/)/, '')
}

export function problem(c: Context, status: 400 | 401 | 403 | 404 | 409 | 422 | 429, message: string) {
  return c.json({ error: WORDS[status], status, message }, status)
}

const WORDS = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
}

export function helixGate(clock: Clock, id: TwitchId) {
  const points = new Bucket(clock, POINTS_PER_MINUTE)
  return async (c: Context, next: Next) => {
    const endpoint = HELIX[`${c.req.method} ${pathOf(c.req.path)}`]
    if (!endpoint) return problem(c, 404, 'this endpoint does not exist')
    // The extension's back end comes with a token it has signed itself, and has limits of its own.
    if (pathOf(c.req.path) === '/extensions/pubsub') return next()
    const authorization = c.req.header('authorization') ?? ''
    const left = points.take(`${c.req.header('client-id')} ${authorization}`)
    c.header('Ratelimit-Limit', String(POINTS_PER_MINUTE))
    c.header('Ratelimit-Remaining', String(Math.max(0, Math.floor(left))))
    const full = systemTimeOf(clock, clock.now() + points.untilFullMs(left))
    c.header('Ratelimit-Reset', String(Math.ceil(full / 1000)))
    if (left < 0) return problem(c, 429, 'Too Many Requests')
    const token = id.tokenOf(c)
    if (!authorization.startsWith('Bearer ') || !token) return problem(c, 401, 'Invalid OAuth token')
    if (c.req.header('client-id') !== id.client.id)
      return problem(c, 401, 'Client ID and OAuth token do not match')
    const refusal = tokenRefusal(endpoint, token) ?? (await parameterRefusal(c, endpoint, token.userId, id))
    return refusal ? problem(c, ...refusal) : next()
  }
}

type Refusal = [status: 400 | 401 | 403, message: string]

function tokenRefusal(
  { token: wanted, scopes }: Endpoint,
  token: { userId: string | null; scopes: string[] },
): Refusal | null {
  const kind = token.userId === null ? 'app' : 'user'
  if (wanted === 'app' && kind === 'user')
    return [400, 'the token must be an app access token: webhooks need one']
  if (wanted === 'user' && kind === 'app') return [401, 'the token must be a user access token']
  if (kind === 'user' && scopes && !scopes.some((s) => token.scopes.includes(s)))
    return [401, `Missing scope: ${scopes.join(' or ')}`]
  return null
}

async function parameterRefusal(
  c: Context,
  { required = [], oneOf, ids = {}, pages, owner, scopes = [] }: Endpoint,
  userId: string | null,
  id: TwitchId,
): Promise<Refusal | null> {
  for (const name of required) if (!c.req.query(name)) return [400, `the parameter "${name}" is missing`]
  const given = oneOf?.filter((name) => c.req.query(name) !== undefined)
  if (given && given.length !== 1)
    return [400, `exactly one of ${oneOf?.join(', ')} is needed, and ${given.length} are there`]
  for (const [name, most] of Object.entries(ids)) {
    const values = c.req.queries(name) ?? []
    if (values.length > most) return [400, `the parameter "${name}" takes ${most} values at most`]
    if (name !== 'login' && name !== 'user_login' && name !== 'clip_id' && !isIds(name, values, c))
      return [400, `the parameter "${name}" is malformed`]
  }
  const first = c.req.query('first')
  const range = pages?.first
  if (first !== undefined && range && !(/^\d+$/.test(first) && +first >= 1 && +first <= range.max))
    return [400, `the parameter "first" must be between 1 and ${range.max}`]
  if (owner) {
    const body = c.req.method === 'POST' && !c.req.query(owner) ? await c.req.json().catch(() => ({})) : {}
    const whose = c.req.query(owner) ?? (body as Record<string, unknown>)[owner]
    const granted = id.grants.get(String(whose))
    if (userId === null)
      return scopes.some((s) => granted?.has(s)) ? null : [401, `Missing scope: ${scopes.join(' or ')}`]
    if (whose !== userId) return [401, `the ID in ${owner} must match the user ID of the token`]
  }
  return null
}

/** Ids are numbers, except those of clips. */
function isIds(name: string, values: readonly string[], c: Context): boolean {
  if (name === 'id' && pathOf(c.req.path) === '/clips') return values.every((v) => v.length > 0)
  return values.every((v) => /^\d+$/.test(v))
}

/** A page of what there is, by the cursor of the page before. */
export function page<T>(c: Context, all: readonly T[], size?: number): { data: T[]; pagination: object } {
  const first = HELIX[`${c.req.method} ${pathOf(c.req.path)}`]?.pages?.first
  const count = size ?? Number(c.req.query('first') ?? first?.default ?? 20)
  const after = c.req.query('after')
  const from = after ? Number(Buffer.from(after, 'base64url').toString()) : 0
  const data = all.slice(from, from + count)
  const more = from + count < all.length
  return {
    data,
    pagination: more ? { cursor: Buffer.from(String(from + count)).toString('base64url') } : {},
  }
}

/** Points for each token, which come back evenly. */
export class Bucket {
  readonly #clock: Clock
  readonly #perMinute: number
  readonly #left = new Map<string, { points: number; atMs: number }>()

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMinute = perMinute
  }

  /** @returns how many are left; below 0 where there was none to take */
  take(key: string): number {
    const now = this.#clock.now()
    const { points, atMs } = this.#left.get(key) ?? { points: this.#perMinute, atMs: now }
    const there = Math.min(this.#perMinute, points + ((now - atMs) * this.#perMinute) / MINUTE_MS)
    const left = there - 1
    // A request that is refused costs nothing.
    this.#left.set(key, { points: Math.max(left, there < 1 ? there : 0), atMs: now })
    return there < 1 ? -1 : left
  }

  untilFullMs(left: number): number {
    return ((this.#perMinute - Math.max(0, left)) * MINUTE_MS) / this.#perMinute
  }
}

// Lenient here: the message of a refusal is not worded as Twitch words it; scopes are not asked of app tokens.
