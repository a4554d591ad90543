/**
 * Which parts of a VOD a span needs. A window is a run of parts without a discontinuity, ready to be read as one input.
 */
import type { MediaPlaylist, Part } from './playlist.ts'

export interface Span {
  startSec: number
  endSec: number
}

export interface Window extends Span {
  parts: Part[]
}

/** Sound lies up to a tenth of a second behind its picture in MPEG-TS, so that the end of a part's sound is in the next. */
const SOUND_TAIL_SEC = 0.25
/** What is left of a span at a discontinuity is dropped below this. */
const SHORTEST_SEC = 0.1

/** The windows of `span`, in order; empty when it lies outside the VOD. The span is clamped to the VOD. */
export function windowsOf(playlist: MediaPlaylist, span: Span): Window[] {
  const windows: Window[] = []
  for (const run of runsOf(playlist.parts)) {
    const first = run[0]
    const last = run.at(-1)
    if (!first || !last) continue
    const startSec = Math.max(span.startSec, first.startSec)
    const endSec = Math.min(span.endSec, last.startSec + last.durationSec)
    if (endSec - startSec < SHORTEST_SEC) continue
    const parts = run.filter(
      (p) => p.startSec < endSec + SOUND_TAIL_SEC && p.startSec + p.durationSec > startSec,
    )
    windows.push({ startSec, endSec, parts })
  }
  return windows
}

/** Each part of some windows once, in the order of the VOD. */
export function partsOf(windows: Window[]): Part[] {
  const byIndex = new Map(windows.flatMap((w) => w.parts.map((p) => [p.index, p] as const)))
  return [...byIndex.values()].sort((a, b) => a.index - b.index)
}

/** Initialisation parts may be ranges of one file. */
function isSameMap(a: Part['map'], b: Part['map']): boolean {
  return a?.url === b?.url && a?.range?.offset === b?.range?.offset && a?.range?.length === b?.range?.length
}

function runsOf(parts: Part[]): Part[][] {
  const runs: Part[][] = []
  for (const part of parts) {
    const run = runs.at(-1)
    const sameMap = isSameMap(run?.[0]?.map, part.map)
    if (run && !part.discontinuity && sameMap) run.push(part)
    else runs.push([part])
  }
  return runs
}
