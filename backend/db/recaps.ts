/**
 * Recaps. A recap's row carries a version that grows with each recorded step; a worker that was
 * overtaken while it was frozen holds an old version and its result is refused ({@link Overtaken}).
 */
import { randomUUID } from 'node:crypto'
import type { Crashes } from '../domain/crashes.ts'
import type { Drift } from '../domain/drift.ts'
import type { LeftOut } from '../domain/plan.ts'
import type { VodPiece } from '../domain/timeline.ts'
import { holdChannel, within, type Database } from './database.ts'
import type { RecapRow, RecapState } from './schema.ts'

/** Another worker has gone on with this recap: stop, without harm. */
export class Overtaken extends Error {
  override name = 'Overtaken'
}

export interface RecapMoment {
  /** Of its card at the desk; older recaps have none. */
  id?: string
  label: string | null
  runtimeMs: number
  /** Names, for the credits. */
  people: string[]
  /** Viewers of the panel who have not told their name. */
  unnamed: number
  /** Where it begins in the recap, seconds. */
  atSec: number
  /** How long a card, a clip or a fade in front of it takes, seconds. */
  leadSec?: number
  durationSec: number
  pieces: VodPiece[]
  /** Storage key of its thumbnail. */
  still: string
}

/** What was rendered: a record of the product, not a source of truth for the next one. */
export interface Product {
  key: string
  bytes: number
  sha256: string
  durationSec: number
  cpuSec: number
  partsFetched: number
  partsTotal: number
  /** What a look at the finished file showed; older recaps were not looked at. */
  finding?: { durationSec: number; places: number; black: number; silentSec: number }
  /** What of the look could not be made. */
  lacks?: string[]
  /** Tells whether a video of another plan would be another one. */
  videoKey?: string
  /** How positions in the recordings were found: measured while they grew, or by the channel's table of drift. */
  timing?: Drift['source']
  moments: RecapMoment[]
  /** Cards whose recording cannot be read. */
  damaged?: string[]
  leftOut: {
    label: string | null
    runtimeMs: number
    people: string[]
    unnamed: number
    reason: LeftOut['reason']
  }[]
}

/** How far a step is. */
export interface Progress {
  done: number
  total: number
  of: 'parts' | 'seconds'
  /** When it will be done, as it looks; UTC milliseconds. */
  endsAtMs: number | null
}

/** What went wrong while a recap was made: what happens again and again at the same piece is no chance. */
export interface Trouble extends Crashes {
  /** By moment: since when something of it cannot be had; UTC milliseconds. */
  damagedSince?: Record<string, number>
  /** Since when YouTube says that it does not have the video; UTC milliseconds. */
  goneSinceMs?: number
  /** What this video can be published without: since when it does not succeed (UTC milliseconds), or that it is done. */
  extras?: { videoId: string } & Partial<Record<Extra, number | 'done'>>
}

export type Extra = 'thumbnail' | 'playlist'

export interface Recap {
  id: string
  channelId: string
  showId: string
  /** The long echo that has this video to itself; null: the recap of everything else. */
  longEchoId: string | null
  state: RecapState
  version: number
  step: string
  progress: Progress | null
  failure: string | null
  product: Product | null
  title: string | null
  description: string | null
  decision: 'publish' | 'drop' | null
  trouble: Trouble
  /** When it was rendered first. */
  readyAtMs: number | null
  createdAtMs: number
}

/**
 * The recap of a show, or the video of one of its long echoes, made when it is first asked for: one of each, whoever
 * comes first.
 */
export async function recapOfShow(
  db: Database,
  show: { id: string; channelId: string },
  now: number,
  longEchoId = '',
): Promise<Recap> {
  await db
    .insertInto('recaps')
    .values({
      id: randomUUID(),
      channel_id: show.channelId,
      show_id: show.id,
      long_echo_id: longEchoId,
      run_id: null,
      state: 'preparing',
      version: 1,
      step: 'settling',
      progress: null,
      failure: null,
      product: null,
      title: null,
      description: null,
      decision: null,
      decided_at: null,
      trouble: null,
      ready_at: null,
      created_at: now,
      updated_at: now,
    })
    .onConflict((c) => c.columns(['show_id', 'long_echo_id']).doNothing())
    .execute()
  const row = await db
    .selectFrom('recaps')
    .selectAll()
    .where('show_id', '=', show.id)
    .where('long_echo_id', '=', longEchoId)
    .executeTakeFirstOrThrow()
  return fromRow(row)
}

export async function findRecap(db: Database, id: string): Promise<Recap | null> {
  const row = await db.selectFrom('recaps').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? fromRow(row) : null
}

export async function recapsOf(db: Database, channelId: string): Promise<Recap[]> {
  const rows = await db
    .selectFrom('recaps')
    .selectAll()
    .where('channel_id', '=', channelId)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(fromRow)
}

