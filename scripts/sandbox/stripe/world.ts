/**
 * The sandbox's Stripe: customers, checkouts, subscriptions and invoices with a clock of their own, and signed events that
 * may be held back, doubled, or come in any order, as Stripe says of its own.
 */
import { randomBytes } from 'node:crypto'
import Stripe from 'stripe'
import { MovableClock } from '../clock.ts'

/** `bad` is taken for a trial and declined when it is charged. */
export type Card = 'good' | 'bad' | 'none'

export interface Customer {
  id: string
  name: string
  email: string | null
  metadata: Record<string, string>
  card: Card
  deleted: boolean
}

export interface CheckoutSession {
  id: string
  customer: string
  status: 'open' | 'complete' | 'expired'
  price: string
  trialDays: number
  successUrl: string
  cancelUrl: string
  metadata: Record<string, string>
  createdSec: number
}

export interface Subscription {
  id: string
  customer: string
  price: string
  status: 'trialing' | 'active' | 'past_due' | 'canceled'
  createdSec: number
  trialEndSec: number | null
  periodStartSec: number
  periodEndSec: number
  cancelAtPeriodEnd: boolean
  endedSec: number | null
  /** Failed tries for the period that is not paid. */
  tries: number
  toldOfTrialEnd: boolean
}

export interface Invoice {
  id: string
  customer: string
  subscription: string
  amount: number
  status: 'paid' | 'open' | 'void'
  createdSec: number
}

export interface StripeEvent {
  id: string
  type: string
  body: string
}

const DAY_SEC = 24 * 60 * 60
const PERIOD_SEC = 30 * DAY_SEC
const TRIAL_TOLD_SEC = 3 * DAY_SEC
/** After the first failure; with the last in vain, the subscription ends. */
const RETRIES_SEC = [3, 5, 7, 14].map((days) => days * DAY_SEC)
const CHECKOUT_LASTS_SEC = DAY_SEC
const DELIVERIES = 5

export class StripeWorld {
  readonly clock: MovableClock
  readonly secretKey = `sk_test_${randomBytes(16).toString('hex')}`
  readonly webhookSecret = `whsec_${randomBytes(16).toString('hex')}`
  readonly price = { id: 'price_echoes_monthly', amount: 600, currency: 'eur', product: 'Echoes, monthly' }
  readonly customers = new Map<string, Customer>()
  readonly checkouts = new Map<string, CheckoutSession>()
  readonly subscriptions = new Map<string, Subscription>()
  readonly invoices: Invoice[] = []
  readonly portals = new Map<string, { customer: string; returnUrl: string }>()
  readonly events: StripeEvent[] = []
  /** Where events are delivered; null: nowhere. */
  endpoint: string | null = null
  /** Events wait for {@link deliver} instead of going out by themselves. */
  held = false
  readonly faults = {
    /** The next requests are answered with these. */
    statuses: [] as number[],
    /** Each request waits so long, milliseconds, after it has had its effect. */
    delayMs: () => 0,
  }
  readonly #stripe = new Stripe('sk_test_unused', { telemetry: false })

  constructor(clock = new MovableClock()) {
    this.clock = clock
  }

  nowSec(): number {
    return Math.floor(this.clock.now() / 1000)
  }

  addCustomer(name: string, email: string | null, metadata: Record<string, string>): Customer {
    const customer: Customer = { id: id('cus'), name, email, metadata, card: 'none', deleted: false }
    this.customers.set(customer.id, customer)
    this.#emit('customer.created', customer)
    return customer
  }

  deleteCustomer(customer: Customer): void {
    for (const each of this.subscriptions.values())
      if (each.customer === customer.id && each.status !== 'canceled') this.end(each)
    customer.deleted = true
    customer.email = null
    customer.name = ''
    this.#emit('customer.deleted', customer)
  }

  openCheckout(
    session: Pick<
      CheckoutSession,
      'customer' | 'price' | 'trialDays' | 'successUrl' | 'cancelUrl' | 'metadata'
    >,
  ) {
    const open: CheckoutSession = { ...session, id: id('cs_test'), status: 'open', createdSec: this.nowSec() }
    this.checkouts.set(open.id, open)
    return open
  }

