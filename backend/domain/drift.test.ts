import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../shared/settings.ts'
import { driftOf, type VodSample } from './drift.ts'
import { locate, type StreamTimes } from './timeline.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 10, 1, 18)
const EVERY_MS = 5 * MINUTE
/** Playlists are written so long after what they end with was on. */
const BEHIND_MS = 15 * SECOND
/** Eight times what the default table knows. What goes by before the first sample is taken for the playlist's delay. */
const FASTEST_PER_HOUR_MS = 4 * SECOND

/** The truth of a stream: drift that grows steadily, and a lost connection that the recording leaves out. */
interface Truth {
  lengthMs: number
  /** At the end, milliseconds. */
  driftMs: number
  gap: { atMs: number; lengthMs: number } | null
}

const anyTruth: fc.Arbitrary<Truth> = fc
  .record({
    hours: fc.integer({ min: 1, max: 10 }),
    perHourMs: fc.integer({ min: -FASTEST_PER_HOUR_MS, max: FASTEST_PER_HOUR_MS }),
    gap: fc.option(
      fc.record({
        share: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        lengthMs: fc.integer({ min: 2_000, max: 90_000 }),
      }),
    ),
  })
  .map(({ hours, perHourMs, gap }) => ({
    lengthMs: hours * HOUR,
    driftMs: perHourMs * hours,
    gap: gap && {
      atMs: Math.round((gap.share * hours * HOUR) / EVERY_MS) * EVERY_MS + EVERY_MS / 2,
      lengthMs: gap.lengthMs,
    },
  }))

/** Where in the VOD lies what was on at `runtimeMs`. */
function positionOf({ lengthMs, driftMs, gap }: Truth, runtimeMs: number): number {
  const lost = gap && runtimeMs > gap.atMs ? Math.min(gap.lengthMs, runtimeMs - gap.atMs) : 0
  return runtimeMs + (driftMs * runtimeMs) / lengthMs - lost
}

function samplesOf(truth: Truth, noise: (n: number) => number): VodSample[] {
  const samples: VodSample[] = []
  for (let n = 0, at = EVERY_MS; at < truth.lengthMs; n++, at += EVERY_MS)
    samples.push({ writtenAtMs: START + at + BEHIND_MS, durationMs: positionOf(truth, at) + noise(n) })
  return samples
}

describe('drift', () => {
  it('measured: moments land within a second of where they were, also after a lost connection', () => {
    fc.assert(
      fc.property(
        anyTruth,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (truth, share, seed) => {
          const runtimeMs = share * (truth.lengthMs - 2 * EVERY_MS)
          // In the minutes in which the connection was lost nobody can say when.
          fc.pre(!truth.gap || Math.abs(runtimeMs - truth.gap.atMs) > 2 * EVERY_MS)
          const noise = (n: number) => Math.sin(n * 12.9898 + seed) * 300
          const drift = driftOf(samplesOf(truth, noise), START, DEFAULT_SETTINGS.drift)
          expect(drift.source).toBe('measured')
          expect(Math.abs(runtimeMs + drift.at(runtimeMs) - positionOf(truth, runtimeMs))).toBeLessThan(1_000)
        },
      ),
    )
  })

  it('a single playlist that was written late moves nothing', () => {
    const truth: Truth = { lengthMs: 3 * HOUR, driftMs: 0, gap: null }
    const samples = samplesOf(truth, (n) => (n === 10 ? -60_000 : 0))
    const drift = driftOf(samples, START, [])
    for (let at = 0; at < 3 * HOUR; at += MINUTE) expect(Math.abs(drift.at(at))).toBeLessThan(1_000)
  })

  it('not watched from the start, or hardly: by the table', () => {
    const late = samplesOf({ lengthMs: 6 * HOUR, driftMs: 0, gap: null }, () => 0).slice(12)
    for (const samples of [[], late, late.slice(0, 2)]) {
      const drift = driftOf(samples, START, DEFAULT_SETTINGS.drift)
      expect([drift.source, drift.at(HOUR), drift.at(5 * HOUR), drift.at(7 * HOUR)]).toEqual([
        'table',
        0,
        2_000,
        4_000,
      ])
    }
  })

  it('shifts where a moment is taken from the VOD, and not how long it is', () => {
    const truth: Truth = { lengthMs: 4 * HOUR, driftMs: 8_000, gap: null }
    const stream: StreamTimes = {
      streamId: 's',
      startedAtMs: START,
      endedAtMs: START + 4 * HOUR,
      vod: {
        vodId: 'v',
        startsAtMs: START,
        durationMs: 4 * HOUR + 8_000,
        samples: samplesOf(truth, () => 0),
      },
    }
    const [piece] = locate({ startMs: 3 * HOUR - 30_000, endMs: 3 * HOUR }, [stream], DEFAULT_SETTINGS.drift)
    expect(piece?.endSec).toBeCloseTo((3 * HOUR + 6_000) / 1000, 0)
    expect((piece?.endSec ?? 0) - (piece?.startSec ?? 0)).toBeCloseTo(30, 3)
  })
})
