/** Events from outside: stored before they are answered, handled later, in order per channel. */
import type { Database } from './database.ts'

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

const MAX_ATTEMPTS = 10

/** The events that wait, in the order in which Twitch sent them. */
export async function waitingEvents(db: Database, limit = 200): Promise<IncomingEvent[]> {
  const rows = await db
    .selectFrom('inbox')
    .selectAll()
    .where('handled_at', 'is', null)
    .where('attempts', '<', MAX_ATTEMPTS)
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

export async function eventFailed(db: Database, messageId: string, error: string): Promise<void> {
  await db
    .updateTable('inbox')
    .set((e) => ({ attempts: e('attempts', '+', 1), error }))
    .where('message_id', '=', messageId)
    .execute()
}

/** Handled events and commands are only kept for recognising repetitions, which come within minutes. */
export async function forgetHandled(db: Database, before: number): Promise<void> {
  await db.deleteFrom('inbox').where('handled_at', '<', before).execute()
  await db.deleteFrom('handled_commands').where('at', '<', before).execute()
}
