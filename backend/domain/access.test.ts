import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, billingNews, countingOne, isStanding, type Subscription } from './access.ts'

const DAY = 24 * 60 * 60_000
const GRACE = 7 * DAY
const NOW = Date.UTC(2026, 10, 24)
const of = (status: string, more: Partial<Subscription> = {}): Subscription => ({
  id: 'sub_1',
  status,
  createdAtMs: NOW - 40 * DAY,
  trialEndMs: null,
  periodStartMs: NOW - 3 * DAY,
  periodEndMs: NOW + 27 * DAY,
  endsAtMs: null,
  ...more,
})
const may = (subscription: Subscription | null, now = NOW) => accessOf(subscription, now, GRACE).mayRender

const STATUSES = [
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
  'incomplete_expired',
  'canceled',
]
const anySubscription = fc
  .record({ status: fc.constantFrom(...STATUSES, 'frozen_over'), createdAtMs: fc.nat(NOW), id: fc.uuid() })
  .map(({ status, ...more }) => of(status, more))

describe('what a subscription lets a channel do', () => {
  it('trialing and active: yes, also when its end is settled; incomplete, unpaid, paused, canceled: no', () => {
    const yes = STATUSES.filter((status) => may(of(status, { periodStartMs: NOW - 8 * DAY })))
    expect(yes).toEqual(['trialing', 'active'])
    const ends = accessOf(of('active', { endsAtMs: NOW + DAY }), NOW, GRACE)
    expect(ends).toEqual({ mayRender: true, state: 'ending', untilMs: NOW + DAY })
    expect(may(null)).toBe(false)
  })
  it('past due: for seven days from the day the payment failed, to the millisecond', () => {
    const unpaid = of('past_due', { periodStartMs: NOW })
    expect([may(unpaid, NOW), may(unpaid, NOW + GRACE - 1), may(unpaid, NOW + GRACE)]).toEqual([
      true,
      true,
      false,
    ])
  })
  it('a state that Stripe may add is no access, and no error', () => {
    expect(accessOf(of('frozen_over'), NOW, GRACE)).toMatchObject({ mayRender: false, state: 'lapsed' })
  })
})

describe('of many subscriptions', () => {
  it('one that gives access is never hidden by another, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(anySubscription), (all) => {
        const one = countingOne(all)
        expect(countingOne([...all].reverse())).toEqual(one)
        const best = all.some((s) => ['active', 'trialing'].includes(s.status))
        if (best) expect(may(one)).toBe(true)
        // What still stands is not overlooked: beside it there must be no second.
        expect(one !== null && isStanding(one)).toBe(all.some(isStanding))
      }),
    )
  })
})

describe('what is told', () => {
  it('a trial three days before its end, a failed payment, a lapse; each occasion has its own name', () => {
    const trial = of('trialing', { trialEndMs: NOW + 3 * DAY })
    expect(billingNews(trial, NOW - 1, GRACE)).toBeNull()
    expect(billingNews(trial, NOW, GRACE)?.news).toBe('trial-ends')
    expect(billingNews(of('active'), NOW, GRACE)).toBeNull()
    const unpaid = of('past_due', { periodStartMs: NOW })
    const [failed, lapsed] = [NOW, NOW + GRACE].map((now) => billingNews(unpaid, now, GRACE))
    expect([failed?.news, lapsed?.news]).toEqual(['payment-failed', 'lapsed'])
    const next = billingNews(of('past_due', { periodStartMs: NOW + 30 * DAY }), NOW + 30 * DAY, GRACE)
    expect(next?.about).not.toBe(failed?.about)
  })
})
