/**
 * Who pays, and what they may. Whatever happens at Stripe, whoever tells of it and however often: `sync` asks Stripe and
 * records the answer, for one customer by one process at a time.
 */
import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../shared/clock.ts'
import type { Price, ReturnAddresses, StripeBilling } from './billing/stripe.ts'
import { findChannel } from './db/channels.ts'
import { within, type Database, type Tx } from './db/database.ts'
import { isLeaving } from './db/departures.ts'
import { installationSecret } from './db/installation.ts'
import { underLease } from './db/leases.ts'
import { takeUpUnpaid } from './db/recap-again.ts'
import {
  allSubscribers,
  forgetStripeEvents,
  forgetSubscriber,
  hadTrial,
  openStripeEvents,
  rememberTrial,
  saveCustomer,
  saveSubscription,
  storeStripeEvent,
  stripeEventsHandled,
  subscriberByCustomer,
  subscriberOf,
} from './db/subscribers.ts'
import {
  accessOf,
  billingNews,
  countingOne,
  isStanding,
  type Access,
  type Subscription,
} from './domain/access.ts'
import { prepareNotice, type NoticeContext } from './jobs/notices.ts'
import { errorText, type Log } from './log.ts'
import { billingLetter } from './mail/billing-letters.ts'

export interface SubscribersOptions {
  clock: Clock
  log: Log
  stripe: StripeBilling
  siteUrl: string
  /** A payment that failed changes nothing for so long. */
  graceMs: number
  trialDays: number
  notices: NoticeContext
}

export interface PlanState {
  access: Access
  subscription: Subscription | null
  /** Days of the trial that a checkout begun now would come with; 0: none. */
  trialDays: number
}

export interface Subscribers {
  accessOf(channelId: string): Promise<Access>
  planOf(channelId: string): Promise<PlanState>
  /** @throws {Fault} */
  price(): Promise<Price>
  /** Where to pay; null: there is a subscription already, which the portal is for. @throws {Fault} */
  checkout(channelId: string): Promise<string | null>
  /** Where to change, end and see invoices; null: there never was anything to. @throws {Fault} */
  portal(channelId: string): Promise<string | null>
  /** A browser came back from this checkout. @throws {Fault} */
  returned(channelId: string, sessionId: string): Promise<void>
  /** Stores an event of Stripe; false: it is not from Stripe. Only what is stored may be answered. */
  storeEvent(body: string, signature: string): Promise<boolean>
  /** Looks into what events hint at. */
  lookIntoEvents(): Promise<void>
  /** Whoever was not asked about for long, and news that only time brings. */
  round(): Promise<void>
  /** The account is deleted: nothing is charged any more, and Stripe forgets the person. Safe to repeat. @throws {Fault} */
  leave(channelId: string): Promise<void>
}

/** Longer than Stripe may take to answer all that is asked under it. */
const LEASE_MS = 3 * 60_000
/** Somebody may be looking at a blank page meanwhile. */
const LEASE_POLL_MS = 20
const ASK_AGAIN_MS = 6 * 60 * 60_000
const KEEP_EVENTS_MS = 30 * 24 * 60 * 60_000
/** After that Twitch may have deleted the recording of a stream that was not paid for. */
const TAKE_UP_MS = 14 * 24 * 60 * 60_000
const derive = promisify(scrypt)

