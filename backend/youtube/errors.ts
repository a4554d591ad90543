/**
 * What a refusal of Google's means for us: try again, wait until the quota is new, ask the streamer to connect again,
 * or give up. Raw errors of Google's client hold tokens in their request; only these faults leave the adapter.
 */
import { Fault } from '../../shared/fault.ts'

const RETRY_STATUS = new Set([408, 500, 502, 503, 504])
const REAUTH_REASONS = new Set([
  'invalid_grant',
  'insufficientPermissions',
  'youtubeSignupRequired',
  'authenticatedUserAccountClosed',
  'authenticatedUserAccountSuspended',
])
const QUOTA_REASONS = new Set([
  'quotaExceeded',
  'dailyLimitExceeded',
  'rateLimitExceeded',
  'userRateLimitExceeded',
])
const DAY_MS = 24 * 60 * 60_000
const SHORT_WAIT_MS = 60_000

/** @param body the JSON of the answer, as far as there is one */
export function youtubeFault(what: string, status: number, body: unknown, now: number): Fault {
  const { reason, message } = readError(body)
  const said = `YouTube answered ${status}${reason ? ` (${reason})` : ''}, asked ${what}`
  if (REAUTH_REASONS.has(reason) || status === 401) return new Fault(said, 'reauth')
  if (reason === 'uploadLimitExceeded') return new Fault(said, 'retry', { notBeforeMs: now + DAY_MS })
  if (reason === 'quotaExceeded' || reason === 'dailyLimitExceeded' || /per day/i.test(message))
    return new Fault(said, 'retry', { notBeforeMs: nextPacificMidnight(now) })
  if (QUOTA_REASONS.has(reason) || status === 429)
    return new Fault(said, 'retry', { notBeforeMs: now + SHORT_WAIT_MS })
  return new Fault(said, RETRY_STATUS.has(status) ? 'retry' : 'permanent')
}

/** When YouTube's daily quota begins anew: midnight in Los Angeles, with its summer time. */
export function nextPacificMidnight(now: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  const parts = Object.fromEntries(format.formatToParts(now).map((p) => [p.type, Number(p.value)]))
  const sinceMidnight = (((parts.hour ?? 0) * 60 + (parts.minute ?? 0)) * 60 + (parts.second ?? 0)) * 1000
  const guess = now - (now % 1000) - sinceMidnight + DAY_MS
  // On the two days of the change the guess is an hour off; the hour it then shows tells in which direction.
  const hour = Number(format.formatToParts(guess).find((p) => p.type === 'hour')?.value)
  if (hour === 23) return guess + 60 * 60_000
  return hour === 1 ? guess - 60 * 60_000 : guess
}

function readError(body: unknown): { reason: string; message: string } {
  const error = (body as { error?: unknown } | null)?.error
  if (typeof error === 'string') return { reason: error, message: '' } // OAuth's form
  const { errors, message } = (error ?? {}) as { errors?: { reason?: string }[]; message?: string }
  return { reason: errors?.[0]?.reason ?? '', message: message ?? '' }
}
