/**
 * How far a VOD has run away from the wall clock. Twitch's recordings are a few seconds longer or shorter than the time
 * that went by: hardware clocks differ, and while a connection is lost within one stream nothing is recorded.
 */
import type { DriftStep } from '../../shared/settings.ts'

/** How long a growing VOD was at an instant, as its playlist says. */
export interface VodSample {
  /** When the playlist was written, UTC milliseconds. */
  writtenAtMs: number
  durationMs: number
}

export interface Drift {
  source: 'measured' | 'table'
  /** How much later in the VOD than by the wall clock a position lies, `runtimeMs` after the VOD's start. */
  at(runtimeMs: number): number
}

/** The first sample says how far playlists are behind; one from so late may hold drift already. */
const LATEST_FIRST_MS = 30 * 60_000
const FEWEST_SAMPLES = 3
/** A playlist may be written late once: what a single sample says alone is not believed. */
const NEIGHBOURS = 1

/** Measured where the VOD was watched while it grew, else by the channel's table. */
export function driftOf(
  samples: readonly VodSample[],
  vodStartsAtMs: number,
  table: readonly DriftStep[],
): Drift {
  const lags = samples
    .map(({ writtenAtMs, durationMs }) => ({
      runtimeMs: writtenAtMs - vodStartsAtMs,
      lagMs: durationMs - (writtenAtMs - vodStartsAtMs),
    }))
    .sort((a, b) => a.runtimeMs - b.runtimeMs)
  const [first] = lags
  if (!first || lags.length < FEWEST_SAMPLES || first.runtimeMs > LATEST_FIRST_MS)
    return { source: 'table', at: (runtimeMs) => driftAt(runtimeMs, table) }
  const steady = lags.map(({ runtimeMs }, n) => ({
    // At that runtime the picture was recorded which ends the playlist.
    runtimeMs: runtimeMs + first.lagMs,
    driftMs:
      median(lags.slice(Math.max(0, n - NEIGHBOURS), n + NEIGHBOURS + 1).map((l) => l.lagMs)) - first.lagMs,
  }))
  return { source: 'measured', at: (runtimeMs) => between(steady, runtimeMs) }
}

/** How much later than by the wall clock a position lies in the VOD after `runtimeMs` of stream, by the table. */
export function driftAt(runtimeMs: number, table: readonly DriftStep[]): number {
  return table.reduce((sum, step) => (runtimeMs >= step.fromMs ? sum + step.addMs : sum), 0)
}

/** On the line between the samples around it; before the first and after the last as there. */
function between(samples: readonly { runtimeMs: number; driftMs: number }[], runtimeMs: number): number {
  const next = samples.findIndex((s) => s.runtimeMs >= runtimeMs)
  const [a, b] = [samples[next - 1], samples[next]]
  if (!b) return samples.at(-1)?.driftMs ?? 0
  if (!a) return b.driftMs
  const share = (runtimeMs - a.runtimeMs) / (b.runtimeMs - a.runtimeMs)
  return a.driftMs + share * (b.driftMs - a.driftMs)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
