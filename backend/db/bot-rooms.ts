/**
 * Which bot hears which channels, where several share them: each room is leased by one, and a bot that is gone loses its
 * rooms when the leases lapse. While a room changes hands both may hear it; the row of the message decides who acts.
 */
import { randomUUID } from 'node:crypto'
import { within, type Database } from './database.ts'

export interface SharingRules {
  /** How long a lease and a sign of life are valid; both are renewed several times within that. */
  leaseMs: number
  /** One bot takes no more than this, however few there are. */
  most: number
}

/** Renews this bot's rooms, gives away what is more than its share, and takes what nobody has. @returns its rooms' ids */
export async function shareRooms(
  db: Database,
  bot: string,
  channelIds: readonly string[],
  now: number,
  { leaseMs, most }: SharingRules,
): Promise<string[]> {
  return within(db, async (tx) => {
    const until = now + leaseMs
    await tx.deleteFrom('bots').where('until', '<=', now).execute()
    await tx
      .insertInto('bots')
      .values({ bot, until })
      .onConflict((c) => c.column('bot').doUpdateSet({ until }))
      .execute()
    const bots = await tx.selectFrom('bots').select('bot').orderBy('bot').execute()
    // As even as it goes: the first bots take one more.
    const place = bots.findIndex((b) => b.bot === bot)
    const even =
      Math.floor(channelIds.length / bots.length) + (place < channelIds.length % bots.length ? 1 : 0)
    const share = Math.min(most, even)

    const lapsed = await tx
      .selectFrom('bot_rooms')
      .select(['channel_id', 'bot', 'until'])
      .where('until', '<=', now)
      .execute()
    await tx
      .deleteFrom('bot_rooms')
      .where((e) => e.or([e('until', '<=', now), e('channel_id', 'not in', ['', ...channelIds])]))
      .execute()
    const held = await tx
      .selectFrom('bot_rooms')
      .select(['channel_id', 'bot'])
      .orderBy('channel_id')
      .execute()
    const mine = held.filter((r) => r.bot === bot).map((r) => r.channel_id)
    const taken = new Set(held.map((r) => r.channel_id))
    const free = channelIds.filter((id) => !taken.has(id))
    const kept = mine.slice(0, share)
    const added = free.slice(0, share - kept.length)
    const given = mine.slice(share)
    if (given.length > 0) await tx.deleteFrom('bot_rooms').where('channel_id', 'in', given).execute()
    if (kept.length > 0)
      await tx.updateTable('bot_rooms').set({ until }).where('channel_id', 'in', kept).execute()
    if (added.length > 0)
      await tx
        .insertInto('bot_rooms')
        .values(added.map((channel_id) => ({ channel_id, bot, until })))
        // Another bot may have been faster.
        .onConflict((c) => c.column('channel_id').doNothing())
        .execute()
    // The bot that had these rooms is gone, and gave its last sign of life when it renewed them.
    const unheard = lapsed.filter((r) => r.bot !== bot && added.includes(r.channel_id))
    if (unheard.length > 0)
      await tx
        .insertInto('chat_gaps')
        .values(
          unheard.map((r) => ({
            id: randomUUID(),
            bot: r.bot,
            channel_id: r.channel_id,
            from_at: r.until - leaseMs,
            to_at: now,
          })),
        )
        .execute()
    const rooms = await tx.selectFrom('bot_rooms').select('channel_id').where('bot', '=', bot).execute()
    return rooms.map((r) => r.channel_id)
  })
}

/** A bot that stops in order lets its rooms go at once. */
export async function leaveRooms(db: Database, bot: string): Promise<void> {
  await db.deleteFrom('bot_rooms').where('bot', '=', bot).execute()
  await db.deleteFrom('bots').where('bot', '=', bot).execute()
}