  expireCheckout(session: CheckoutSession): void {
    session.status = 'expired'
    this.#emit('checkout.session.expired', session)
  }

  /** The customer pays. @returns where the browser is sent, or null when the card is declined */
  completeCheckout(session: CheckoutSession, card: Card): string | null {
    if (session.status !== 'open') throw new Error('this checkout is over')
    const customer = this.#customer(session.customer)
    if (session.trialDays === 0 && card !== 'good') return null
    customer.card = card
    const now = this.nowSec()
    const trialEndSec = session.trialDays > 0 ? now + session.trialDays * DAY_SEC : null
    const subscription: Subscription = {
      id: id('sub'),
      customer: customer.id,
      price: session.price,
      status: trialEndSec ? 'trialing' : 'active',
      createdSec: now,
      trialEndSec,
      periodStartSec: now,
      periodEndSec: trialEndSec ?? now + PERIOD_SEC,
      cancelAtPeriodEnd: false,
      endedSec: null,
      tries: 0,
      toldOfTrialEnd: false,
    }
    this.subscriptions.set(subscription.id, subscription)
    session.status = 'complete'
    this.#invoice(subscription, trialEndSec ? 0 : this.price.amount, 'paid')
    this.#emit('customer.subscription.created', subscription)
    this.#emit('checkout.session.completed', session)
    return session.successUrl.replace('{CHECKOUT_SESSION_ID}', session.id)
  }

  openPortal(customer: string, returnUrl: string): string {
    const portal = id('bps')
    this.portals.set(portal, { customer, returnUrl })
    return portal
  }

  cancelAtPeriodEnd(subscription: Subscription, cancel: boolean): void {
    subscription.cancelAtPeriodEnd = cancel
    this.#emit('customer.subscription.updated', subscription)
  }

  /** Another card; what is not paid is tried with it at once. */
  changeCard(customerId: string, card: Card): void {
    this.#customer(customerId).card = card
    for (const each of this.subscriptions.values())
      if (each.customer === customerId && each.status === 'past_due') this.#charge(each)
  }

  end(subscription: Subscription): void {
    subscription.status = 'canceled'
    subscription.endedSec = this.nowSec()
    this.#emit('customer.subscription.deleted', subscription)
  }

  /** Moves the clock, and does what comes due on the way. */
  advanceDays(days: number): void {
    for (let day = 0; day < days; day++) {
      this.clock.advance(DAY_SEC * 1000)
      this.#comeDue()
    }
  }

  #comeDue(): void {
    const now = this.nowSec()
    for (const session of this.checkouts.values())
      if (session.status === 'open' && now - session.createdSec >= CHECKOUT_LASTS_SEC)
        this.expireCheckout(session)
    for (const s of this.subscriptions.values()) {
      if (s.status === 'canceled') continue
      if (s.status === 'trialing' && !s.toldOfTrialEnd && s.periodEndSec - now <= TRIAL_TOLD_SEC) {
        s.toldOfTrialEnd = true
        this.#emit('customer.subscription.trial_will_end', s)
      }
      const nextTry =
        s.status === 'past_due' ? s.periodStartSec + (RETRIES_SEC[s.tries - 1] ?? 0) : s.periodEndSec
      if (now < nextTry) continue
      const ends =
        s.cancelAtPeriodEnd || (s.status === 'trialing' && this.#customer(s.customer).card === 'none')
      if (s.status !== 'past_due' && ends) this.end(s)
      else this.#charge(s)
    }
  }

