/**
 * Stripe: customers, checkout, portal, subscriptions, and its signed events. Only what Stripe says when asked counts; an
 * event is a hint to ask. Facts of the API: docs.stripe.com/billing/subscriptions/webhooks, docs.stripe.com/checkout/fulfillment.
 */
import Stripe from 'stripe'
import { Fault } from '../../shared/fault.ts'
import { faultOf } from '../domain/failures.ts'
import type { Subscription } from '../domain/access.ts'

export interface StripeOptions {
  secretKey: string
  webhookSecret: string
  priceId: string
  /** Address of the API; undefined: Stripe's own. */
  apiUrl: string | undefined
  trialDays: number
}

export interface Price {
  name: string
  /** In the currency's smallest unit. */
  amount: number | null
  currency: string
  /** `month`, `year` …; null: paid once. */
  interval: string | null
}

export interface StripeEventHint {
  id: string
  type: string
  customerId: string | null
}

export interface StripeBilling {
  /** The same `key` makes one customer. */
  createCustomer(
    key: string,
    customer: { name: string; email: string | null; channelId: string },
  ): Promise<string>
  /** All that the customer ever had. */
  subscriptionsOf(customerId: string): Promise<Subscription[]>
  /** A checkout that can still be paid: the one that is open, or a new one. @param key of a new one */
  checkout(customerId: string, returnTo: ReturnAddresses, trial: boolean): Promise<string>
  /** Whose checkout it was; null: there is none. */
  customerOfCheckout(sessionId: string): Promise<string | null>
  /** A link into Stripe's own pages, good for some minutes. */
  portal(customerId: string, returnUrl: string): Promise<string>
  cancelNow(subscriptionId: string): Promise<void>
  /** Deletes a customer, with whatever subscription there is. Stripe keeps the invoices. */
  deleteCustomer(customerId: string): Promise<void>
  price(): Promise<Price>
  /** @returns null when the signature is not Stripe's */
  readEvent(body: string, signature: string): Promise<StripeEventHint | null>
}

export interface ReturnAddresses {
  /** `{CHECKOUT_SESSION_ID}` is filled in by Stripe. */
  success: string
  cancel: string
}

/** Whether somebody waits at the other end of it or not: a page must answer. */
const TIMEOUT_MS = 15_000
const RETRIES = 2
const SECOND_MS = 1_000

/** Where Stripe's own pages lie, to which forms of ours lead. @param apiUrl as in the options */
export function stripePages(apiUrl: string | undefined): string[] {
  return apiUrl ? [new URL(apiUrl).origin] : ['https://checkout.stripe.com', 'https://billing.stripe.com']
}

