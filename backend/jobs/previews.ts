/**
 * Footage for the desk: a moment with some of what was before and after it, so that it can be trimmed both ways. Copied, not
 * encoded, when somebody looks at it; stored beside the recap, and kept as long.
 */
import PQueue from 'p-queue'
import { createHash, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../../shared/fault.ts'
import { recordMedia } from '../db/media.ts'
import type { Recap } from '../db/recaps.ts'
import type { Card } from '../domain/edits.ts'
import { renderRecap } from '../media/render.ts'
import type { ShowPlan } from '../show-plan.ts'
import type { JobContext } from './context.ts'
import { expectRoom } from './room.ts'
import { bringFootage, partsKey } from './steps/bring-footage.ts'

export interface StoredPreview {
  /** Storage keys of the footage, and of a picture of it. */
  video: string
  still: string
  /** Show runtime of its first picture, and of its end. */
  startMs: number
  endMs: number
}

export interface Previews {
  /** @throws {Refusal} where there is no footage */
  of(recap: Recap, plan: ShowPlan, card: Card): Promise<StoredPreview>
}

const MARGIN_MS = 10_000
/** Small trims keep the same footage. */
const GRID_MS = 15_000
const MOST_MS = 20 * 60_000

type PreviewContext = Pick<JobContext, 'db' | 'clock' | 'storage' | 'vods' | 'room' | 'mayRender'>

export function makePreviews(context: PreviewContext): Previews {
  const queue = new PQueue({ concurrency: 1 })
  const underWay = new Map<string, Promise<StoredPreview>>()
  return {
    async of(recap, plan, card) {
      const marginMs = context.vods.around === 'free' ? MARGIN_MS : 0
      const grid = marginMs === 0 ? 1 : GRID_MS
      const startMs = Math.max(0, Math.floor((card.startMs - marginMs) / grid) * grid)
      const endMs = Math.min(startMs + MOST_MS, Math.ceil((card.endMs + marginMs) / grid) * grid)
      const span = { startMs, endMs }
      const name = createHash('sha256')
        .update(JSON.stringify([span, plan.allByMs]))
        .digest('hex')
      const base = `${previewsKey(recap.id)}/${name.slice(0, 16)}`
      const known = await find(context.storage, base)
      if (known) return known
      const making = underWay.get(base) ?? queue.add(() => make(context, recap, plan, span, base))
      underWay.set(base, making)
      try {
        return await making
      } finally {
        underWay.delete(base)
      }
    },
  }
}

const previewsKey = (recapId: string) => `previews/${recapId}`

/** Its name says where it is in the show, so that footage and place can only be there together. */
const keysOf = (base: string, { startMs, endMs }: { startMs: number; endMs: number }): StoredPreview => ({
  video: `${base}/${startMs}_${endMs}.mp4`,
  still: `${base}/still.jpg`,
  startMs,
  endMs,
})

async function find(storage: PreviewContext['storage'], base: string): Promise<StoredPreview | null> {
  for await (const { key } of storage.list(`${base}/`)) {
    const place = /\/(-?\d+)_(\d+)\.mp4$/.exec(key)
    if (place) return keysOf(base, { startMs: Number(place[1]), endMs: Number(place[2]) })
  }
  return null
}

async function make(
  context: PreviewContext,
  recap: Recap,
  plan: ShowPlan,
  span: { startMs: number; endMs: number },
  base: string,
): Promise<StoredPreview> {
  const { db, clock, room, storage } = context
  const { id: recapId, showId, channelId } = recap
  if (!(await context.mayRender(channelId)))
    throw new Refusal('no-plan', 'Your plan has ended: footage is brought again once you choose one.')
  const pieces = plan.locate(span)
  if (pieces.length === 0) throw new Refusal('no-footage', 'Twitch has no recording of this moment.')
  await recordMedia(db, { key: partsKey(showId), channelId, showId, kind: 'work' }, clock.now())
  const makingKey = `work/${previewsKey(recapId)}`
  await recordMedia(db, { key: makingKey, channelId, showId, kind: 'work' }, clock.now())
  const footage = await bringFootage(
    context,
    recap,
    { moments: [{ pieces }] },
    {
      expect: (bytes) => expectRoom(room, 2 * bytes),
    },
  )
  // Two processes may make the same; each in a folder of its own.
  const dir = storage.workDir(`${makingKey}/${randomUUID()}`)
  const file = join(dir, 'preview.mp4')
  try {
    const rendered = await renderRecap({ pieces: footage.pieces, file, stillsDir: dir })
    const [first] = rendered.pieces
    const earlierSec = first ? (footage.pieces[0]?.startSec ?? 0) - first.sourceStartSec : 0
    // Where the recording begins later than asked, so does what is shown.
    const lengthMs = Math.round(rendered.durationSec * 1000)
    const lateMs = Math.max(0, span.endMs - span.startMs - sumMs(pieces))
    const startMs = Math.round(span.startMs + (span.startMs === 0 ? lateMs : 0) - earlierSec * 1000)
    const preview = keysOf(base, { startMs, endMs: startMs + lengthMs })
    await recordMedia(db, { key: previewsKey(recapId), channelId, recapId, kind: 'recap' }, clock.now())
    // The footage last: where it is, the picture is there too.
    await storage.put(preview.still, join(dir, '0.jpg'))
    await storage.put(preview.video, file)
    return preview
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function sumMs(pieces: readonly { startSec: number; endSec: number }[]): number {
  return pieces.reduce((sum, p) => sum + (p.endSec - p.startSec) * 1000, 0)
}
