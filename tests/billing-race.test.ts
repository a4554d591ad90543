/** Some schedules of the race between return page and webhooks; `npm run soak -- billing` plays five hundred. */
import { expect, inject, it } from 'vitest'
import { soakBilling } from '../scripts/soak/billing.ts'

const SCHEDULES = 40

it(
  'however events and browsers arrive, there is one customer with one subscription',
  { timeout: 120_000 },
  async () => {
    const report = await soakBilling(inject('clockVod'), SCHEDULES)
    const each = { schedules: SCHEDULES, customers: SCHEDULES, subscriptions: SCHEDULES }
    expect(report).toMatchObject(each)
    expect(report.events).toBeGreaterThan(SCHEDULES)
  },
)
