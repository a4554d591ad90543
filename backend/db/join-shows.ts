/** Streams that belong together → one show, also when they became known in another order than they were on. */
import { settingsOf } from './channels.ts'
import type { Tx } from './database.ts'

/** Streams older than this are history: no event about them is late any more. */
const LATELY = 12

/**
 * Joins neighbouring streams of a channel that follow each other within its limit into the show of the first, unless
 * one of their recaps is made already. Called inside the transaction that has changed a stream.
 */
export async function joinShows(tx: Tx, channelId: string): Promise<void> {
  const channel = await tx
    .selectFrom('channels')
    .select(['mode', 'settings'])
    .where('id', '=', channelId)
    .executeTakeFirst()
  if (!channel) return
  const { sameShowMs } = settingsOf(channel)
  const newestFirst = await tx
    .selectFrom('streams')
    .select(['id', 'show_id', 'started_at', 'ended_at'])
    .where('channel_id', '=', channelId)
    .orderBy('started_at', 'desc')
    .limit(LATELY)
    .execute()
  const streams = newestFirst.reverse()
  for (const [n, stream] of streams.entries()) {
    const before = streams[n - 1]
    if (!before || before.show_id === stream.show_id || before.ended_at === null) continue
    if (stream.started_at - before.ended_at > sameShowMs) continue
    if ((await isMade(tx, before.show_id)) || (await isMade(tx, stream.show_id))) continue
    await moveShow(tx, stream.show_id, before.show_id)
    const from = stream.show_id
    for (const s of streams) if (s.show_id === from) s.show_id = before.show_id
  }
}

async function isMade(tx: Tx, showId: string): Promise<boolean> {
  const made = await tx
    .selectFrom('recaps')
    .select('id')
    .where('show_id', '=', showId)
    .where('state', '!=', 'preparing')
    .executeTakeFirst()
  return made !== undefined
}

/** Everything of a show becomes another's. Its durable run finds no show, and ends. */
async function moveShow(tx: Tx, from: string, to: string): Promise<void> {
  for (const table of ['streams', 'echoes', 'long_echoes'] as const)
    await tx.updateTable(table).set({ show_id: to }).where('show_id', '=', from).execute()
  const newest = await tx
    .selectFrom('edits')
    .select((e) => e.fn.max('seq').as('seq'))
    .where('show_id', '=', to)
    .executeTakeFirst()
  await tx
    .updateTable('edits')
    .set((e) => ({ show_id: to, seq: e('seq', '+', newest?.seq ?? 0) }))
    .where('show_id', '=', from)
    .execute()
  const votes = await tx.selectFrom('votes').selectAll().where('show_id', '=', from).execute()
  for (const vote of votes)
    await tx
      .insertInto('votes')
      .values({ ...vote, show_id: to })
      .onConflict((c) => c.columns(['show_id', 'user_id', 'echo_id']).doNothing())
      .execute()
  await tx.deleteFrom('votes').where('show_id', '=', from).execute()
  await tx.deleteFrom('recaps').where('show_id', '=', from).execute()
  await tx.deleteFrom('shows').where('id', '=', from).execute()
  const streams = await tx
    .selectFrom('streams')
    .select(['started_at', 'ended_at'])
    .where('show_id', '=', to)
    .orderBy('started_at')
    .execute()
  const live = streams.some((s) => s.ended_at === null)
  await tx
    .updateTable('shows')
    .set((e) => ({
      started_at: Math.min(...streams.map((s) => s.started_at)),
      ended_at: live ? null : Math.max(...streams.map((s) => s.ended_at ?? 0)),
      // A run that waits for the show's end as it was must not take this for it.
      endings: e('endings', '+', 1),
    }))
    .where('id', '=', to)
    .execute()
}
