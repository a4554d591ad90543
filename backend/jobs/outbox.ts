/** Sends what waits in the outbox, again and again with growing pauses, until it is through. */
import { Fault, kindOf } from '../../shared/fault.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import {
  holdMessage,
  messageFailed,
  messageSent,
  takeMessage,
  type MessageKind,
  type QueuedMessage,
} from '../db/outbox.ts'
import { pauseAfter } from '../domain/failures.ts'
import { errorText, type Log } from '../log.ts'

export interface OutboxContext {
  db: Database
  clock: Clock
  log: Log
  /** Which messages: what takes long must not hold up what does not. */
  kinds: readonly MessageKind[]
  /** So long after a process died, what it was sending is sent by another. While it lives, it says so more often. */
  holdMs: number
  /** So many go out at the same time: an address that hangs must not keep the others waiting. */
  atOnce: number
  send(message: QueuedMessage): Promise<void>
  /** Told of the last word about a message: null when it is through. */
  onOutcome?(message: QueuedMessage, failure: string | null): Promise<void>
}

const PAUSES = { firstMs: 10_000, longestMs: 60 * 60_000 }
/** Where somebody must act first, it is looked once a day whether they have. */
const ASKED_ANEW_MS = 24 * 60 * 60_000
/** News that is older is none any more. */
const LASTS_MS = 30 * 24 * 60 * 60_000

export async function sendOutbox(context: OutboxContext): Promise<void> {
  await Promise.all(Array.from({ length: context.atOnce }, () => sendInTurn(context)))
}

async function sendInTurn(context: OutboxContext): Promise<void> {
  const { db, clock, log, kinds, holdMs, send, onOutcome } = context
  const next = () => takeMessage(db, kinds, clock.now(), holdMs)
  for (let message = await next(); message; message = await next()) {
    const { id, attempts } = message
    const holding = setInterval(
      () =>
        void holdMessage(db, id, attempts, clock.now() + holdMs).catch((error: unknown) => {
          log.warn({ error: errorText(error), message: id }, 'a message that is being sent was not held')
        }),
      holdMs / 3,
    )
    try {
      await send(message)
      await messageSent(db, message.id, clock.now())
      await onOutcome?.(message, null)
    } catch (error) {
      const kind = kindOf(error)
      const now = clock.now()
      const over = kind === 'damaged' || now - message.queuedAtMs >= LASTS_MS
      const pause = kind === 'person' ? ASKED_ANEW_MS : pauseAfter(message.attempts, PAUSES)
      const what = { error: errorText(error), message: message.uniqueKey, kind, over }
      if (kind === 'bug') log.error(what, 'a message could not be sent: see to it')
      else log.warn(what, 'a message was not sent')
      await messageFailed(db, message.id, errorText(error), over ? null : now + pause)
      // What only we understand is not for people.
      await onOutcome?.(message, error instanceof Fault ? error.message : 'an error of ours')
    } finally {
      clearInterval(holding)
    }
  }
}
