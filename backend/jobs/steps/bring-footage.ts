/** Brings what the moments of a plan need: each part of each VOD once, whatever moments share it. */
import type { VodPiece } from '../../domain/timeline.ts'
import type { Piece } from '../../media/assemble.ts'
import type { BringOptions, Footage, JobContext } from '../context.ts'

export interface PlannedFootage {
  pieces: Piece[]
  /** For each piece, the planned moment it belongs to. */
  momentOfPiece: number[]
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
  let [partsFetched, partsTotal] = [0, 0]
  for (const [vodId, ofVod] of byVod) {
    const spans = ofVod.map((w) => w.piece)
    const footage = await context.vods.bring({ vodId, channelId }, spans, dir, options)
    ofVod.forEach((w, n) => found.set(w, footage.pieces[n] ?? []))
    partsFetched += footage.partsFetched
    partsTotal += footage.partsTotal
  }
  const pieces = wanted.flatMap((w) =>
    (found.get(w) ?? []).map((piece) => ({ ...piece, name: `moment ${w.moment + 1}`, moment: w.moment })),
  )
  return { pieces, momentOfPiece: pieces.map((p) => p.moment), partsFetched, partsTotal }
}
