import { describe, expect, it } from 'vitest'
import { MOST_CRASHES, MOST_KILLS, withCrash, type Crashes } from './crashes.ts'

const MINUTE = 60_000
const PATIENCE_MS = 15 * MINUTE

/** Ends of the renderer over moment `a`, at these times. @returns after which it is the moment's fault, or null */
function atFaultAfter(byItself: boolean, timesMs: readonly number[]): number | null {
  let crashes: Crashes = {}
  for (const [n, now] of timesMs.entries()) {
    const { after, isAtFault } = withCrash(crashes, 'a', byItself, now, PATIENCE_MS)
    if (isAtFault) return n + 1
    crashes = after
  }
  return null
}

describe('a renderer that ends without an answer', () => {
  it('is the moment’s fault once it crashed over it again and again, for a quarter of an hour', () => {
    const everyTenMinutes = [0, 10, 20, 30].map((m) => m * MINUTE)
    expect(atFaultAfter(true, everyTenMinutes)).toBe(MOST_CRASHES)
  })

  it('is nobody’s fault while all crashes lie within a few minutes', () => {
    const often = Array.from({ length: 14 }, (_, minute) => minute * MINUTE)
    expect(atFaultAfter(true, often)).toBeNull()
    expect(atFaultAfter(true, [...often, PATIENCE_MS])).toBe(15)
  })

  it('may be killed by something else often before the moment is to blame', () => {
    const hourly = Array.from({ length: 100 }, (_, hour) => hour * 60 * MINUTE)
    expect(atFaultAfter(false, hourly)).toBe(MOST_KILLS)
  })

  it('counts for the moment it was working on alone', () => {
    let crashes: Crashes = { kills: { b: MOST_KILLS - 1 } }
    for (const [n, moment] of ['a', 'b', 'a', 'b'].entries()) {
      const { after, isAtFault } = withCrash(crashes, moment, true, n * PATIENCE_MS, PATIENCE_MS)
      expect(isAtFault).toBe(false)
      crashes = after
    }
    expect(crashes).toMatchObject({ crashes: { a: 2, b: 2 }, kills: { b: MOST_KILLS - 1 } })
  })
})
