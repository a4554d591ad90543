/**
 * What may be wrong with a service for a while, as it goes wrong in the world: between us and it, at its front door, or
 * within. Tests, the control page and random weather (weather.ts) begin such times; they end by the sandbox's clock.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Next } from 'hono'
import { systemTimeOf } from './clock.ts'
import type { Clock } from '../../shared/clock.ts'

export const SERVICES = {
  helix: 'Twitch’s API',
  'twitch-id': 'Twitch’s sign-in and tokens',
  video: 'Twitch’s recordings (GraphQL, playlists, parts, clips)',
  chat: 'Twitch’s chat',
  youtube: 'YouTube',
  google: 'Google’s sign-in and tokens',
  stripe: 'Stripe',
  mail: 'the mail server',
} as const
export type Service = keyof typeof SERVICES

export const FAULTS = {
  refused: 'takes no connections',
  hang: 'takes questions and never answers',
  slow: 'takes its time',
  reset: 'does what it is asked, and breaks off in the middle of its answer',
  busy: 'answers 429: too many requests',
  error: 'answers 500',
  unavailable: 'answers 503',
  page: 'a proxy answers with a page, and status 200',
  empty: 'answers with nothing, and status 200',
  expired: 'every access token has run out, and must be renewed',
} as const
export type FaultName = keyof typeof FAULTS

export interface FaultWindow {
  service: Service
  fault: FaultName
  /** UTC milliseconds of the sandbox's clock. */
  untilMs: number
}

/** Of the real clock: somebody waits, but gives up on nothing. */
const SLOW_MS = 700
const LOOK_MS = 25
/** What a service asks for that is asked too much. */
const BUSY_SEC = 30

export class Faults extends EventEmitter<{ begin: [FaultWindow] }> {
  readonly #clock: Clock
  readonly #windows = new Map<Service, FaultWindow>()

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  /** From now on, and for so long; it takes the place of what was wrong with the service before. */
  begin(service: Service, fault: FaultName, lastsMs: number): void {
    const window = { service, fault, untilMs: this.#clock.now() + lastsMs }
    this.#windows.set(service, window)
    this.emit('begin', window)
  }

  now(service: Service): FaultName | null {
    const window = this.#windows.get(service)
    return window && this.#clock.now() < window.untilMs ? window.fault : null
  }

  get windows(): FaultWindow[] {
    return [...this.#windows.values()].filter((w) => this.now(w.service))
  }

  clear(): void {
    this.#windows.clear()
  }

  /** In front of a service's routes. @param of by the path of a request */
  gate(of: (path: string) => Service) {
    return async (c: Context, next: Next): Promise<Response | undefined> => {
      const service = of(c.req.path)
      const fault = this.now(service)
      if (fault === null || fault === 'expired') {
        await next()
        return undefined
      }
      const { incoming, outgoing } = c.env as HttpBindings
      switch (fault) {
        case 'refused':
          // A connection that was open before.
          incoming.socket.destroy()
          return RESPONSE_ALREADY_SENT
        case 'hang':
          while (this.now(service) === 'hang' && !incoming.socket.destroyed) await sleep(LOOK_MS)
          incoming.socket.destroy()
          return RESPONSE_ALREADY_SENT
        case 'slow':
          await next()
          await sleep(SLOW_MS)
          return undefined
        case 'reset': {
          await next()
          const body = Buffer.from(await c.res.arrayBuffer())
          outgoing.writeHead(c.res.status, {
            ...Object.fromEntries(c.res.headers),
            'content-length': String(body.length + 1),
          })
          outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy())
          c.res = undefined
          c.res = RESPONSE_ALREADY_SENT
          return undefined
        }
        case 'busy':
          c.header('retry-after', String(BUSY_SEC))
          if (service === 'helix') {
            const reset = Math.min(
              this.#windows.get(service)?.untilMs ?? 0,
              this.#clock.now() + BUSY_SEC * 1000,
            )
            c.header('Ratelimit-Limit', '800')
            c.header('Ratelimit-Remaining', '0')
            c.header('Ratelimit-Reset', String(Math.ceil(systemTimeOf(this.#clock, reset) / 1000)))
          }
          return c.json(problemOf(429, 'Too Many Requests'), 429)
        case 'error':
          return c.json(problemOf(500, 'Internal Server Error'), 500)
        case 'unavailable':
          return c.json(problemOf(503, 'Service Unavailable'), 503)
        case 'page':
          return c.html('<!doctype html><title>One moment please</title><p>Please stand by.</p>')
        case 'empty':
          return c.body(null, 200)
      }
    }
  }
}

/** As each of the services would say it, more or less: they are told apart by their status. */
function problemOf(status: number, message: string) {
  return {
    error: { code: status, message, errors: [{ domain: 'global', reason: 'backendError' }] },
    status,
    message,
  }
}

// Lenient here: 429 and 5xx are not worded as each service words them; a refused mail server closes connections at once
// instead of taking none; chat knows no more than being cut off and hanging.
