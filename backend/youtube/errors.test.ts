import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPacificMidnight } from '../domain/pacific.ts'
import { youtubeFault } from './errors.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const HOUR = 3_600_000
const said = (reason: string, message = '') => ({ error: { message, errors: [{ reason }] } })

describe('what a refusal of Google’s means', () => {
  it.each([
    [503, null, 'transient', undefined],
    [500, said('backendError'), 'transient', undefined],
    [403, said('quotaExceeded'), 'quota', nextPacificMidnight(NOW)],
    [429, said('rateLimitExceeded', 'limit "Video Uploads per day"'), 'quota', nextPacificMidnight(NOW)],
    [403, said('userRateLimitExceeded'), 'transient', NOW + 60_000],
    [400, said('uploadLimitExceeded'), 'quota', NOW + 24 * HOUR],
    [400, { error: 'invalid_grant' }, 'person', undefined],
    [401, said('authError'), 'transient', undefined],
    [401, said('youtubeSignupRequired'), 'person', undefined],
    [403, said('insufficientPermissions'), 'person', undefined],
    [400, said('invalidTitle'), 'damaged', undefined],
    [400, said('badRequest'), 'bug', undefined],
    [403, said('forbidden'), 'bug', undefined],
  ])('%i %j: %s', (status, body, kind, notBeforeMs) => {
    const name = JSON.stringify(body).includes('_grant') ? 'google' : 'youtube'
    const fault = youtubeFault('to take the video', status, body, NOW, name)
    expect([fault.kind, fault.notBeforeMs]).toEqual([kind, notBeforeMs])
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
