/** A hundred schedules of events in bad weather; `npm run soak -- events` plays ten thousand. */
import { expect, it } from 'vitest'
import { soakEvents } from '../scripts/soak/events.ts'

it('lost, late, repeated events and restarts end with the same shows', { timeout: 200_000 }, async () => {
  const report = await soakEvents(100)
  expect(report).toMatchObject({ schedules: 100, different: 0 })
  expect(report.lost).toBeGreaterThan(10)
})
