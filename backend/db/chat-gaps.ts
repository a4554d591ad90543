/** Times in which no bot heard chat: IRC has no backlog, so what was said then is known from EventSub only, or not at all. */
import { randomUUID } from 'node:crypto'
import { within, type Database } from './database.ts'

export interface ChatGap {
  fromMs: number
  toMs: number
}

/** A bot hears chat just now. Several share one mark: a gap is when none of them heard. */
export async function markHeard(
  db: Database,
  bot: string,
  now: number,
  longestPauseMs: number,
): Promise<ChatGap | null> {
  return within(db, async (tx) => {
    const last = await lastHeard(tx)
    await tx
      .insertInto('chat_heard')
      .values({ id: 1, at: now, bot })
      .onConflict((c) => c.column('id').doUpdateSet({ at: now, bot }))
      .execute()
    if (last === null || now - last <= longestPauseMs) return null
    await tx.insertInto('chat_gaps').values({ id: randomUUID(), bot, from_at: last, to_at: now }).execute()
    return { fromMs: last, toMs: now }
  })
}

export async function lastHeard(db: Database): Promise<number | null> {
  const row = await db.selectFrom('chat_heard').select('at').where('id', '=', 1).executeTakeFirst()
  return row?.at ?? null
}

/** Gaps that reach into a time, oldest first: those of a channel, and those in which nobody heard any. */
export async function gapsBetween(
  db: Database,
  channelId: string,
  fromMs: number,
  toMs: number,
): Promise<ChatGap[]> {
  const rows = await db
    .selectFrom('chat_gaps')
    .select(['from_at', 'to_at'])
    .where('channel_id', 'in', ['', channelId])
    .where('to_at', '>', fromMs)
    .where('from_at', '<', toMs)
    .orderBy('from_at')
    .execute()
  return rows.map((r) => ({ fromMs: r.from_at, toMs: r.to_at }))
}

/** For how much of a time no bot heard a channel's chat, milliseconds. */
export async function unheardBetween(
  db: Database,
  channelId: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  let [unheardMs, heardFromMs] = [0, fromMs]
  // Gaps may overlap: one of all bots, and one of the room.
  for (const gap of await gapsBetween(db, channelId, fromMs, toMs)) {
    const [from, to] = [Math.max(gap.fromMs, heardFromMs), Math.min(gap.toMs, toMs)]
    if (to <= from) continue
    unheardMs += to - from
    heardFromMs = to
  }
  return unheardMs
}
