/** When the panel asks by itself: only while it is seen, seldom while news come by PubSub, and ever slower after failures. */

export interface PollingFacts {
  /** Is a stream on? Offline there is little to miss. */
  live: object | null | undefined
  /** Milliseconds since news came by PubSub; Infinity when none did. */
  quietMs: number
  /** Requests in a row that got no answer. */
  failures: number
}

/** The back end sends at least every 30 s while live (backend/jobs/push-state.ts). */
const SILENT_MS = 45_000
const LIVE_MS = 6_000
const OFFLINE_MS = 30_000
/** Doubled with each failure. */
const RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

/**
 * Milliseconds until the next request.
 *
 * @param random from 0 to 1, so that not all panels ask at the same moment
 */
export function nextPoll({ live, quietMs, failures }: PollingFacts, random = Math.random()): number {
  const jitter = 0.75 + random / 2
  if (failures > 0) return Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** failures) * jitter
  if (quietMs < SILENT_MS) return SILENT_MS - quietMs + LIVE_MS * random
  return (live ? LIVE_MS : OFFLINE_MS) * jitter
}
