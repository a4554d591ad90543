/** Moments → plan: what goes into the recap, in which order, and what stays out and why. */
import type { Moment } from './moments.ts'
import type { VodPiece } from './timeline.ts'

export interface PlannedMoment {
  moment: Moment
  /** Where it lies in the VODs; never empty. */
  pieces: VodPiece[]
}

export interface LeftOut {
  moment: Moment
  /** `budget`: others were wanted more. `no-vod`: Twitch has no recording of it. `dropped`: the streamer's word. */
  reason: 'budget' | 'no-vod' | 'dropped'
}

export interface Plan {
  /** In the order of the stream. */
  moments: PlannedMoment[]
  leftOut: LeftOut[]
}

/**
 * Within `budgetMs` the moments that most people wanted win (the earlier one on a tie); they are shown in stream
 * order. When even the most wanted is longer than the budget, its last `budgetMs` are the recap: an echo is asked
 * for at the end of what happened.
 *
 * @param dropped ids of moments that the streamer does not want
 */
export function planOf(
  moments: readonly Moment[],
  budgetMs: number,
  locate: (moment: { startMs: number; endMs: number }) => VodPiece[],
  dropped: ReadonlySet<string> = new Set(),
): Plan {
  const leftOut: LeftOut[] = []
  const found: PlannedMoment[] = []
  for (const moment of moments) {
    if (dropped.has(moment.id)) {
      leftOut.push({ moment, reason: 'dropped' })
      continue
    }
    const pieces = locate(moment)
    if (pieces.length > 0) found.push({ moment, pieces })
    else leftOut.push({ moment, reason: 'no-vod' })
  }
  const wanted = [...found].sort(
    (a, b) => b.moment.people.length - a.moment.people.length || a.moment.startMs - b.moment.startMs,
  )
  let leftMs = budgetMs
  const kept: PlannedMoment[] = []
  for (const planned of wanted) {
    const lengthMs = lengthOf(planned.pieces)
    if (lengthMs <= leftMs) {
      kept.push(planned)
      leftMs -= lengthMs
    } else if (kept.length === 0 && planned === wanted[0]) {
      kept.push({ ...planned, pieces: lastOf(planned.pieces, budgetMs) })
      leftMs = 0
    } else {
      leftOut.push({ moment: planned.moment, reason: 'budget' })
    }
  }
  kept.sort((a, b) => a.moment.startMs - b.moment.startMs)
  leftOut.sort((a, b) => a.moment.startMs - b.moment.startMs)
  return { moments: kept, leftOut }
}

/** Milliseconds of VOD in some pieces. */
export function lengthOf(pieces: readonly VodPiece[]): number {
  return pieces.reduce((sum, p) => sum + (p.endSec - p.startSec) * 1000, 0)
}

function lastOf(pieces: readonly VodPiece[], ms: number): VodPiece[] {
  const kept: VodPiece[] = []
  let leftSec = ms / 1000
  for (const piece of [...pieces].reverse()) {
    if (leftSec <= 0) break
    const startSec = Math.max(piece.startSec, piece.endSec - leftSec)
    kept.unshift({ ...piece, startSec })
    leftSec -= piece.endSec - startSec
  }
  return kept
}
