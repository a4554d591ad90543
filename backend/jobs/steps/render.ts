/** Step 4: only the parts that the plan needs are fetched, moments are cut, and the recap is assembled with its thumbnails. */
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { findChannel } from '../../db/channels.ts'
import { withdrawGone } from '../../db/withdrawals.ts'
import { recordMedia } from '../../db/media.ts'
import {
  type Recap,
  findRecap,
  noteStep,
  recordStep,
  type Product,
  type RecapMoment,
} from '../../db/recaps.ts'
import { streamsOf } from '../../db/shows.ts'
import { descriptionOf, titleOf } from '../../domain/description.ts'
import { showableLabel } from '../../domain/label.ts'
import type { Moment } from '../../domain/moments.ts'
import type { Plan } from '../../domain/plan.ts'
import { MediaError } from '../../media/av.ts'
import { renderRecap, type Rendered } from '../../media/render.ts'
import type { Footage, JobContext } from '../context.ts'
import { planShow } from './plan-show.ts'

export type RenderOutcome =
  | { kind: 'rendered' }
  /** No echo counts, or the streamer dropped all: no video, and nobody is bothered. */
  | { kind: 'empty' }
  | { kind: 'failed'; why: string }

export async function render(context: JobContext, recapId: string): Promise<RenderOutcome> {
  const { db, clock } = context
  const recap = await findRecap(db, recapId)
  if (!recap) return { kind: 'failed', why: 'the recap is gone' }
  if (recap.state === 'empty') return { kind: 'empty' }
  if (recap.product) return { kind: 'rendered' }
  await withdrawGone(db, recap.showId, (ids) => context.twitch.existingUsers(ids), clock.now())
  const plan = await planShow(context, recap)
  if (plan.moments.length === 0) {
    if (plan.leftOut.some((m) => m.reason === 'no-vod'))
      return { kind: 'failed', why: 'Twitch has no recording of any of the moments' }
    await recordStep(db, recap, { state: 'empty', step: 'done' }, clock.now())
    return { kind: 'empty' }
  }
  try {
    await noteStep(db, recapId, 'fetching')
    await recordMedia(
      db,
      { key: `work/${recapId}`, channelId: recap.channelId, recapId, kind: 'work' },
      clock.now(),
    )
    const footage = await bringFootage(context, recapId, plan)
    await noteStep(db, recapId, 'cutting')
    await recordMedia(
      db,
      { key: `recaps/${recapId}`, channelId: recap.channelId, recapId, kind: 'recap' },
      clock.now(),
    )
    const dir = context.storage.workDir(`recaps/${recapId}`)
    const rendered = await renderRecap({
      pieces: footage.pieces,
      file: join(dir, 'recap.mp4'),
      stillsDir: dir,
    })
    const bannedWords = (await findChannel(db, recap.channelId))?.settings.bannedWords ?? []
    const product = productOf(recapId, plan, footage, rendered, bannedWords)
    await recordStep(
      db,
      recap,
      { state: 'rendered', step: 'rendered', product, ...(await wordsFor(context, recap, product)) },
      clock.now(),
    )
    return { kind: 'rendered' }
  } catch (error) {
    // A damaged or missing part stays so; what the network or the disk did may pass, and is tried again as a step.
    if (error instanceof MediaError || (error instanceof Fault && error.remedy === 'permanent'))
      return { kind: 'failed', why: error.message }
    throw error
  }
}

interface PlannedFootage {
  pieces: { name: string; files: string[]; filesStartSec: number; startSec: number; endSec: number }[]
  /** For each piece, the planned moment it belongs to. */
  momentOfPiece: number[]
  partsFetched: number
  partsTotal: number
}

async function bringFootage(context: JobContext, recapId: string, plan: Plan): Promise<PlannedFootage> {
  const dir = context.storage.workDir(`work/${recapId}`)
  const wanted = plan.moments.flatMap(({ pieces }, moment) => pieces.map((piece) => ({ piece, moment })))
  const byVod = Map.groupBy(wanted, (w) => w.piece.vodId)
  const found = new Map<(typeof wanted)[number], Footage['pieces'][number]>()
  let [partsFetched, partsTotal] = [0, 0]
  for (const [vodId, ofVod] of byVod) {
    const footage = await context.vods.bring(
      vodId,
      ofVod.map((w) => w.piece),
      dir,
    )
    ofVod.forEach((w, n) => found.set(w, footage.pieces[n] ?? []))
    partsFetched += footage.partsFetched
    partsTotal += footage.partsTotal
  }
  const pieces = wanted.flatMap((w) =>
    (found.get(w) ?? []).map((piece) => ({ ...piece, name: `moment ${w.moment + 1}`, moment: w.moment })),
  )
  return { pieces, momentOfPiece: pieces.map((p) => p.moment), partsFetched, partsTotal }
}

function productOf(
  recapId: string,
  plan: Plan & Pick<Product, 'timing'>,
  footage: PlannedFootage,
  rendered: Rendered,
  bannedWords: readonly string[],
): Product {
  const moments = plan.moments.flatMap(({ moment, pieces }, n): RecapMoment[] => {
    const cut = rendered.pieces.filter((_, p) => footage.momentOfPiece[p] === n)
    const first = cut[0]
    if (!first) return []
    const durationSec = cut.reduce((sum, c) => sum + c.durationSec, 0)
    const still = `recaps/${recapId}/${footage.momentOfPiece.indexOf(n)}.jpg`
    return [{ ...shownMoment(moment, bannedWords), atSec: first.atSec, durationSec, pieces, still }]
  })
  return {
    key: `recaps/${recapId}/recap.mp4`,
    bytes: rendered.bytes,
    sha256: rendered.sha256,
    durationSec: rendered.durationSec,
    cpuSec: rendered.cpuSec,
    partsFetched: footage.partsFetched,
    partsTotal: footage.partsTotal,
    ...(plan.timing ? { timing: plan.timing } : {}),
    moments,
    leftOut: plan.leftOut.map(({ moment, reason }) => ({ ...shownMoment(moment, bannedWords), reason })),
  }
}

function shownMoment(moment: Moment, bannedWords: readonly string[]) {
  return {
    label: showableLabel(moment.labels, bannedWords),
    runtimeMs: moment.startMs,
    people: moment.people.flatMap((p) => p.displayName ?? []),
    unnamed: moment.people.filter((p) => p.displayName === null).length,
  }
}

async function wordsFor(context: JobContext, recap: Recap, product: Product) {
  const channel = await findChannel(context.db, recap.channelId)
  const [stream] = await streamsOf(context.db, recap.showId, context.clock.now())
  if (!channel || !stream) return {}
  return {
    title: recap.longEchoId
      ? titleOf(`${product.moments[0]?.label ?? 'A long moment'} – {title}`, stream)
      : titleOf(channel.settings.titleTemplate, stream),
    description: descriptionOf(product.moments, product.durationSec, channel.login),
  }
}
