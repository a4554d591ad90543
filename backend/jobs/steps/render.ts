/** Step 4: only the parts that the plan needs are fetched, moments are cut, and the recap is assembled with its thumbnails. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { withdrawGone } from '../../db/withdrawals.ts'
import { recordMedia } from '../../db/media.ts'
import {
  type Recap,
  findRecap,
  noteStep,
  Overtaken,
  recordStep,
  type Product,
  type RecapMoment,
} from '../../db/recaps.ts'
import { findUpload } from '../../db/uploads.ts'
import type { Plan } from '../../domain/plan.ts'
import { MediaError } from '../../media/av.ts'
import { renderRecap, type Rendered } from '../../media/render.ts'
import { recapWords, shownCard } from '../../recap-words.ts'
import { planShow, videoKeyOf, type ShowPlan } from '../../show-plan.ts'
import type { JobContext } from '../context.ts'
import { expectRoom, NoRoom } from '../room.ts'
import { watchRender, type RenderWatch } from '../watch-render.ts'
import { lookOf } from './look-of.ts'
import { bringFootage, partsKey, type PlannedFootage } from './bring-footage.ts'

export type RenderOutcome =
  | { kind: 'rendered' }
  /** No echo counts, or the streamer dropped all: no video, and nobody is bothered. */
  | { kind: 'empty' }
  | { kind: 'failed'; why: string }
  /** The channel's plan does not include it at present. */
  | { kind: 'unpaid' }
  /** There is no room on the disk; later there may be. */
  | { kind: 'waiting'; why: string }
  /** The streamer dropped it while it was made. */
  | { kind: 'cancelled' }

const FETCHING = 'fetching'
const CUTTING = 'cutting'

export async function render(context: JobContext, recapId: string): Promise<RenderOutcome> {
  const { db, clock } = context
  const recap = await findRecap(db, recapId)
  if (!recap) return { kind: 'failed', why: 'the recap is gone' }
  if (recap.state === 'empty') return { kind: 'empty' }
  if (recap.decision === 'drop') return cancelled(context, recapId)
  if ((await findUpload(db, recapId))?.videoId) return { kind: 'rendered' }
  if (!recap.product)
    await withdrawGone(db, recap.showId, (ids) => context.twitch.existingUsers(ids), clock.now())
  const plan = await planShow(context, recap)
  if (!plan) return { kind: 'failed', why: 'the channel is gone' }
  const videoKey = videoKeyOf(plan, plan.channel.settings)
  // In `preparing`, the streamer wants it made anew in any case: with another look, say.
  // A restored backup may know of a video whose file it does not have.
  const made =
    recap.product !== null && recap.state !== 'preparing' && (await context.storage.has(recap.product.key))
  if (made && (recap.product?.videoKey ?? videoKey) === videoKey) return { kind: 'rendered' }
  if (plan.moments.length === 0) {
    if (plan.leftOut.some((m) => m.reason === 'no-vod'))
      return { kind: 'failed', why: 'Twitch has no recording of any of the moments' }
    await recordStep(db, recap, { state: 'empty', step: 'done' }, clock.now())
    return { kind: 'empty' }
  }
  if (!(await context.mayRender(recap.channelId))) return { kind: 'unpaid' }
  const watch = watchRender(context, recap)
  try {
    const footage = await fetchFor(context, recap, plan, watch)
    const rendered = await cut(context, recap, plan, footage, watch)
    const base = await store(context, recap, rendered)
    const product = productOf(base, plan, footage, rendered, videoKey)
    const { title, description } = (await recapWords(context, recap, plan, product.moments)).words
    const change = { state: 'rendered', step: 'rendered', product, title, description } as const
    await recordStep(db, recap, change, clock.now())
    await deleteOlder(context, recap, base)
    return { kind: 'rendered' }
  } catch (error) {
    if (!(await findRecap(db, recapId))) {
      // The account was deleted meanwhile: nothing of it stays.
      await context.storage.delete(`recaps/${recapId}`)
      await context.storage.delete(makingKey(recapId))
      return { kind: 'cancelled' }
    }
    if (watch.signal.aborted) return cancelled(context, recapId)
    if (error instanceof NoRoom) return { kind: 'waiting', why: error.message }
    // A damaged or missing part stays so; what the network or the disk did may pass, and is tried again as a step.
    if (error instanceof MediaError || (error instanceof Fault && error.remedy === 'permanent'))
      return { kind: 'failed', why: error.message }
    throw error
  } finally {
    watch.stop()
  }
}

