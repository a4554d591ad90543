/** Messages that must go out once: queued with the fact they tell of, sent by a timer until they are through. */
import { randomUUID } from 'node:crypto'
import type { Database } from './database.ts'

export interface MailToSend {
  to: string
  subject: string
  text: string
  html: string
}

export interface QueuedMail extends MailToSend {
  id: string
  uniqueKey: string
  attempts: number
}

/** Queues a mail; the same `uniqueKey` is queued once, however often this is called. */
export async function queueMail(
  db: Database,
  mail: MailToSend & { uniqueKey: string; channelId: string },
  now: number,
): Promise<void> {
  const { uniqueKey, channelId, ...payload } = mail
  await db
    .insertInto('outbox')
    .values({
      id: randomUUID(),
      unique_key: uniqueKey,
      channel_id: channelId,
      kind: 'mail',
      payload: JSON.stringify(payload),
      state: 'waiting',
      attempts: 0,
      next_at: now,
      sent_at: null,
      error: null,
    })
    .onConflict((c) => c.column('unique_key').doNothing())
    .execute()
}

/**
 * Takes the next mail that is due, for `holdMs`: whoever dies with it leaves it to be sent again after that.
 */
export async function takeMail(db: Database, now: number, holdMs: number): Promise<QueuedMail | null> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('outbox')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('next_at', '<=', now)
      .orderBy('next_at')
      .executeTakeFirst()
    if (!row) return null
    const taken = await tx
      .updateTable('outbox')
      .set({ next_at: now + holdMs, attempts: row.attempts + 1 })
      .where('id', '=', row.id)
      .where('attempts', '=', row.attempts)
      .executeTakeFirst()
    if (taken.numUpdatedRows === 0n) return null
    const mail = JSON.parse(row.payload) as MailToSend
    return { ...mail, id: row.id, uniqueKey: row.unique_key, attempts: row.attempts + 1 }
  })
}

export async function mailSent(db: Database, id: string, now: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ state: 'sent', sent_at: now, error: null })
    .where('id', '=', id)
    .execute()
}

/** @param nextAt when to try again; null: never */
export async function mailFailed(
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

export async function mailCounts(db: Database): Promise<{ waiting: number; sent: number; failed: number }> {
  const rows = await db
    .selectFrom('outbox')
    .select((e) => ['state', e.fn.countAll<number | string>().as('count')])
    .groupBy('state')
    .execute()
  const counts = { waiting: 0, sent: 0, failed: 0 }
  for (const row of rows) counts[row.state] = Number(row.count)
  return counts
}
