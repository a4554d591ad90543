/** Long echoes: spans that the streamer begins and ends by hand, one at a time. */
import { randomUUID } from 'node:crypto'
import { touchChannel, type Database } from './database.ts'
import type { CountingEcho } from './echoes.ts'

/** Begins a long echo; one that is on already goes on. */
export async function startLongEcho(
  db: Database,
  at: { channelId: string; streamId: string; showId: string; userId: string },
  now: number,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await touchChannel(tx, at.channelId, now)
    const open = await openLongEcho(tx, at.streamId)
    if (open) return
    await tx
      .insertInto('long_echoes')
      .values({
        id: randomUUID(),
        channel_id: at.channelId,
        stream_id: at.streamId,
        show_id: at.showId,
        user_id: at.userId,
        started_at: now,
        ended_at: null,
      })
      .execute()
  })
}

/** Ends the long echo that is on; without one nothing happens. */
export async function stopLongEcho(
  db: Database,
  at: { channelId: string; streamId: string },
  now: number,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await touchChannel(tx, at.channelId, now)
    await tx
      .updateTable('long_echoes')
      .set({ ended_at: now })
      .where('stream_id', '=', at.streamId)
      .where('ended_at', 'is', null)
      .execute()
  })
}

/** @returns when the one that is on began (UTC milliseconds), or null */
export async function openLongEcho(db: Database, streamId: string): Promise<number | null> {
  const row = await db
    .selectFrom('long_echoes')
    .select('started_at')
    .where('stream_id', '=', streamId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row?.started_at ?? null
}

/** The long echoes of a show that are over, as echoes; one that nobody ended ends with its stream. */
export async function longEchoesOf(db: Database, showId: string): Promise<CountingEcho[]> {
  const rows = await db
    .selectFrom('long_echoes')
    .innerJoin('streams', 'streams.id', 'long_echoes.stream_id')
    .innerJoin('channels', 'channels.id', 'long_echoes.channel_id')
    .select([
      'long_echoes.id',
      'long_echoes.user_id',
      'long_echoes.started_at',
      'long_echoes.ended_at',
      'streams.ended_at as stream_ended_at',
      'channels.display_name',
    ])
    .where('long_echoes.show_id', '=', showId)
    .execute()
  return rows.flatMap((row) => {
    const endedAt = row.ended_at ?? row.stream_ended_at
    if (endedAt === null || endedAt <= row.started_at) return []
    return [
      {
        id: row.id,
        userId: row.user_id,
        displayName: row.display_name,
        askedAtMs: endedAt,
        lengthMs: endedAt - row.started_at,
        // By the streamer's own clock: there is no viewer behind.
        latencyMs: 0,
        label: null,
      },
    ]
  })
}
