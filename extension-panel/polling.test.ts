import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPoll } from './polling.ts'

const anyRandom = fc.double({ min: 0, max: 1, noNaN: true })

describe('when the panel asks by itself', () => {
  it('not while news come by PubSub: only when they have been silent for 45 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 44_999 }), anyRandom, (quietMs, random) => {
        const wait = nextPoll({ live: {}, quietMs, failures: 0 }, random)
        expect(quietMs + wait).toBeGreaterThanOrEqual(45_000)
        expect(quietMs + wait).toBeLessThanOrEqual(51_000)
      }),
    )
  })

  it('ever slower after failures, a minute at most, and never all panels at the same moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), anyRandom, (failures, random) => {
        const at = (n: number, r: number) => nextPoll({ live: {}, quietMs: Infinity, failures: n }, r)
        expect(at(failures + 1, random)).toBeGreaterThanOrEqual(at(failures, random))
        expect(at(failures, random)).toBeLessThanOrEqual(75_000)
        expect(at(failures, 1)).toBeGreaterThan(1.5 * at(failures, 0))
      }),
    )
  })

  it('seldom while offline', () => {
    const facts = { quietMs: Infinity, failures: 0 }
    expect(nextPoll({ ...facts, live: null }, 0.5)).toBeGreaterThan(4 * nextPoll({ ...facts, live: {} }, 0.5))
  })
})