/** The newest recap that is public on YouTube, of a channel that has pages for its recaps. */
export async function latestPublicRecap(db: Database): Promise<string | null> {
  const row = await db
    .selectFrom('recaps')
    .innerJoin('uploads', 'uploads.recap_id', 'recaps.id')
    .innerJoin('channels', 'channels.id', 'recaps.channel_id')
    .select('recaps.id')
    .where('recaps.state', '=', 'published')
    .where('uploads.privacy', '=', 'public')
    .where('uploads.video_id', 'is not', null)
    .where('channels.settings', 'like', '%"publicPages":true%')
    .orderBy('recaps.created_at', 'desc')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Recaps that anybody may watch on YouTube, the newest first. */
export async function publicRecaps(
  db: Database,
  channelId: string,
  limit: number,
): Promise<{ title: string; videoId: string; product: Product; publishedAtMs: number }[]> {
  const rows = await db
    .selectFrom('recaps')
    .innerJoin('uploads', 'uploads.recap_id', 'recaps.id')
    .select(['recaps.title', 'recaps.product', 'recaps.updated_at', 'uploads.video_id'])
    .where('recaps.channel_id', '=', channelId)
    .where('recaps.state', '=', 'published')
    .where('uploads.privacy', '=', 'public')
    .orderBy('recaps.created_at', 'desc')
    .limit(limit)
    .execute()
  return rows.flatMap(({ title, product, updated_at: publishedAtMs, video_id: videoId }) =>
    product && videoId
      ? [{ title: title ?? 'Stream recap', videoId, product: JSON.parse(product) as Product, publishedAtMs }]
      : [],
  )
}

export interface RecapChange {
  state?: RecapState
  step?: string
  failure?: string | null
  product?: Product
  title?: string
  description?: string
}

/**
 * Records a step's result and returns the recap as it is then.
 * @throws {Overtaken} when the recap has moved on since `recap` was read
 */
export async function recordStep(
  db: Database,
  recap: Recap,
  change: RecapChange,
  now: number,
): Promise<Recap> {
  const { product, ...rest } = change
  const readyAtMs = recap.readyAtMs ?? (product ? now : null)
  const updated = await db
    .updateTable('recaps')
    .set({
      progress: null,
      ...rest,
      ...(product ? { product: JSON.stringify(product) } : {}),
      ready_at: readyAtMs,
      version: recap.version + 1,
      updated_at: now,
    })
    .where('id', '=', recap.id)
    .where('version', '=', recap.version)
    .executeTakeFirst()
  if (updated.numUpdatedRows === 0n) throw new Overtaken(`recap ${recap.id} is past version ${recap.version}`)
  return { ...recap, ...change, readyAtMs, version: recap.version + 1 }
}

/** Notes what is being done, for people who look; no result, so the version stays. */
export async function noteStep(
  db: Database,
  recapId: string,
  step: string,
  progress: Progress | null = null,
): Promise<void> {
  await db
    .updateTable('recaps')
    .set({ step, progress: progress && JSON.stringify(progress) })
    .where('id', '=', recapId)
    .execute()
}

export async function noteTrouble(db: Database, recapId: string, trouble: Trouble): Promise<void> {
  await db
    .updateTable('recaps')
    .set({ trouble: JSON.stringify(trouble) })
    .where('id', '=', recapId)
    .execute()
}

/**
 * The streamer's word; the first one counts, and a drop only until the upload has begun: both are decided under the
 * channel's lock. @returns false when it does not count
 */
export async function decideRecap(
  db: Database,
  recapId: string,
  channelId: string,
  decision: 'publish' | 'drop',
  now: number,
): Promise<boolean> {
  return within(db, async (tx) => {
    await holdChannel(tx, channelId)
    const begun = await tx
      .selectFrom('uploads')
      .select('recap_id')
      .where('recap_id', '=', recapId)
      .where((e) => e.or([e('session', 'is not', null), e('video_id', 'is not', null)]))
      .executeTakeFirst()
    if (begun && decision === 'drop') return false
    const { numUpdatedRows } = await tx
      .updateTable('recaps')
      .set({ decision, decided_at: now })
      .where('id', '=', recapId)
      .where('channel_id', '=', channelId)
      .where('decision', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  })
}

function fromRow(row: RecapRow): Recap {
  return {
    id: row.id,
    channelId: row.channel_id,
    showId: row.show_id,
    longEchoId: row.long_echo_id || null,
    state: row.state,
    version: row.version,
    step: row.step,
    progress: row.progress ? (JSON.parse(row.progress) as Progress) : null,
    failure: row.failure,
    product: row.product ? (JSON.parse(row.product) as Product) : null,
    title: row.title,
    description: row.description,
    decision: row.decision,
    trouble: row.trouble ? (JSON.parse(row.trouble) as Trouble) : {},
    readyAtMs: row.ready_at,
    createdAtMs: row.created_at,
  }
}
