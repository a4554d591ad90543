import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTimes, PictureTimes, RawStamps, SoundTimes } from './stamps.ts'

const FRAME = 1 / 30
const BASE = 1 / 90_000
const NONE = 2 ** 33 - 1

describe('raw stamps', () => {
  it('of MPEG-TS go on where their 33 bits begin anew, and a step back over the seam is understood', () => {
    const stamps = new RawStamps(true)
    const last = 2 ** 33 - 9_000
    const seen = [last, last + 3_000, 3_000, last + 6_000, 6_000].map((t) => stamps.seconds(t, BASE))
    const first = seen[0] ?? 0
    expect(seen.map((sec) => Math.round(((sec ?? NaN) - first) / BASE))).toEqual([
      0, 3_000, 12_000, 6_000, 15_000,
    ])
  })

  it('that say nothing are known for what they are', () => {
    const stamps = new RawStamps(true)
    expect([NONE, -1, null].map((ticks) => stamps.seconds(ticks, BASE))).toEqual([null, null, null])
    expect(new RawStamps(false).seconds(-1, 1 / 1000)).toBe(-0.001)
  })
})

/** Groups as an encoder orders them for decoding: a key frame, then each P picture before the two B pictures shown before it. */
function inDecodingOrder(groups: number, triples: number): { n: number; isKey: boolean }[] {
  const size = 1 + 3 * triples
  return Array.from({ length: groups }, (_, g) => [
    { n: g * size, isKey: true },
    ...Array.from({ length: triples }, (_, t) =>
      [3, 1, 2].map((step) => ({ n: g * size + 3 * t + step, isKey: false })),
    ).flat(),
  ]).flat()
}

function timesOf(pictures: readonly { n: number; isKey: boolean }[], isUnknown: (i: number) => boolean) {
  const times = new PictureTimes<number>()
  const given = pictures.flatMap(({ n, isKey }, i) =>
    times.push(n, isUnknown(i) ? null : 100 + n * FRAME, isKey, FRAME),
  )
  return [...given, ...times.flush(FRAME)]
}

describe('pictures', () => {
  const pictures = inDecodingOrder(6, 5)

  it('keep the times that they have', () => {
    const given = timesOf(pictures, () => false)
    expect(given.map((g) => g.item)).toEqual(pictures.map((p) => p.n))
    for (const { item, sec } of given) expect(sec).toBeCloseTo(100 + item * FRAME, 9)
  })

  it('without a time get the one that is free among their neighbours: each key frame, or any one', () => {
    for (const { item, sec } of timesOf(pictures, (i) => pictures[i]?.isKey ?? false))
      expect(sec, `picture ${item}`).toBeCloseTo(100 + item * FRAME, 6)
    fc.assert(
      fc.property(fc.nat(pictures.length - 20), (unknown) => {
        for (const { item, sec } of timesOf(pictures, (i) => i === unknown))
          expect(sec, `picture ${item}`).toBeCloseTo(100 + item * FRAME, 6)
      }),
    )
  })

  it('none is lost and their order stays, whatever is unknown', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: pictures.length, maxLength: pictures.length }),
        (unknown) => {
          const given = timesOf(pictures, (i) => unknown[i] ?? false)
          expect(given.map((g) => g.item)).toEqual(pictures.map((p) => p.n))
          expect(given.every((g) => Number.isFinite(g.sec))).toBe(true)
        },
      ),
    )
  })

  it('are decoded one after the other, each before it is shown', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 }),
        (shown) => {
          const decoded = decodeTimes(shown)
          for (const [n, sec] of decoded.entries()) {
            expect(sec).toBeLessThanOrEqual(shown[n] ?? NaN)
            if (n > 0) expect(sec).toBeGreaterThan(decoded[n - 1] ?? NaN)
          }
        },
      ),
    )
  })
})

const AAC = 1024 / 48_000

/** What comes out for frames with these stamps. */
function heard(stamps: readonly (number | null)[]): number[] {
  const times = new SoundTimes<number>()
  const given = [...stamps.flatMap((sec, n) => times.push(n, sec, AAC)), ...times.flush()]
  expect(given.map((g) => g.item)).toEqual(stamps.map((_, n) => n))
  return given.map((g) => g.sec)
}

function expectTimes(times: readonly number[], wanted: readonly number[], withinSec = 1e-9): void {
  expect(times).toHaveLength(wanted.length)
  for (const [n, sec] of times.entries())
    expect(Math.abs(sec - (wanted[n] ?? NaN)), `frame ${n}`).toBeLessThanOrEqual(withinSec)
}

describe('sound', () => {
  const regular = Array.from({ length: 40 }, (_, n) => 5 + n * AAC)

  it('goes on where only the first frame of several has a stamp', () => {
    expectTimes(heard(regular.map((sec, n) => (n % 4 === 0 ? sec : null))), regular)
  })

  it('is not torn by stamps that waver by milliseconds', () => {
    const wavering = fc.array(fc.double({ min: -0.003, max: 0.003, noNaN: true }), {
      minLength: 40,
      maxLength: 40,
    })
    fc.assert(
      fc.property(wavering, (wander) => {
        const times = heard(regular.map((sec, n) => sec + (wander[n] ?? 0)))
        expectTimes(times, regular, 0.006)
        for (const [n, sec] of times.entries())
          if (n > 0) expect(Math.abs(sec - (times[n - 1] ?? 0) - AAC)).toBeLessThan(0.001)
      }),
    )
  })

  it('is not moved by one or two stamps that are wrong', () => {
    for (const wrong of [1, 2]) {
      const stamps = regular.map((sec, n) => (n >= 10 && n < 10 + wrong ? sec + 20 : sec))
      expectTimes(heard(stamps), regular)
    }
  })

  it('is not moved where the wrong stamp is that of several frames', () => {
    const stamps = regular.map((sec, n) => (n === 16 ? sec + 20 : n % 8 === 0 ? sec : null))
    expectTimes(heard(stamps), regular)
  })

  it('has a gap where several frames agree about it, forwards and back', () => {
    for (const gap of [3, 0.1, -2]) {
      const stamps = regular.map((sec, n) => (n >= 20 ? sec + gap : sec))
      expectTimes(heard(stamps), stamps)
    }
  })
})