async function fetchFor(
  { db, clock, storage, vods, room }: JobContext,
  recap: Recap,
  plan: Plan,
  watch: RenderWatch,
): Promise<PlannedFootage> {
  const { channelId, showId } = recap
  await noteStep(db, recap.id, FETCHING)
  await recordMedia(db, { key: partsKey(showId), channelId, showId, kind: 'work' }, clock.now())
  return bringFootage({ storage, vods }, recap, plan, {
    signal: watch.signal,
    // The recap is as large as its parts at most.
    expect: (bytes) => expectRoom(room, 2 * bytes),
    onPart: (done, total) => watch.note(FETCHING, done, total, 'parts'),
  })
}

async function cut(
  context: JobContext,
  recap: Recap,
  plan: ShowPlan,
  footage: PlannedFootage,
  watch: RenderWatch,
): Promise<Rendered> {
  const { db, clock, storage } = context
  const { id, channelId } = recap
  const { pieces } = footage
  await noteStep(db, id, CUTTING)
  const key = makingKey(id)
  await recordMedia(db, { key, channelId, showId: recap.showId, kind: 'work' }, clock.now())
  const dir = storage.workDir(key)
  await rm(dir, { recursive: true, force: true })
  const totalSec = pieces.reduce((sum, p) => sum + p.endSec - p.startSec, 0)
  const { settings } = plan.channel
  return renderRecap(
    {
      pieces,
      file: join(dir, 'recap.mp4'),
      stillsDir: dir,
      cut: settings.cut,
      look: await lookOf(context, recap, plan, footage, settings),
    },
    {
      signal: watch.signal,
      onProgress: (sec) =>
        watch.note(CUTTING, Math.min(totalSec, Math.round(sec)), Math.round(totalSec), 'seconds'),
    },
  )
}

/** What lies in storage never changes, so each video has a folder of its own, named by its content. @returns its key */
async function store({ db, clock, storage }: JobContext, recap: Recap, rendered: Rendered): Promise<string> {
  const { id: recapId, channelId } = recap
  await recordMedia(db, { key: `recaps/${recapId}`, channelId, recapId, kind: 'recap' }, clock.now())
  const base = `recaps/${recapId}/${rendered.sha256.slice(0, 16)}`
  const dir = storage.workDir(makingKey(recapId))
  for (const name of await readdir(dir)) await storage.put(`${base}/${name}`, join(dir, name))
  await rm(dir, { recursive: true, force: true })
  return base
}

/** The videos that this one takes the place of. */
async function deleteOlder({ storage }: JobContext, recap: Recap, base: string): Promise<void> {
  for await (const { key } of storage.list(`recaps/${recap.id}/`))
    if (!key.startsWith(`${base}/`)) await storage.delete(key)
}

const makingKey = (recapId: string) => `work/making/${recapId}`

/** Dropped while it was made; unless another worker has gone on with it, that is its end. */
async function cancelled({ db, clock, storage }: JobContext, recapId: string): Promise<RenderOutcome> {
  const recap = await findRecap(db, recapId)
  if (recap?.decision !== 'drop' || recap.state !== 'preparing')
    throw new Overtaken(`recap ${recapId} goes on elsewhere`)
  await storage.delete(`recaps/${recapId}`)
  await storage.delete(makingKey(recapId))
  await recordStep(db, recap, { state: 'empty', step: 'done' }, clock.now())
  return { kind: 'cancelled' }
}

function productOf(
  base: string,
  plan: ShowPlan,
  footage: PlannedFootage,
  rendered: Rendered,
  videoKey: string,
): Product {
  const { bannedWords } = plan.channel.settings
  const moments = plan.moments.flatMap(({ moment, pieces }, n): RecapMoment[] => {
    const cut = rendered.pieces.filter((_, p) => footage.momentOfPiece[p] === n)
    const first = cut[0]
    if (!first) return []
    const durationSec = cut.reduce((sum, c) => sum + c.durationSec, 0)
    const still = `${base}/${footage.momentOfPiece.indexOf(n)}.jpg`
    const { atSec, leadSec } = first
    const at = { id: moment.id, atSec, leadSec, durationSec, pieces, still }
    return [{ ...shownCard(moment, bannedWords), ...at }]
  })
  return {
    key: `${base}/recap.mp4`,
    bytes: rendered.bytes,
    sha256: rendered.sha256,
    durationSec: rendered.durationSec,
    cpuSec: rendered.cpuSec,
    partsFetched: footage.partsFetched,
    partsTotal: footage.partsTotal,
    finding: rendered.finding,
    lacks: rendered.lacks,
    timing: plan.timing,
    videoKey,
    moments,
    leftOut: plan.leftOut.map(({ moment, reason }) => ({ ...shownCard(moment, bannedWords), reason })),
  }
}
