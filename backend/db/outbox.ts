/** Messages that must go out once: queued with the fact they tell of, sent by a timer until they are through. */
import { randomUUID } from 'node:crypto'
import { within, type Database } from './database.ts'
import type { OutboxRow } from './schema.ts'

export type MessageKind = OutboxRow['kind']

export interface QueuedMessage {
  id: string
  kind: MessageKind
  uniqueKey: string
  channelId: string
  /** What its kind needs. */
  payload: unknown
  attempts: number
  /** UTC milliseconds. */
  queuedAtMs: number
}

/** Queues a message; the same `uniqueKey` is queued once, however often this is called. */
export async function queueMessage(
  db: Database,
  message: Pick<QueuedMessage, 'kind' | 'uniqueKey' | 'channelId' | 'payload'>,
  now: number,
): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      id: randomUUID(),
      unique_key: message.uniqueKey,
      channel_id: message.channelId,
      kind: message.kind,
      payload: JSON.stringify(message.payload),
      state: 'waiting',
      attempts: 0,
      next_at: now,
      queued_at: now,
      sent_at: null,
      error: null,
    })
    .onConflict((c) => c.column('unique_key').doNothing())
    .execute()
}

/**
 * Takes the next message that is due, for `holdMs`: whoever dies with it leaves it to be sent again after that.
 */
export async function takeMessage(
  db: Database,
  kinds: readonly MessageKind[],
  now: number,
  holdMs: number,
): Promise<QueuedMessage | null> {
  return within(db, async (tx) => {
    for (;;) {
      const row = await tx
        .selectFrom('outbox')
        .selectAll()
        .where('state', '=', 'waiting')
        .where('next_at', '<=', now)
        .where('kind', 'in', kinds)
        .orderBy('next_at')
        .executeTakeFirst()
      if (!row) return null
      const taken = await tx
        .updateTable('outbox')
        .set({ next_at: now + holdMs, attempts: row.attempts + 1 })
        .where('id', '=', row.id)
        .where('attempts', '=', row.attempts)
        .executeTakeFirst()
      // Another sender was quicker: there may be more.
      if (taken.numUpdatedRows === 0n) continue
      const { id, kind, unique_key: uniqueKey, channel_id: channelId } = row
      return {
        id,
        kind,
        uniqueKey,
        channelId,
        payload: JSON.parse(row.payload) as unknown,
        attempts: row.attempts + 1,
        queuedAtMs: row.queued_at,
      }
    }
  })
}

/** Whoever took a message, by this attempt, is still sending it. @param until UTC milliseconds */
export async function holdMessage(db: Database, id: string, attempt: number, until: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_at: until })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('attempts', '=', attempt)
    .execute()
}

export async function messageSent(db: Database, id: string, now: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ state: 'sent', sent_at: now, error: null })
    .where('id', '=', id)
    .execute()
}

/** @param nextAt when to try again; null: never */
export async function messageFailed(
  db: Database,
  id: string,
  error: string,
  nextAt: number | null,
): Promise<void> {
  const change = nextAt === null ? { state: 'failed' as const } : { next_at: nextAt }
  await db
    .updateTable('outbox')
    .set({ ...change, error })
    .where('id', '=', id)
    .execute()
}

export async function messageCounts(
  db: Database,
): Promise<{ waiting: number; sent: number; failed: number }> {
  const rows = await db
    .selectFrom('outbox')
    .select((e) => ['state', e.fn.countAll<number | string>().as('count')])
    .groupBy('state')
    .execute()
  const counts = { waiting: 0, sent: 0, failed: 0 }
  for (const row of rows) counts[row.state] = Number(row.count)
  return counts
}

/** How many messages have waited for longer than they should. */
export async function overdueMessages(db: Database, queuedBefore: number): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select((e) => e.fn.countAll<number | string>().as('count'))
    .where('state', '=', 'waiting')
    .where('attempts', '>', 0)
    .where('queued_at', '<', queuedBefore)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The addresses that waited for a streamer have changed: what waits for them is sent now. */
export async function wakeMessages(
  db: Database,
  channelId: string,
  kind: MessageKind,
  now: number,
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_at: now })
    .where('channel_id', '=', channelId)
    .where('kind', '=', kind)
    .where('state', '=', 'waiting')
    .execute()
}

/** What messages said, that are through or given up. Their keys stay for a while, so that none is queued again. */
export async function forgetSent(db: Database, beforeMs: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ payload: '{}' })
    .where('state', '!=', 'waiting')
    .where('next_at', '<', beforeMs)
    .where('payload', '!=', '{}')
    .execute()
}

/** Messages of long ago: what they told of is over, and is not told again. */
export async function forgetMessages(db: Database, beforeMs: number): Promise<void> {
  await db.deleteFrom('outbox').where('state', '!=', 'waiting').where('next_at', '<', beforeMs).execute()
}
