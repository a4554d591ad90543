/** Step 4: only the parts that the plan needs are fetched, moments are cut, and the recap is assembled with its thumbnails. */
import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { UNREADABLE } from '../../db/recap-again.ts'
import { withdrawGone } from '../../db/withdrawals.ts'
import { recordMedia } from '../../db/media.ts'
import {
  type Recap,
  findRecap,
  noteStep,
  noteTrouble,
  Overtaken,
  recordStep,
  type Product,
  type RecapMoment,
  type Trouble,
} from '../../db/recaps.ts'
import { findUpload } from '../../db/uploads.ts'
import { withCrash } from '../../domain/crashes.ts'
import type { Plan } from '../../domain/plan.ts'
import { errorText } from '../../log.ts'
import { MediaError } from '../../media/av.ts'
import { LACKS_OF, plainLook, stylingOf, type StylingPart } from '../../media/styling.ts'
import { RenderCrash } from '../../media/crash.ts'
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
  /** `step`: what it is taken up again for, see recap-again.ts. */
  | { kind: 'failed'; why: string; step?: string }
  /** The streamer must act before it can be made. */
  | { kind: 'person'; why: string }
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
  if ((await findUpload(db, recapId))?.videoId) {
    // It is on YouTube: what is left to do is to see it through there.
    if (recap.state === 'preparing')
      await recordStep(db, recap, { state: 'rendered', step: 'rendered' }, clock.now())
    return { kind: 'rendered' }
  }
  if (!recap.product)
    await withdrawGone(db, recap.showId, (ids) => context.twitch.existingUsers(ids), clock.now())
  const plan = await planShow(context, recap)
  if (!plan) return { kind: 'failed', why: 'the channel is gone' }
  const videoKey = videoKeyOf(plan, plan.channel.settings)
  // In `preparing`, the streamer wants it made anew in any case: with another look, say.
  // A restored backup may know of a video whose file it does not have.
  const made = await isMade(context, recap)
  if (made && (recap.product?.videoKey ?? videoKey) === videoKey) return { kind: 'rendered' }
  if (plan.moments.length === 0) {
    if (plan.leftOut.some((m) => m.reason === 'no-vod'))
      return { kind: 'failed', why: 'Twitch has no recording of any of the moments', step: UNREADABLE }
    await recordStep(db, recap, { state: 'empty', step: 'done' }, clock.now())
    return { kind: 'empty' }
  }
  if (!(await context.mayRender(recap.channelId))) return { kind: 'unpaid' }
  const before = recap.product && (await context.storage.has(recap.product.key)) ? recap.product : null
  const watch = watchRender(context, recap)
  try {
    const footage = await fetchFor(context, recap, plan, watch)
    const made = await cutWhatCanBeRead(context, recap, plan, footage, watch)
    if (before && wouldLose(before, plan, videoKey, made.lost)) {
      await rm(made.dir, { recursive: true, force: true })
      const product = { ...before, lacks: [...new Set([...(before.lacks ?? []), STAYS_AS_IT_IS])] }
      await recordStep(db, recap, { state: 'rendered', step: 'rendered', product }, clock.now())
      return { kind: 'rendered' }
    }
    if (!isVideo(made)) {
      const [why = 'nothing of it was there'] = made.lost.values()
      return { kind: 'failed', why: `None of the moments can be read: ${why}`, step: UNREADABLE }
    }
    const { rendered, kept, lost } = made
    const base = await store(context, recap, rendered, made.dir)
    const product = productOf(base, plan, kept, lost, rendered, videoKey)
    const { title, description } = (await recapWords(context, recap, plan, product.moments)).words
    const change = { state: 'rendered', step: 'rendered', product, title, description } as const
    await recordStep(db, recap, change, clock.now())
    await noteTrouble(db, recap.id, await troubleThatStays(context, recap, plan, made))
    await deleteOlder(context, recap, base)
    return { kind: 'rendered' }
  } catch (error) {
    if (!(await findRecap(db, recapId))) {
      // The account was deleted meanwhile: nothing of it stays.
      await context.storage.delete(`recaps/${recapId}`)
      return { kind: 'cancelled' }
    }
    if (watch.signal.aborted) return cancelled(context, recapId)
    if (error instanceof NoRoom) return { kind: 'waiting', why: error.message }
    if (error instanceof Fault && error.kind === 'person') return { kind: 'person', why: error.message }
    // What the network, the disk or we ourselves did may pass: the step is tried again.
    throw error
  } finally {
    watch.stop()
  }
}

const STAYS_AS_IT_IS =
  'a new video would lack moments that can’t be read any more, so this is the video as it was made before'

/**
 * Whether a finished video has moments that a new one could not have: then it stays, with the look that it had. But what was
 * trimmed, dropped or renamed since must not be seen, whatever else that costs.
 */
