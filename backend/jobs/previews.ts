/**
 * Footage for the desk: a moment with some of what was before and after it, so that it can be trimmed both ways. Copied, not
 * encoded, when somebody looks at it; kept with the recap.
 */
import PQueue from 'p-queue'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Refusal } from '../../shared/fault.ts'
import { recordMedia } from '../db/media.ts'
import type { Recap } from '../db/recaps.ts'
import type { Card } from '../domain/edits.ts'
import { renderRecap } from '../media/render.ts'
import type { ShowPlan } from '../show-plan.ts'
import type { JobContext } from './context.ts'
import { expectRoom } from './room.ts'
import { bringFootage, partsKey } from './steps/bring-footage.ts'

export interface PreviewFile {
  file: string
  still: string
  /** Show runtime of its first picture, and of its end. */
  startMs: number
  endMs: number
}

export interface Previews {
  /** @throws {Refusal} where there is no footage */
  of(recap: Recap, plan: ShowPlan, card: Card): Promise<PreviewFile>
}

const MARGIN_MS = 10_000
/** Small trims keep the same footage. */
const GRID_MS = 15_000
const MOST_MS = 20 * 60_000
const PLACE = z.object({ startMs: z.number(), endMs: z.number() })

type PreviewContext = Pick<JobContext, 'db' | 'clock' | 'storage' | 'vods' | 'room' | 'mayRender'>

export function makePreviews(context: PreviewContext): Previews {
  const queue = new PQueue({ concurrency: 1 })
  const underWay = new Map<string, Promise<PreviewFile>>()
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
      const dir = context.storage.workDir(`${previewsKey(recap.id)}/${name.slice(0, 16)}`)
      const known = await readFile(join(dir, 'place.json'), 'utf8').catch(() => null)
      if (known) return { ...filesIn(dir), ...PLACE.parse(JSON.parse(known)) }
      const making = underWay.get(dir) ?? queue.add(() => make(context, recap, plan, span, dir))
      underWay.set(dir, making)
      try {
        return await making
      } finally {
        underWay.delete(dir)
      }
    },
  }
}

/** Each web process's machine has its own: brought when somebody looks there. */
const previewsKey = (recapId: string) => `work/previews/${recapId}`

const filesIn = (dir: string) => ({ file: join(dir, 'preview.mp4'), still: join(dir, '0.jpg') })

async function make(
  context: PreviewContext,
  recap: Recap,
  plan: ShowPlan,
  span: { startMs: number; endMs: number },
  dir: string,
): Promise<PreviewFile> {
  const { db, clock, room } = context
  const { id: recapId, showId, channelId } = recap
  if (!(await context.mayRender(channelId)))
    throw new Refusal('no-plan', 'Your plan has ended: footage is brought again once you choose one.')
  const pieces = plan.locate(span)
  if (pieces.length === 0) throw new Refusal('no-footage', 'Twitch has no recording of this moment.')
  await recordMedia(db, { key: partsKey(showId), channelId, showId, kind: 'work' }, clock.now())
  await recordMedia(db, { key: previewsKey(recapId), channelId, recapId, kind: 'recap' }, clock.now())
  const footage = await bringFootage(
    context,
    recap,
    { moments: [{ pieces }] },
    {
      expect: (bytes) => expectRoom(room, 2 * bytes),
    },
  )
  const { file, still } = filesIn(dir)
  const rendered = await renderRecap({ pieces: footage.pieces, file, stillsDir: dirname(file) })
  const [first] = rendered.pieces
  const earlierSec = first ? (footage.pieces[0]?.startSec ?? 0) - first.sourceStartSec : 0
  // Where the recording begins later than asked, so does what is shown.
  const lengthMs = Math.round(rendered.durationSec * 1000)
  const lateMs = Math.max(0, span.endMs - span.startMs - sumMs(pieces))
  const startMs = Math.round(span.startMs + (span.startMs === 0 ? lateMs : 0) - earlierSec * 1000)
  const place = { startMs, endMs: startMs + lengthMs }
  await writeFile(join(dir, 'place.json'), JSON.stringify(place))
  return { file, still, ...place }
}

function sumMs(pieces: readonly { startSec: number; endSec: number }[]): number {
  return pieces.reduce((sum, p) => sum + (p.endSec - p.startSec) * 1000, 0)
}
