/** Brings what the moments of a plan need: each part of each VOD once, whatever moments share it. */
import { kindOf } from '../../../shared/fault.ts'
import type { VodPiece } from '../../domain/timeline.ts'
import type { Piece } from '../../media/assemble.ts'
import type { BringOptions, Footage, JobContext } from '../context.ts'

export interface PlannedFootage {
  pieces: Piece[]
  /** For each piece, the planned moment it belongs to. */
  momentOfPiece: number[]
  /** Planned moments of which something cannot be had, and why. */
  lost: Map<number, string>
  partsFetched: number
  partsTotal: number
}

/** Where the parts of a show lie while it needs them. */
export function partsKey(showId: string): string {
  return `work/${showId}`
}

export async function bringFootage(
  context: Pick<JobContext, 'storage' | 'vods'>,
  { showId, channelId }: { showId: string; channelId: string },
  plan: { moments: readonly { pieces: readonly VodPiece[] }[] },
  options: BringOptions = {},
): Promise<PlannedFootage> {
  const dir = context.storage.workDir(partsKey(showId))
  const wanted = plan.moments.flatMap(({ pieces }, moment) => pieces.map((piece) => ({ piece, moment })))
  const byVod = Map.groupBy(wanted, (w) => w.piece.vodId)
  const found = new Map<(typeof wanted)[number], Footage['pieces'][number]>()
  const lost = new Map<number, string>()
  let [partsFetched, partsTotal] = [0, 0]
  for (const [vodId, ofVod] of byVod) {
    const spans = ofVod.map((w) => w.piece)
    const footage = await context.vods
      .bring({ vodId, channelId }, spans, dir, options)
      .catch((error: unknown): Footage => {
        // A recording that is gone takes only its own moments with it.
        if (kindOf(error) !== 'damaged') throw error
        const why = error instanceof Error ? error.message : ''
        return { pieces: [], lost: spans.map(() => why), partsFetched: 0, partsTotal: 0 }
      })
    ofVod.forEach((w, n) => {
      found.set(w, footage.pieces[n] ?? [])
      const why = footage.lost?.[n]
      if (why !== undefined) lost.set(w.moment, why)
    })
    partsFetched += footage.partsFetched
    partsTotal += footage.partsTotal
  }
  const pieces = wanted.flatMap((w) =>
    (found.get(w) ?? []).map((piece) => ({ ...piece, name: `moment ${w.moment + 1}`, moment: w.moment })),
  )
  return { pieces, momentOfPiece: pieces.map((p) => p.moment), lost, partsFetched, partsTotal }
}