  #charge(s: Subscription): void {
    if (s.status !== 'past_due') {
      s.periodStartSec = s.periodEndSec
      s.periodEndSec += PERIOD_SEC
    }
    if (this.#customer(s.customer).card === 'good') {
      s.status = 'active'
      s.tries = 0
      this.#invoice(s, this.price.amount, 'paid')
      this.#emit('customer.subscription.updated', s)
      return
    }
    s.tries++
    if (s.tries > RETRIES_SEC.length) return this.end(s)
    s.status = 'past_due'
    this.#emit('invoice.payment_failed', this.#invoice(s, this.price.amount, 'open'))
    this.#emit('customer.subscription.updated', s)
  }

  #invoice(s: Subscription, amount: number, status: Invoice['status']): Invoice {
    const { customer, id: subscription } = s
    const invoice: Invoice = {
      id: id('in'),
      customer,
      subscription,
      amount,
      status,
      createdSec: this.nowSec(),
    }
    this.invoices.push(invoice)
    if (status === 'paid') this.#emit('invoice.paid', invoice)
    return invoice
  }

  #customer(customerId: string): Customer {
    const customer = this.customers.get(customerId)
    if (!customer) throw new Error(`there is no customer ${customerId}`)
    return customer
  }

  #emit(type: string, object: Customer | CheckoutSession | Subscription | Invoice): void {
    const event = {
      id: id('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: this.nowSec(),
      type,
    }
    const body = JSON.stringify({ ...event, livemode: false, data: { object: resourceOf(this, object) } })
    const stored = { id: event.id, type, body }
    this.events.push(stored)
    if (!this.held && this.endpoint) void this.deliver(stored)
  }

  /** @param to another endpoint of the same account */
  async deliver(event: StripeEvent, to = this.endpoint): Promise<number> {
    let status = 0
    for (let attempt = 0; attempt < DELIVERIES && (status < 200 || status >= 300); attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt))
      // Receivers compare it with their own clock.
      const timestamp = Math.floor(Date.now() / 1000)
      const signature = await this.#stripe.webhooks.generateTestHeaderStringAsync({
        payload: event.body,
        secret: this.webhookSecret,
        timestamp,
      })
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
      const answer = await fetch(to ?? '', { method: 'POST', body: event.body, headers }).catch(() => null)
      await answer?.body?.cancel()
      status = answer?.status ?? 0
    }
    return status
  }
}

const id = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`

/** Each as Stripe's API shows it. */
export function resourceOf(world: StripeWorld, it: Customer | CheckoutSession | Subscription | Invoice) {
  if ('card' in it)
    return it.deleted
      ? { id: it.id, object: 'customer', deleted: true }
      : { id: it.id, object: 'customer', name: it.name, email: it.email, metadata: it.metadata }
  if ('successUrl' in it) {
    const subscription = [...world.subscriptions.values()].find((s) => s.customer === it.customer)
    return {
      id: it.id,
      object: 'checkout.session',
      mode: 'subscription',
      status: it.status,
      payment_status: it.status !== 'complete' ? 'unpaid' : it.trialDays > 0 ? 'no_payment_required' : 'paid',
      customer: it.customer,
      subscription: it.status === 'complete' ? (subscription?.id ?? null) : null,
      metadata: it.metadata,
      created: it.createdSec,
      success_url: it.successUrl,
      cancel_url: it.cancelUrl,
    }
  }
  if ('periodEndSec' in it)
    return {
      id: it.id,
      object: 'subscription',
      customer: it.customer,
      status: it.status,
      created: it.createdSec,
      start_date: it.createdSec,
      trial_start: it.trialEndSec === null ? null : it.createdSec,
      trial_end: it.trialEndSec,
      cancel_at: it.cancelAtPeriodEnd ? it.periodEndSec : null,
      cancel_at_period_end: it.cancelAtPeriodEnd,
      ended_at: it.endedSec,
      items: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: `si_${it.id}`,
            object: 'subscription_item',
            current_period_start: it.periodStartSec,
            current_period_end: it.periodEndSec,
            price: { id: it.price, object: 'price' },
            quantity: 1,
          },
        ],
      },
    }
  const { id: invoiceId, customer, subscription, amount, status, createdSec } = it
  return {
    id: invoiceId,
    object: 'invoice',
    customer,
    status,
    amount_due: amount,
    created: createdSec,
    parent: { type: 'subscription_details', subscription_details: { subscription } },
  }
}

// Lenient here: taxes, currencies and prorated amounts are not computed; events come at once.
