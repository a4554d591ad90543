/** Long echoes: spans that the streamer begins and ends by hand, one at a time. */
import { randomUUID } from 'node:crypto'
import { within, touchChannel, type Database, type Tx } from './database.ts'
import type { CountingEcho } from './echoes.ts'

export interface LongEchoPlace {
  channelId: string
  streamId: string
  showId: string
  /** The streamer's. */
  userId: string
  label?: string | null
}

/**
 * Begins a long echo; one that is on already goes on.
 * @returns when the one that was on already began (UTC milliseconds), or null
 */
export async function startLongEcho(db: Database, at: LongEchoPlace, now: number): Promise<number | null> {
  return within(db, async (tx) => {
    await touchChannel(tx, at.channelId, now)
    const open = await openLongEcho(tx, at.streamId)
    if (open !== null) return open
    await insertLongEcho(tx, at, now, null)
    return null
  })
}

/** Takes the last `lengthMs` of the stream as a long echo at once. @param now the instant it ends */
export async function takeLongEcho(
  db: Database,
  at: LongEchoPlace,
  lengthMs: number,
  now: number,
): Promise<void> {
  await within(db, async (tx) => {
    await touchChannel(tx, at.channelId, now)
    await insertLongEcho(tx, at, now - lengthMs, now)
  })
}

/**
 * Ends the long echo that is on; without one nothing happens.
 * @param label takes the place of the one it began with
 * @returns how long it was (milliseconds), or null without one
 */
export async function stopLongEcho(
  db: Database,
  at: { channelId: string; streamId: string; label?: string | null },
  now: number,
): Promise<number | null> {
  return within(db, async (tx) => {
    await touchChannel(tx, at.channelId, now)
    const open = await openLongEcho(tx, at.streamId)
    if (open === null) return null
    const ended_at = Math.max(now, open)
    await tx
      .updateTable('long_echoes')
      .set({ ended_at, ...(at.label ? { label: at.label } : {}) })
      .where('stream_id', '=', at.streamId)
      .where('ended_at', 'is', null)
      .execute()
    return ended_at - open
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
      'long_echoes.label',
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
        label: row.label,
      },
    ]
  })
}

async function insertLongEcho(
  tx: Tx,
  { channelId, streamId, showId, userId, label = null }: LongEchoPlace,
  startedAt: number,
  endedAt: number | null,
): Promise<void> {
  await tx
    .insertInto('long_echoes')
    .values({
      id: randomUUID(),
      channel_id: channelId,
      stream_id: streamId,
      show_id: showId,
      user_id: userId,
      started_at: startedAt,
      ended_at: endedAt,
      label,
    })
    .execute()
}