function wouldLose(
  product: Product,
  plan: Plan,
  videoKey: string,
  lost: ReadonlyMap<number, string>,
): boolean {
  const shown = new Set(product.moments.map((m) => m.id))
  return product.videoKey === videoKey && [...lost.keys()].some((m) => shown.has(idOf(plan, m)))
}

/** Whether there is a finished video that nobody wants made anew. */
export async function isMade({ storage }: Pick<JobContext, 'storage'>, recap: Recap): Promise<boolean> {
  return recap.product !== null && recap.state !== 'preparing' && (await storage.has(recap.product.key))
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

interface Attempted {
  /** Null: of no moment. */
  rendered: Rendered | null
  /** What is in it. */
  kept: PlannedFootage
  /** Planned moments that are not, and why. */
  lost: Map<number, string>
  /** What of the look was left out. */
  plainer: Set<StylingPart>
  dir: string
}

type Made = Attempted & { rendered: Rendered }
const isVideo = (made: Attempted): made is Made => made.rendered !== null

/** Makes the video of all that can be read. */
async function cutWhatCanBeRead(
  context: JobContext,
  recap: Recap,
  plan: ShowPlan,
  footage: PlannedFootage,
  watch: RenderWatch,
): Promise<Attempted> {
  const lost = await surelyLost(context, recap, plan, footage.lost)
  const plainer = new Set<StylingPart>()
  const dir = await makingDir(context, recap)
  try {
    for (;;) {
      const kept = without(footage, lost)
      if (kept.pieces.length === 0) {
        await rm(dir, { recursive: true, force: true })
        return { rendered: null, kept, lost, plainer, dir }
      }
      try {
        const rendered = await cut(context, recap, plan, kept, watch, dir, plainer)
        return { rendered, kept, lost, plainer, dir }
      } catch (error) {
        const fault = await atFault(context, recap, plan, kept, error)
        if (fault === null || (fault.part && plainer.has(fault.part))) throw error
        const what = fault.part ? 'a recap is made plainer' : 'a moment was left out'
        context.log.warn({ recapId: recap.id, error: errorText(error) }, what)
        if (fault.part) plainer.add(fault.part)
        else lost.set(fault.moment, errorText(error))
      }
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

/**
 * What cannot be had may be had in a while: a server's trouble looks like a part that is gone. Only what lacks for long is
 * left out.
 * @throws {Fault} `transient` until then
 */
async function surelyLost(
  { db, clock, waits }: JobContext,
  recap: Recap,
  plan: Plan,
  lost: ReadonlyMap<number, string>,
): Promise<Map<number, string>> {
  const trouble = (await findRecap(db, recap.id))?.trouble ?? {}
  const before = trouble.damagedSince ?? {}
  const sinceOf = (m: number) => before[idOf(plan, m)] ?? clock.now()
  const damagedSince = Object.fromEntries([...lost.keys()].map((m) => [idOf(plan, m), sinceOf(m)]))
  await noteTrouble(db, recap.id, { ...trouble, damagedSince })
  const doubtful = [...lost].find(([m]) => clock.now() - sinceOf(m) < waits.damagedMs)
  if (doubtful) throw new Fault(`moment ${doubtful[0] + 1} cannot be had: ${doubtful[1]}`, 'transient')
  return new Map(lost)
}

/** What of the trouble matters for the next video: what was left out of this one need not be waited for again. */
async function troubleThatStays(
  { db }: JobContext,
  recap: Recap,
  plan: Plan,
  { lost, plainer }: Made,
): Promise<Trouble> {
  const trouble = (await findRecap(db, recap.id))?.trouble ?? {}
  const ids = new Set<string>([...[...lost.keys()].map((m) => idOf(plan, m)), ...plainer])
  const ofThem = (all: Record<string, number> = {}) =>
    Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id)))
  return {
    crashes: ofThem(trouble.crashes),
    crashedSince: ofThem(trouble.crashedSince),
    kills: ofThem(trouble.kills),
    damagedSince: ofThem(trouble.damagedSince),
  }
}

const idOf = (plan: Plan, moment: number) => plan.moments[moment]?.moment.id ?? String(moment)

/** What a video could not be made because of; null when it is nothing that can be left out. */
async function atFault(
  { db, clock, waits }: JobContext,
  recap: Recap,
  plan: Plan,
  { pieces, momentOfPiece }: PlannedFootage,
  error: unknown,
): Promise<{ part: StylingPart } | { part: null; moment: number } | null> {
  if (!(error instanceof MediaError || error instanceof RenderCrash)) return null
  const part = stylingOf(error.piece)
  const moment = momentOfPiece[pieces.findIndex((p) => p.name === error.piece)]
  if (part === null && moment === undefined) return null
  const fault = part === null ? { part, moment: moment ?? 0 } : { part }
  if (error instanceof MediaError) return fault
  const trouble = (await findRecap(db, recap.id))?.trouble ?? {}
  const id = part ?? idOf(plan, moment ?? 0)
  const { after, isAtFault } = withCrash(trouble, id, error.byItself, clock.now(), waits.damagedMs)
  await noteTrouble(db, recap.id, after)
  return isAtFault ? fault : null
}

function without(footage: PlannedFootage, lost: ReadonlyMap<number, string>): PlannedFootage {
  const stays = (_: unknown, n: number) => !lost.has(footage.momentOfPiece[n] ?? -1)
  return {
    ...footage,
    pieces: footage.pieces.filter(stays),
    momentOfPiece: footage.momentOfPiece.filter(stays),
  }
}

/** A folder of this attempt alone: another one of the same recap may be under way, overtaken without knowing it yet. */
async function makingDir({ db, clock, storage }: JobContext, recap: Recap): Promise<string> {
  const key = `work/making/${recap.id}-${randomUUID().slice(0, 8)}`
  await recordMedia(db, { key, channelId: recap.channelId, showId: recap.showId, kind: 'work' }, clock.now())
  return storage.workDir(key)
}

async function cut(
  context: JobContext,
  recap: Recap,
  plan: ShowPlan,
  footage: PlannedFootage,
  watch: RenderWatch,
  dir: string,
  plainer: ReadonlySet<StylingPart>,
): Promise<Rendered> {
  const { db } = context
  const { pieces } = footage
  await noteStep(db, recap.id, CUTTING)
  const totalSec = pieces.reduce((sum, p) => sum + p.endSec - p.startSec, 0)
  const { settings } = plan.channel
  const look = plainLook(await lookOf(context, recap, plan, footage, settings), plainer)
  const rendered = await renderRecap(
    {
      pieces,
      file: join(dir, 'recap.mp4'),
      stillsDir: dir,
      cut: settings.cut,
      look,
    },
    {
      signal: watch.signal,
      onProgress: (sec) =>
        watch.note(CUTTING, Math.min(totalSec, Math.round(sec)), Math.round(totalSec), 'seconds'),
    },
  )
  return { ...rendered, lacks: [...rendered.lacks, ...[...plainer].map((part) => LACKS_OF[part])] }
}

/** What lies in storage never changes, so each video has a folder of its own, named by its content. @returns its key */
async function store(
  { db, clock, storage }: JobContext,
  recap: Recap,
  rendered: Rendered,
  dir: string,
): Promise<string> {
  const { id: recapId, channelId } = recap
  await recordMedia(db, { key: `recaps/${recapId}`, channelId, recapId, kind: 'recap' }, clock.now())
  const base = `recaps/${recapId}/${rendered.sha256.slice(0, 16)}`
  try {
    for (const name of await readdir(dir)) await storage.put(`${base}/${name}`, join(dir, name))
  } finally {
    // The next attempt makes it anew: a bucket that is down must not fill the disk.
    await rm(dir, { recursive: true, force: true })
  }
  return base
}

/** The videos that this one takes the place of. */
async function deleteOlder({ storage }: JobContext, recap: Recap, base: string): Promise<void> {
  for await (const { key } of storage.list(`recaps/${recap.id}/`))
    if (!key.startsWith(`${base}/`)) await storage.delete(key)
}

/** Dropped: what was being made of it goes. A video that is finished stays for a while, in case it is wanted after all. */
async function cancelled({ db, clock, storage }: JobContext, recapId: string): Promise<RenderOutcome> {
  const recap = await findRecap(db, recapId)
  if (recap?.decision !== 'drop' || recap.state === 'published')
    throw new Overtaken(`recap ${recapId} goes on elsewhere`)
  if (recap.state === 'preparing') {
    if (!recap.product) await storage.delete(`recaps/${recapId}`)
    const change = recap.product
      ? ({ state: 'rendered', step: 'rendered' } as const)
      : ({ state: 'empty', step: 'done' } as const)
    await recordStep(db, recap, change, clock.now())
  }
  return { kind: 'cancelled' }
}

function productOf(
  base: string,
  plan: ShowPlan,
  footage: PlannedFootage,
  lost: ReadonlyMap<number, string>,
  rendered: Rendered,
  videoKey: string,
): Product {
  const { bannedWords } = plan.channel.settings
  const damaged = [...lost.keys()].flatMap((n) => plan.moments[n]?.moment ?? [])
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
    leftOut: [
      ...plan.leftOut.map(({ moment, reason }) => ({ ...shownCard(moment, bannedWords), reason })),
      ...damaged.map((moment) => ({ ...shownCard(moment, bannedWords), reason: 'damaged' as const })),
    ],
    ...(damaged.length > 0 ? { damaged: damaged.map((moment) => moment.id) } : {}),
  }
}
