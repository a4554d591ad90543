/** Shows and their streams: what Twitch said about going live and ending, whatever the order in which it said it. */
import { randomUUID } from 'node:crypto'
import type { VodSample } from '../domain/drift.ts'
import type { StreamTimes } from '../domain/timeline.ts'
import { within, touchChannel, type Database, type Tx } from './database.ts'
import { joinShows } from './join-shows.ts'
import type { Selectable } from 'kysely'
import type { ShowRow } from './schema.ts'

export interface StreamStart {
  channelId: string
  streamId: string
  startedAtMs: number
  title: string
}

/**
 * A stream is live, or was. Known streams are left alone. Streams that follow each other within the channel's limit are
 * one show, whatever the order in which they become known.
 *
 * @param endedAtMs where it is over already
 * @returns the show it belongs to
 */
export async function streamStarted(
  db: Database,
  start: StreamStart,
  now: number,
  endedAtMs: number | null = null,
): Promise<string> {
  return within(db, async (tx) => {
    const known = async () =>
      tx.selectFrom('streams').select('show_id').where('id', '=', start.streamId).executeTakeFirst()
    const already = await known()
    if (already) return already.show_id
    await touchChannel(tx, start.channelId, now)
    const meanwhile = await known()
    if (meanwhile) return meanwhile.show_id
    // Without word of its end, the stream before ended at the latest when this one began.
    await tx
      .updateTable('streams')
      .set({ ended_at: start.startedAtMs })
      .where('channel_id', '=', start.channelId)
      .where('started_at', '<', start.startedAtMs)
      .where('ended_at', 'is', null)
      .execute()
    const showId = randomUUID()
    await tx
      .insertInto('shows')
      .values({
        id: showId,
        channel_id: start.channelId,
        started_at: start.startedAtMs,
        ended_at: endedAtMs,
        endings: 0,
        run_ending: null,
        run_id: null,
      })
      .execute()
    await tx
      .insertInto('streams')
      .values({
        id: start.streamId,
        channel_id: start.channelId,
        show_id: showId,
        started_at: start.startedAtMs,
        ended_at: endedAtMs,
        title: start.title,
        vod_id: null,
        vod_created_at: null,
        vod_duration_ms: null,
      })
      .execute()
    await joinShows(tx, start.channelId)
    return (await known())?.show_id ?? showId
  })
}

/**
 * The channel's live stream has ended (`streamId` where Twitch says which). Late or repeated news about an earlier
 * stream changes nothing.
 * @returns the show that is over by this, or null
 */
export async function streamEnded(
  db: Database,
  end: { channelId: string; streamId: string | null; endedAtMs: number },
  now: number,
): Promise<string | null> {
  return within(db, async (tx) => {
    await touchChannel(tx, end.channelId, now)
    let query = tx
      .selectFrom('streams')
      .selectAll()
      .where('channel_id', '=', end.channelId)
      .where('ended_at', 'is', null)
    query = end.streamId
      ? query.where('id', '=', end.streamId)
      : query.where('started_at', '<=', end.endedAtMs)
    const stream = await query.orderBy('started_at', 'desc').executeTakeFirst()
    if (!stream) {
      if (end.streamId) await streamWasOnUntil(tx, end.streamId, end.endedAtMs, now)
      return null
    }
    const endedAt = Math.max(end.endedAtMs, stream.started_at)
    await tx.updateTable('streams').set({ ended_at: endedAt }).where('id', '=', stream.id).execute()
    const live = await tx
      .selectFrom('streams')
      .select('id')
      .where('show_id', '=', stream.show_id)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    if (live) return null
    await tx
      .updateTable('shows')
      .set((e) => ({ ended_at: endedAt, endings: e('endings', '+', 1) }))
      .where('id', '=', stream.show_id)
      .execute()
    await joinShows(tx, end.channelId)
    const after = await tx
      .selectFrom('streams')
      .innerJoin('shows', 'shows.id', 'streams.show_id')
      .select(['shows.id', 'shows.ended_at'])
      .where('streams.id', '=', stream.id)
      .executeTakeFirstOrThrow()
    return after.ended_at === null ? null : after.id
  })
}

