/** Cards → plan: what goes into the recap, in which order, and what stays out and why. */
import type { Card } from './edits.ts'
import type { VodPiece } from './timeline.ts'

export interface PlannedMoment {
  moment: Card
  /** Where it lies in the VODs; never empty. */
  pieces: VodPiece[]
}

export interface LeftOut {
  moment: Card
  /**
   * `budget`: others were wanted more. `no-vod`: Twitch has no recording of it. `dropped`: the streamer's word. `damaged`:
   * its recording cannot be read.
   */
  reason: 'budget' | 'no-vod' | 'dropped' | 'damaged'
}

export interface Plan {
  /** In the order of the cards. */
  moments: PlannedMoment[]
  leftOut: LeftOut[]
}

/**
 * Within `budgetMs` the moments that the streamer keeps by name win, then those that most people wanted (the earlier one
 * on a tie). When even the most wanted is longer than the budget, its last `budgetMs` are the recap: an echo is asked for
 * at the end of what happened.
 *
 * @param cards in the order in which they are to be shown
 */
export function planOf(
  cards: readonly Card[],
  budgetMs: number,
  locate: (moment: { startMs: number; endMs: number }) => VodPiece[],
): Plan {
  const leftOut: LeftOut[] = []
  const found: PlannedMoment[] = []
  for (const moment of cards) {
    if (!moment.kept) {
      leftOut.push({ moment, reason: 'dropped' })
      continue
    }
    const pieces = locate(moment)
    if (pieces.length > 0) found.push({ moment, pieces })
    else leftOut.push({ moment, reason: 'no-vod' })
  }
  const wanted = [...found].sort(
    ({ moment: a }, { moment: b }) =>
      Number(b.pinned) - Number(a.pinned) || b.people.length - a.people.length || a.startMs - b.startMs,
  )
  let leftMs = budgetMs
  const kept = new Map<Card, PlannedMoment>()
  for (const planned of wanted) {
    const lengthMs = lengthOf(planned.pieces)
    if (lengthMs <= leftMs) {
      kept.set(planned.moment, planned)
      leftMs -= lengthMs
    } else if (kept.size === 0 && planned === wanted[0]) {
      kept.set(planned.moment, { ...planned, pieces: lastOf(planned.pieces, budgetMs) })
      leftMs = 0
    } else {
      leftOut.push({ moment: planned.moment, reason: 'budget' })
    }
  }
  leftOut.sort((a, b) => a.moment.startMs - b.moment.startMs)
  return { moments: cards.flatMap((card) => kept.get(card) ?? []), leftOut }
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
