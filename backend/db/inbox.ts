/** Events from outside: stored before they are answered, handled later, in order per channel. */
import { pauseAfter } from '../domain/failures.ts'
import { within, type Database } from './database.ts'

export interface IncomingEvent {
  messageId: string
  type: string
  channelId: string
  sentAtMs: number
  payload: string
}

/** Stores an event; false when it was there already (Twitch delivers at least once). */
export async function storeEvent(db: Database, event: IncomingEvent, now: number): Promise<boolean> {
  const stored = await db
    .insertInto('inbox')
    .values({
      message_id: event.messageId,
      type: event.type,
      channel_id: event.channelId,
      sent_at: event.sentAtMs,
      received_at: now,
      payload: event.payload,
      handled_at: null,
      attempts: 0,
      error: null,
    })
    .onConflict((c) => c.column('message_id').doNothing())
    .executeTakeFirst()
  return (stored.numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** An event that could not be handled is tried again, for as long as it takes: the cause may be gone by then. */
const PAUSES = { firstMs: 2_000, longestMs: 60 * 60_000 }
/** So often failed, an event is something for the operator. */
const STUCK_AFTER = 5

/** The events whose time has come, in the order in which Twitch sent them. */
export async function waitingEvents(db: Database, now: number, limit = 200): Promise<IncomingEvent[]> {
  const rows = await db
    .selectFrom('inbox')
    .selectAll()
    .where('handled_at', 'is', null)
    .where('next_at', '<=', now)
    .orderBy('sent_at')
    .orderBy('message_id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    messageId: row.message_id,
    type: row.type,
    channelId: row.channel_id,
    sentAtMs: row.sent_at,
    payload: row.payload,
  }))
}

export async function eventHandled(db: Database, messageId: string, now: number): Promise<void> {
  await db
    .updateTable('inbox')
    .set({ handled_at: now, error: null })
    .where('message_id', '=', messageId)
    .execute()
}

export async function eventFailed(
  db: Database,
  messageId: string,
  error: string,
  now: number,
): Promise<void> {
  await within(db, async (tx) => {
    const row = await tx
      .updateTable('inbox')
      .set((e) => ({ attempts: e('attempts', '+', 1), error }))
      .where('message_id', '=', messageId)
      .returning('attempts')
      .executeTakeFirst()
    if (!row) return
    await tx
      .updateTable('inbox')
      .set({ next_at: now + pauseAfter(row.attempts, PAUSES) })
      .where('message_id', '=', messageId)
      .execute()
  })
}

/** A new version may know what to do with what failed before. */
export async function wakeEvents(db: Database): Promise<void> {
  await db
    .updateTable('inbox')
    .set({ next_at: 0 })
    .where('handled_at', 'is', null)
    .where('next_at', '>', 0)
    .execute()
}

/** How many events have failed again and again. */
export async function stuckEvents(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('inbox')
    .select((e) => e.fn.countAll<number | string>().as('count'))
    .where('handled_at', 'is', null)
    .where('attempts', '>=', STUCK_AFTER)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Handled events and commands are only kept for recognising repetitions, which come within minutes. */
export async function forgetHandled(db: Database, before: number): Promise<void> {
  await db.deleteFrom('inbox').where('handled_at', '<', before).execute()
  await db.deleteFrom('handled_commands').where('at', '<', before).execute()
}