/** Two ends of one stream are known: it was on until the later. */
export async function streamWasOnUntil(
  tx: Tx,
  streamId: string,
  endedAtMs: number,
  now: number,
): Promise<void> {
  const known = await tx
    .selectFrom('streams')
    .select('channel_id')
    .where('id', '=', streamId)
    .executeTakeFirst()
  if (!known) return
  // Shows may become one by it, and an echo that is taken at this moment must find the one that stays.
  await touchChannel(tx, known.channel_id, now)
  const stream = await tx
    .updateTable('streams')
    .set({ ended_at: endedAtMs })
    .where('id', '=', streamId)
    .where('ended_at', '<', endedAtMs)
    .returning(['show_id', 'channel_id'])
    .executeTakeFirst()
  if (!stream) return
  await tx
    .updateTable('shows')
    .set({ ended_at: endedAtMs })
    .where('id', '=', stream.show_id)
    .where('ended_at', '<', endedAtMs)
    .execute()
  await joinShows(tx, stream.channel_id)
}

/**
 * Twitch says the stream is still on although its end had been reported: the show goes on.
 * @param saidAtMs when Twitch said so; what it said before the end is old
 */
export async function streamGoesOn(
  db: Database,
  streamId: string,
  now: number,
  saidAtMs = now,
): Promise<void> {
  await within(db, async (tx) => {
    const stream = await tx.selectFrom('streams').selectAll().where('id', '=', streamId).executeTakeFirst()
    if (!stream || stream.ended_at === null || stream.ended_at >= saidAtMs) return
    await touchChannel(tx, stream.channel_id, now)
    await tx.updateTable('streams').set({ ended_at: null }).where('id', '=', streamId).execute()
    await tx.updateTable('shows').set({ ended_at: null }).where('id', '=', stream.show_id).execute()
  })
}

export interface Show {
  id: string
  channelId: string
  startedAtMs: number
  endedAtMs: number | null
  endings: number
  /** The durable run of its latest ending; null until it is started. */
  runId: string | null
}

export async function findShow(db: Database, id: string): Promise<Show | null> {
  const row = await db.selectFrom('shows').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? fromRow(row) : null
}

/** The show that is on in a channel, with the stream it is on with; null while offline. */
export async function liveShow(
  db: Database,
  channelId: string,
): Promise<{ id: string; startedAtMs: number; streamId: string } | null> {
  const row = await db
    .selectFrom('streams')
    .innerJoin('shows', 'shows.id', 'streams.show_id')
    .select(['shows.id', 'shows.started_at', 'streams.id as stream_id'])
    .where('streams.channel_id', '=', channelId)
    .where('streams.ended_at', 'is', null)
    .orderBy('streams.started_at', 'desc')
    .executeTakeFirst()
  return row ? { id: row.id, startedAtMs: row.started_at, streamId: row.stream_id } : null
}

export async function runStarted(db: Database, showId: string, ending: number, runId: string): Promise<void> {
  await db.updateTable('shows').set({ run_ending: ending, run_id: runId }).where('id', '=', showId).execute()
}

/** Shows that have ended and whose recap is neither finished nor dropped: what a sweep must find under way. */
export async function unfinishedShows(db: Database): Promise<Show[]> {
  const rows = await db
    .selectFrom('shows')
    .leftJoin('recaps', 'recaps.show_id', 'shows.id')
    .selectAll('shows')
    .where('shows.ended_at', 'is not', null)
    .where((e) =>
      e.or([
        e('recaps.state', 'is', null),
        e.and([
          e('recaps.state', 'in', ['preparing', 'rendered', 'publishing']),
          e.or([e('recaps.decision', 'is', null), e('recaps.decision', '!=', 'drop')]),
        ]),
      ]),
    )
    .execute()
  // A show with several videos is there once for each that is not finished.
  return [...new Map(rows.map((row) => [row.id, fromRow(row)])).values()]
}

function fromRow(row: Selectable<ShowRow>): Show {
  return {
    id: row.id,
    channelId: row.channel_id,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    endings: row.endings,
    runId: row.run_ending === row.endings ? row.run_id : null,
  }
}

export interface ShowStream extends StreamTimes {
  title: string
}

