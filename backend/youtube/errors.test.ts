import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPacificMidnight, youtubeFault } from './errors.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const HOUR = 3_600_000
const said = (reason: string, message = '') => ({ error: { message, errors: [{ reason }] } })

describe('what a refusal of Google’s means', () => {
  it.each([
    [503, null, 'retry', undefined],
    [500, said('backendError'), 'retry', undefined],
    [403, said('quotaExceeded'), 'retry', nextPacificMidnight(NOW)],
    [429, said('rateLimitExceeded', 'limit "Video Uploads per day"'), 'retry', nextPacificMidnight(NOW)],
    [403, said('userRateLimitExceeded'), 'retry', NOW + 60_000],
    [400, said('uploadLimitExceeded'), 'retry', NOW + 24 * HOUR],
    [400, { error: 'invalid_grant' }, 'reauth', undefined],
    [401, said('authError'), 'reauth', undefined],
    [401, said('youtubeSignupRequired'), 'reauth', undefined],
    [403, said('insufficientPermissions'), 'reauth', undefined],
    [400, said('invalidTitle'), 'permanent', undefined],
    [403, said('forbidden'), 'permanent', undefined],
  ])('%i %j: %s', (status, body, remedy, notBeforeMs) => {
    const fault = youtubeFault('to take the video', status, body, NOW)
    expect([fault.remedy, fault.notBeforeMs]).toEqual([remedy, notBeforeMs])
  })

  it('the daily quota is new at the next midnight in Los Angeles, in summer, in winter and between', () => {
    const hands = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/Los_Angeles', timeStyle: 'medium' })
    const [from, to] = [Date.parse('2026-01-01T00:00:00Z'), Date.parse('2028-01-01T00:00:00Z')]
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), (now) => {
        const midnight = nextPacificMidnight(now)
        expect(midnight).toBeGreaterThan(now)
        expect(midnight - now).toBeLessThanOrEqual(25 * HOUR)
        expect(hands.format(midnight)).toBe('00:00:00')
      }),
    )
    const change = Date.parse('2026-11-01T07:30:00Z') // half past midnight, and the day has 25 hours
    expect(nextPacificMidnight(change)).toBe(Date.parse('2026-11-02T08:00:00Z'))
  })
})