export function stripeBilling(options: StripeOptions): StripeBilling {
  const stripe = new Stripe(options.secretKey, {
    ...addressOf(options.apiUrl),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
  })
  return {
    createCustomer: (key, { name, email, channelId }) =>
      asFault('make a customer', async () => {
        const customer = await stripe.customers.create(
          { name, ...(email ? { email } : {}), metadata: { channelId } },
          { idempotencyKey: key },
        )
        return customer.id
      }),
    subscriptionsOf: (customer) =>
      asFault('tell of subscriptions', async () => {
        const found: Subscription[] = []
        for await (const each of stripe.subscriptions.list({ customer, status: 'all', limit: 100 }))
          found.push(subscriptionFrom(each))
        return found
      }),
    checkout: (customer, returnTo, trial) =>
      asFault('open a checkout', async () => {
        const open = await stripe.checkout.sessions.list({ customer, status: 'open', limit: 10 })
        // One that was begun under other conditions must not be paid any more.
        const asNow = (s: Stripe.Checkout.Session) =>
          s.url && s.metadata?.price === options.priceId && s.metadata.trial === String(trial)
        const [first, ...rest] = open.data.filter(asNow)
        for (const old of [...open.data.filter((s) => !asNow(s)), ...rest])
          await stripe.checkout.sessions.expire(old.id)
        if (first?.url) return first.url
        const session = await stripe.checkout.sessions.create({
          mode: 'subscription',
          customer,
          line_items: [{ price: options.priceId, quantity: 1 }],
          success_url: returnTo.success,
          cancel_url: returnTo.cancel,
          metadata: { price: options.priceId, trial: String(trial) },
          ...(trial
            ? {
                payment_method_collection: 'if_required',
                subscription_data: {
                  trial_period_days: options.trialDays,
                  trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
                },
              }
            : {}),
        })
        if (!session.url) throw new Fault('Stripe opened a checkout without an address', 'transient')
        return session.url
      }),
    customerOfCheckout: (id) =>
      asFault('tell of a checkout', async () => {
        try {
          const { customer } = await stripe.checkout.sessions.retrieve(id)
          return idOf(customer)
        } catch (error) {
          if (isMissing(error)) return null
          throw error
        }
      }),
    portal: (customer, return_url) =>
      asFault('open the portal', async () => {
        const { url } = await stripe.billingPortal.sessions.create({ customer, return_url })
        return url
      }),
    cancelNow: (id) =>
      asFault('end a subscription', async () => {
        await stripe.subscriptions.cancel(id, { invoice_now: true, prorate: true }).catch(unlessMissing)
      }),
    deleteCustomer: (id) =>
      asFault('delete a customer', async () => {
        // What is open in a tab somewhere must not be paid any more.
        const open = await stripe.checkout.sessions.list({ customer: id, status: 'open', limit: 100 })
        for (const session of open.data) await stripe.checkout.sessions.expire(session.id)
        await stripe.customers.del(id).catch(unlessMissing)
      }),
    price: () =>
      asFault('tell of the price', async () => {
        const price = await stripe.prices.retrieve(options.priceId, { expand: ['product'] })
        const { product, unit_amount: amount, currency, recurring } = price
        const name = typeof product === 'object' && 'name' in product ? product.name : 'Echoes'
        return { name, amount, currency, interval: recurring?.interval ?? null }
      }),
    async readEvent(body, signature) {
      try {
        const event = await stripe.webhooks.constructEventAsync(body, signature, options.webhookSecret)
        const about = event.data.object as { id?: string; object?: string; customer?: unknown }
        const customerId =
          about.object === 'customer' ? (about.id ?? null) : idOf(about.customer as { id: string } | string)
        return { id: event.id, type: event.type, customerId }
      } catch (error) {
        if (error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError)
          return null
        throw error
      }
    },
  }
}

/** `current_period_*` stand at the item since API version 2025-03-31. */
function subscriptionFrom(s: Stripe.Subscription): Subscription {
  const [item] = s.items.data
  const periodStart = item?.current_period_start ?? s.start_date
  const periodEnd = item?.current_period_end ?? s.start_date
  const endsAt = s.ended_at ?? s.cancel_at ?? (s.cancel_at_period_end ? periodEnd : null)
  return {
    id: s.id,
    status: s.status,
    createdAtMs: s.created * SECOND_MS,
    trialEndMs: s.trial_end === null ? null : s.trial_end * SECOND_MS,
    periodStartMs: periodStart * SECOND_MS,
    periodEndMs: periodEnd * SECOND_MS,
    endsAtMs: endsAt === null ? null : endsAt * SECOND_MS,
  }
}

function idOf(each: string | { id: string } | null | undefined): string | null {
  return typeof each === 'string' ? each : (each?.id ?? null)
}

function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing'
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}

function addressOf(apiUrl: string | undefined): {
  host?: string
  port?: number
  protocol?: 'http' | 'https'
} {
  if (!apiUrl) return {}
  const { hostname, port, protocol } = new URL(apiUrl)
  const https = protocol === 'https:'
  return { host: hostname, port: Number(port) || (https ? 443 : 80), protocol: https ? 'https' : 'http' }
}

/** Stripe's errors name keys and customers: only their kind and code go on. */
async function asFault<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    // A connection that failed has no status, and a page in place of an answer has one that says nothing.
    const status = (error.statusCode ?? 0) >= 400 ? (error.statusCode ?? null) : null
    const answer = { status, reason: error.code ?? error.type }
    throw faultOf('stripe', `to ${what}`, answer, Date.now())
  }
}