/** The streams of a show in order; one that has not ended lasts until `now`. */
export async function streamsOf(db: Database, showId: string, now: number): Promise<ShowStream[]> {
  const rows = await db
    .selectFrom('streams')
    .selectAll()
    .where('show_id', '=', showId)
    .orderBy('started_at')
    .execute()
  const samples = await samplesOf(
    db,
    rows.flatMap((r) => r.vod_id ?? []),
  )
  return rows.map((row) => ({
    streamId: row.id,
    title: row.title,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at ?? now,
    vod:
      row.vod_id !== null && row.vod_created_at !== null && row.vod_duration_ms !== null
        ? {
            vodId: row.vod_id,
            startsAtMs: row.vod_created_at,
            durationMs: row.vod_duration_ms,
            samples: samples.get(row.vod_id) ?? [],
          }
        : null,
  }))
}

/** Streams that are on, as far as we know. @param channelId only its */
export async function liveStreams(
  db: Database,
  channelId?: string,
): Promise<{ streamId: string; channelId: string; startedAtMs: number }[]> {
  const open = db
    .selectFrom('streams')
    .select(['id', 'channel_id', 'started_at'])
    .where('ended_at', 'is', null)
  const rows = await (channelId === undefined ? open : open.where('channel_id', '=', channelId)).execute()
  return rows.map((r) => ({ streamId: r.id, channelId: r.channel_id, startedAtMs: r.started_at }))
}

/** Channels that are on, or were since then. */
export async function channelsOnSince(db: Database, sinceMs: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('streams')
    .select('channel_id')
    .where((e) => e.or([e('ended_at', 'is', null), e('ended_at', '>=', sinceMs)]))
    .execute()
  return new Set(rows.map((row) => row.channel_id))
}

/** The title of a stream that began without one: Twitch's list of live streams is minutes behind its events. */
export async function nameStream(db: Database, streamId: string, title: string): Promise<void> {
  if (title === '') return
  await db.updateTable('streams').set({ title }).where('id', '=', streamId).where('title', '=', '').execute()
}

/** The same for the stream a channel is on with. */
export async function nameLiveStream(db: Database, channelId: string, title: string): Promise<void> {
  const live = title === '' ? null : await liveShow(db, channelId)
  if (live) await nameStream(db, live.streamId, title)
}

export async function saveVod(
  db: Database,
  streamId: string,
  vod: { vodId: string; createdAtMs: number; durationMs: number },
): Promise<void> {
  await db
    .updateTable('streams')
    .set({ vod_id: vod.vodId, vod_created_at: vod.createdAtMs, vod_duration_ms: vod.durationMs })
    .where('id', '=', streamId)
    .execute()
}

/** The show of a stream; null when we have never heard of the stream. */
export async function showOfStream(db: Database, streamId: string): Promise<string | null> {
  const row = await db.selectFrom('streams').select('show_id').where('id', '=', streamId).executeTakeFirst()
  return row?.show_id ?? null
}

/** When a stream ended (UTC milliseconds); null while it is on, or not known. */
export async function endOfStream(db: Database, streamId: string): Promise<number | null> {
  const row = await db.selectFrom('streams').select('ended_at').where('id', '=', streamId).executeTakeFirst()
  return row?.ended_at ?? null
}

/** Notes how long a growing VOD was; the same playlist again is no news. */
export async function saveVodSample(
  db: Database,
  vodId: string,
  { writtenAtMs, durationMs }: VodSample,
): Promise<void> {
  await db
    .insertInto('vod_samples')
    .values({ vod_id: vodId, written_at: writtenAtMs, duration_ms: durationMs })
    .onConflict((c) => c.columns(['vod_id', 'written_at']).doNothing())
    .execute()
}

/** What was measured of recordings that Twitch has deleted by now; recaps that were made of them say what they need. */
export async function forgetVodSamples(db: Database, beforeMs: number): Promise<void> {
  await db.deleteFrom('vod_samples').where('written_at', '<', beforeMs).execute()
}

async function samplesOf(db: Database, vodIds: string[]): Promise<Map<string, VodSample[]>> {
  if (vodIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('vod_samples')
    .selectAll()
    .where('vod_id', 'in', vodIds)
    .orderBy('written_at')
    .execute()
  const samples = Map.groupBy(rows, (r) => r.vod_id)
  return new Map(
    [...samples].map(([vodId, of]) => [
      vodId,
      of.map((r) => ({ writtenAtMs: r.written_at, durationMs: r.duration_ms })),
    ]),
  )
}
