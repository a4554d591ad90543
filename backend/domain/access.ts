/**
 * What a subscription at Stripe lets a channel do: one table from its states to ours. What Stripe may say tomorrow and we
 * do not know is no access, never an error.
 */

/** Of a subscription, what decides. Instants are UTC milliseconds. */
export interface Subscription {
  id: string
  /** Stripe's word (docs.stripe.com/api/subscriptions/object, `status`). */
  status: string
  createdAtMs: number
  /** Null: it never had a trial. */
  trialEndMs: number | null
  /** Of what is paid, or to be paid, at present. */
  periodStartMs: number
  periodEndMs: number
  /** When it ends, where that is settled. */
  endsAtMs: number | null
}

export type AccessState =
  /** There never was one, or not yet. */
  | 'none'
  /** The first payment is under way. */
  | 'starting'
  | 'trial'
  | 'active'
  /** Paid or on trial, and it ends by itself. */
  | 'ending'
  /** A payment failed; Stripe tries again, and so long nothing changes. */
  | 'grace'
  | 'lapsed'

export interface Access {
  mayRender: boolean
  state: AccessState
  /** Until when that is so; null where nothing is settled. */
  untilMs: number | null
}

/** Where billing is off, everybody may everything. */
export const FREE: Access = { mayRender: true, state: 'active', untilMs: null }

/** How near to its end a trial is told of. */
export const TRIAL_NOTICE_MS = 3 * 24 * 60 * 60_000

export function accessOf(subscription: Subscription | null, nowMs: number, graceMs: number): Access {
  if (!subscription) return { mayRender: false, state: 'none', untilMs: null }
  const { status, periodStartMs, periodEndMs, trialEndMs, endsAtMs } = subscription
  const lapsed = { mayRender: false, state: 'lapsed', untilMs: null } as const
  switch (status) {
    case 'trialing':
    case 'active':
      if (endsAtMs !== null) return { mayRender: true, state: 'ending', untilMs: endsAtMs }
      return status === 'trialing'
        ? { mayRender: true, state: 'trial', untilMs: trialEndMs ?? periodEndMs }
        : { mayRender: true, state: 'active', untilMs: periodEndMs }
    case 'past_due': {
      // The period that is not paid began when the payment failed first.
      const untilMs = periodStartMs + graceMs
      return nowMs < untilMs ? { mayRender: true, state: 'grace', untilMs } : lapsed
    }
    case 'incomplete':
      return { mayRender: false, state: 'starting', untilMs: null }
    case 'incomplete_expired':
      return { mayRender: false, state: 'none', untilMs: null }
    default:
      return lapsed
  }
}

/** Which states leave a subscription that may be paid for again: beside one of these there must be no second. */
const STANDING = new Set(['trialing', 'active', 'past_due', 'unpaid', 'paused', 'incomplete'])
/** The best first. */
const ORDER = ['active', 'trialing', 'past_due', 'paused', 'unpaid', 'incomplete', 'canceled']

export function isStanding(subscription: Subscription): boolean {
  return STANDING.has(subscription.status)
}

/**
 * Of all subscriptions that a customer ever had, the one that counts: not the newest, since a first payment that failed
 * would hide one that works.
 */
export function countingOne(subscriptions: readonly Subscription[]): Subscription | null {
  const rank = ({ status }: Subscription) => {
    const at = ORDER.indexOf(status)
    return at === -1 ? ORDER.length : at
  }
  const [best] = [...subscriptions].sort(
    (a, b) => rank(a) - rank(b) || b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1),
  )
  return best ?? null
}

export type BillingNews = 'trial-ends' | 'payment-failed' | 'lapsed'

/** What there is to tell about a subscription as it is now; `about` names the occasion, so that each is told once. */
export function billingNews(
  subscription: Subscription | null,
  nowMs: number,
  graceMs: number,
): { news: BillingNews; about: string } | null {
  if (!subscription) return null
  const { id, periodStartMs, trialEndMs } = subscription
  const { state } = accessOf(subscription, nowMs, graceMs)
  if (state === 'trial' && trialEndMs !== null && trialEndMs - nowMs <= TRIAL_NOTICE_MS)
    return { news: 'trial-ends', about: `${id}.${trialEndMs}` }
  if (state === 'grace') return { news: 'payment-failed', about: `${id}.${periodStartMs}` }
  if (state === 'lapsed') return { news: 'lapsed', about: `${id}.${periodStartMs}` }
  return null
}
