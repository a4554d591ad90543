/**
 * What a refusal of Google's means for us. Raw errors of Google's client hold tokens in their request; only these faults
 * leave the adapter.
 */
import type { Fault } from '../../shared/fault.ts'
import { faultOf, type CallName } from '../domain/failures.ts'

/** Too many requests at once: soon there is room again. */
const SHORT_WAIT_MS = 60_000
const IN_A_HURRY = new Set(['rateLimitExceeded', 'userRateLimitExceeded'])

/** @param status null: nothing came back @param body the JSON of the answer, as far as there is one */
export function youtubeFault(
  what: string,
  status: number | null,
  body: unknown,
  now: number,
  name: Extract<CallName, 'youtube' | 'google'> = 'youtube',
): Fault {
  const { reason, message } = readError(body)
  // Since 2026 the quota of uploads a day is told as a rate limit, and only its message says of which.
  const daily = IN_A_HURRY.has(reason) && /per day/i.test(message)
  const hurried = !daily && (IN_A_HURRY.has(reason) || status === 429)
  return faultOf(
    name,
    what,
    {
      status,
      reason: daily ? 'quotaExceeded' : reason || undefined,
      ...(hurried ? { notBeforeMs: now + SHORT_WAIT_MS } : {}),
    },
    now,
  )
}

function readError(body: unknown): { reason: string; message: string } {
  const error = (body as { error?: unknown } | null)?.error
  if (typeof error === 'string') return { reason: error, message: '' } // OAuth's form
  const { errors, message } = (error ?? {}) as { errors?: { reason?: string }[]; message?: string }
  return { reason: errors?.[0]?.reason ?? '', message: message ?? '' }
}