export function makeSubscribers(db: Database, options: SubscribersOptions): Subscribers {
  const { clock, log, stripe, siteUrl, graceMs } = options
  let price: { untilMs: number; asked: Promise<Price> } | null = null
  const access = async (channelId: string) =>
    accessOf((await subscriberOf(db, channelId))?.subscription ?? null, clock.now(), graceMs)

  const customerLease = <T>(channelId: string, work: () => Promise<T>) =>
    underLease(db, `billing:${channelId}`, LEASE_MS, clock, work, LEASE_POLL_MS)

  /** Asks and records; the caller holds the customer's lease. */
  const ask = async (customerId: string): Promise<Subscription | null> => {
    for (;;) {
      const before = await subscriberByCustomer(db, customerId)
      if (!before) return null
      const all = await stripe.subscriptionsOf(customerId)
      const subscription = countingOne(all)
      for (const surplus of all.filter((s) => isStanding(s) && s.id !== subscription?.id)) {
        log.error({ channelId: before.channelId }, 'a second subscription of one customer was ended')
        await stripe.cancelNow(surplus.id)
      }
      const knewTrial = (before.subscription?.trialEndMs ?? null) !== null
      if (!knewTrial && all.some((s) => s.trialEndMs !== null)) await noteTrial(before.channelId)
      // Whoever was frozen and overtaken looks again instead of writing what was.
      if (await db.transaction().execute((tx) => record(tx, before, subscription))) return subscription
    }
  }
  const record = async (
    tx: Tx,
    before: NonNullable<Awaited<ReturnType<typeof subscriberOf>>>,
    subscription: Subscription | null,
  ) => {
    if (!(await saveSubscription(tx, before, subscription, clock.now()))) return false
    const may = accessOf(subscription, clock.now(), graceMs).mayRender
    if (may && !accessOf(before.subscription, clock.now(), graceMs).mayRender)
      await takeUpUnpaid(tx, before.channelId, clock.now() - TAKE_UP_MS, clock.now())
    return true
  }

  const sync = async (customerId: string) => {
    const subscriber = await subscriberByCustomer(db, customerId)
    if (!subscriber) return
    await customerLease(subscriber.channelId, () => ask(customerId))
    await tell(subscriber.channelId)
  }

  const tell = async (channelId: string) => {
    const subscriber = await subscriberOf(db, channelId)
    const occasion = billingNews(subscriber?.subscription ?? null, clock.now(), graceMs)
    const channel = occasion && (await findChannel(db, channelId))
    if (!occasion || !channel) return
    const { untilMs } = accessOf(subscriber?.subscription ?? null, clock.now(), graceMs)
    const url = `${siteUrl}/billing`
    const queue = await prepareNotice(options.notices, channel, {
      kind: 'plan',
      about: `${occasion.news}.${occasion.about}`,
      url,
      data: { news: occasion.news },
      letter: (unsubscribe) => billingLetter(occasion.news, { untilMs, url, unsubscribe }),
    })
    await within(db, (tx) => queue(tx, clock.now()))
  }

  const attempt = (customerId: string, work: () => Promise<void>) =>
    work().catch((error: unknown) =>
      log.warn({ error: errorText(error), customerId }, 'a subscription could not be looked at'),
    )

  const trialHash = async (channelId: string) => {
    // Few digits make an id: only something slow, salted here, keeps it from being found by trying all.
    const hash = (await derive(channelId, await installationSecret(db, 'salt'), 32)) as Buffer
    return hash.toString('base64')
  }
  const noteTrial = async (channelId: string) => rememberTrial(db, await trialHash(channelId), clock.now())
  const trialFor = async (channelId: string) => {
    if (options.trialDays === 0 || (await hadTrial(db, await trialHash(channelId)))) return 0
    return options.trialDays
  }

  return {
    accessOf: access,
    async planOf(channelId) {
      const subscription = (await subscriberOf(db, channelId))?.subscription ?? null
      const state = accessOf(subscription, clock.now(), graceMs)
      return { access: state, subscription, trialDays: await trialFor(channelId) }
    },
    price() {
      if (price && price.untilMs > clock.now()) return price.asked
      const asked = stripe.price()
      price = { untilMs: clock.now() + 10 * 60_000, asked }
      asked.catch(() => (price = null))
      return asked
    },
    checkout: (channelId) =>
      customerLease(channelId, async () => {
        const channel = await findChannel(db, channelId)
        // `leave` takes the same lease: what is bought before it, it ends; after it, nothing is bought.
        if (!channel || (await isLeaving(db, channelId))) return null
        const { displayName: name, email, createdAtMs } = channel
        const known = (await subscriberOf(db, channelId))?.customerId
        const customerId =
          known ??
          (await saveCustomer(
            db,
            channelId,
            await stripe.createCustomer(`customer:${channelId}:${createdAtMs}`, { name, email, channelId }),
          ))
        const subscription = await ask(customerId)
        if (subscription && isStanding(subscription)) return null
        const returnTo: ReturnAddresses = {
          success: `${siteUrl}/billing/done?session={CHECKOUT_SESSION_ID}`,
          cancel: `${siteUrl}/billing`,
        }
        return stripe.checkout(customerId, returnTo, (await trialFor(channelId)) > 0)
      }),
    async portal(channelId) {
      const customerId = (await subscriberOf(db, channelId))?.customerId
      return customerId ? stripe.portal(customerId, `${siteUrl}/billing`) : null
    },
    async returned(channelId, sessionId) {
      const customerId = (await subscriberOf(db, channelId))?.customerId
      if (customerId && (await stripe.customerOfCheckout(sessionId)) === customerId) await sync(customerId)
    },
    async storeEvent(body, signature) {
      const event = await stripe.readEvent(body, signature)
      if (!event) return false
      const { id, type, customerId } = event
      if (customerId) await storeStripeEvent(db, { id, type, customerId }, clock.now())
      return true
    },
    async lookIntoEvents() {
      for (const [customerId, ids] of await openStripeEvents(db))
        await attempt(customerId, async () => {
          await sync(customerId)
          await stripeEventsHandled(db, ids, clock.now())
        })
    },
    async round() {
      for (const { customerId, channelId, syncedAtMs } of await allSubscribers(db))
        await attempt(customerId ?? '', async () => {
          if (customerId && syncedAtMs < clock.now() - ASK_AGAIN_MS) await sync(customerId)
          else await tell(channelId)
        })
      await forgetStripeEvents(db, clock.now() - KEEP_EVENTS_MS)
    },
    leave: (channelId) =>
      customerLease(channelId, async () => {
        const customerId = (await subscriberOf(db, channelId))?.customerId
        if (customerId) {
          const all = await stripe.subscriptionsOf(customerId)
          if (all.some((s) => s.trialEndMs !== null)) await noteTrial(channelId)
          for (const standing of all.filter(isStanding)) await stripe.cancelNow(standing.id)
          await stripe.deleteCustomer(customerId)
        }
        await forgetSubscriber(db, channelId)
      }),
  }
}
