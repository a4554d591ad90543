/** Sends what waits in the outbox, again and again with growing pauses, until it is through or refused for good. */
import { Fault } from '../../shared/fault.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import {
  messageFailed,
  messageSent,
  takeMessage,
  type MessageKind,
  type QueuedMessage,
} from '../db/outbox.ts'
import { errorText, type Log } from '../log.ts'

export interface OutboxContext {
  db: Database
  clock: Clock
  log: Log
  /** Which messages: what takes long must not hold up what does not. */
  kinds: readonly MessageKind[]
  /** A message is left alone for so long by others while one process sends it: longer than a mail server may take. */
  holdMs: number
  send(message: QueuedMessage): Promise<void>
  /** Told of the last word about a message: null when it is through. */
  onOutcome?(message: QueuedMessage, failure: string | null): Promise<void>
}

const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 60 * 60_000
const MAX_ATTEMPTS = 40

export async function sendOutbox(context: OutboxContext): Promise<void> {
  const { db, clock, log, kinds, holdMs, send, onOutcome } = context
  const next = () => takeMessage(db, kinds, clock.now(), holdMs)
  for (let message = await next(); message; message = await next()) {
    try {
      await send(message)
      await messageSent(db, message.id, clock.now())
      await onOutcome?.(message, null)
    } catch (error) {
      const permanent =
        (error instanceof Fault && error.remedy === 'permanent') || message.attempts >= MAX_ATTEMPTS
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (message.attempts - 1))
      log.warn({ error: errorText(error), message: message.uniqueKey, permanent }, 'a message was not sent')
      await messageFailed(db, message.id, errorText(error), permanent ? null : clock.now() + wait)
      // What only we understand is not for people.
      await onOutcome?.(message, error instanceof Fault ? error.message : 'an error of ours')
    }
  }
}
