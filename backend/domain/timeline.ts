/**
 * Wall clock ↔ show runtime ↔ position in a VOD. Instants are UTC milliseconds; runtime counts from the start of the
 * show's first stream and goes on through gaps between streams; VOD positions are seconds.
 */
import type { DriftStep } from '../../shared/settings.ts'
import { driftOf, type VodSample } from './drift.ts'

/** One stream of a show with its VOD, as far as known. Streams of a show do not overlap. */
export interface StreamTimes {
  streamId: string
  startedAtMs: number
  endedAtMs: number
  vod: {
    vodId: string
    startsAtMs: number
    durationMs: number
    /** How long it was while it grew, where somebody looked. */
    samples?: readonly VodSample[]
  } | null
}

export interface RuntimeSpan {
  startMs: number
  endMs: number
}

export interface VodPiece {
  streamId: string
  vodId: string
  startSec: number
  endSec: number
}

export interface AskedEcho {
  askedAtMs: number
  lengthMs: number
  /** Measured for this viewer; null: the channel's setting counts. */
  latencyMs: number | null
}

/** Less than this of an echo or of a piece is not worth showing. */
const SHORTEST_MS = 1_000

/**
 * What an echo covers: it ends `latency` before it was asked and is `lengthMs` long, clamped to the show.
 * Null when nothing of it lies within the show.
 */
export function echoSpan(
  echo: AskedEcho,
  streams: readonly StreamTimes[],
  channelLatencyMs: number,
): RuntimeSpan | null {
  const first = streams[0]
  const last = streams.at(-1)
  if (!first || !last) return null
  const endAt = echo.askedAtMs - (echo.latencyMs ?? channelLatencyMs)
  const startMs = Math.max(0, endAt - echo.lengthMs - first.startedAtMs)
  const endMs = Math.min(last.endedAtMs - first.startedAtMs, endAt - first.startedAtMs)
  return endMs - startMs >= SHORTEST_MS ? { startMs, endMs } : null
}

/**
 * Where a span of the show lies in its VODs: one piece per VOD it touches, in order. Parts without a VOD, or beyond
 * the end of one, are missing from the answer.
 *
 * @param drift the channel's table, for VODs of which nothing was measured
 */
export function locate(
  span: RuntimeSpan,
  streams: readonly StreamTimes[],
  drift: readonly DriftStep[],
): VodPiece[] {
  const showStart = streams[0]?.startedAtMs ?? 0
  const pieces: VodPiece[] = []
  for (const { streamId, startedAtMs, endedAtMs, vod } of streams) {
    if (!vod) continue
    const from = Math.max(showStart + span.startMs, startedAtMs)
    const to = Math.min(showStart + span.endMs, endedAtMs)
    if (to <= from) continue
    // One shift for the whole piece, taken at its end, keeps its length.
    const measured = driftOf(vod.samples ?? [], vod.startsAtMs, drift)
    const shift = startedAtMs - vod.startsAtMs + measured.at(to - vod.startsAtMs)
    const start = Math.max(0, from - startedAtMs + shift)
    const end = Math.min(vod.durationMs, to - startedAtMs + shift)
    if (end - start >= SHORTEST_MS)
      pieces.push({ streamId, vodId: vod.vodId, startSec: start / 1000, endSec: end / 1000 })
  }
  return pieces
}
