/** The billing page: the plan, its state in words, the next date, and the ways to Stripe's own pages. */
import { Hono } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { dayText } from '../../../shared/day-text.ts'
import type { Price } from '../../billing/stripe.ts'
import { findChannel } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import type { AccessState } from '../../domain/access.ts'
import { errorText, type Log } from '../../log.ts'
import type { PlanState, Subscribers } from '../../subscribers.ts'
import type { Gate } from './gate.ts'
import { Layout, toHtml } from './layout.tsx'

export interface BillingOptions {
  db: Database
  clock: Clock
  log: Log
  gate: Gate
  subscribers: Subscribers
}

/** Stripe's event comes within seconds; after this, what we know is what there is. */
const PATIENCE_MS = 2 * 60_000

export function billingRoutes({ db, clock, log, gate, subscribers }: BillingOptions): Hono {
  const app = new Hono()

  app.get('/billing', async (c) => {
    const { channelId } = await gate.streamer(c)
    const channel = await findChannel(db, channelId)
    const [plan, price] = await Promise.all([
      subscribers.planOf(channelId),
      subscribers.price().catch((error: unknown) => {
        log.warn({ error: errorText(error) }, 'the price is not known')
        return null
      }),
    ])
    // Just back from a checkout of which Stripe has not told us yet: the page looks again by itself.
    const backMs = Number(c.req.query('paid') ?? 0)
    const waits = clock.now() - backMs < PATIENCE_MS && !plan.access.mayRender
    if (waits) c.header('refresh', '3')
    const page = { channel: channel?.displayName ?? '', plan, price, waits }
    return c.html(toHtml(<Billing {...page} />), 200, { 'cache-control': 'no-store' })
  })

  app.post('/billing/checkout', async (c) => {
    const { channelId } = await gate.streamer(c)
    return c.redirect((await subscribers.checkout(channelId)) ?? '/billing', 303)
  })

  app.post('/billing/portal', async (c) => {
    const { channelId } = await gate.streamer(c)
    return c.redirect((await subscribers.portal(channelId)) ?? '/billing', 303)
  })

  app.get('/billing/done', async (c) => {
    const { channelId } = await gate.streamer(c)
    // Whatever goes wrong here, Stripe's event brings about the same.
    await subscribers
      .returned(channelId, c.req.query('session') ?? '')
      .catch((error: unknown) => log.warn({ error: errorText(error), channelId }, 'a return from Stripe'))
    return c.redirect(`/billing?paid=${clock.now()}`, 303)
  })
  return app
}

const TONE: Partial<Record<AccessState, string>> = { none: '', trial: 'good', active: 'good' }

const HEADING: Record<AccessState, string> = {
  none: 'No plan yet',
  starting: 'Your first payment is under way',
  trial: 'You are on trial',
  active: 'Your plan is active',
  ending: 'Your plan ends',
  grace: 'A payment did not go through',
  lapsed: 'Your plan has ended',
}

function sentenceOf({ access, trialDays }: PlanState): string {
  const day = access.untilMs === null ? '' : dayText(access.untilMs)
  switch (access.state) {
    case 'none':
      return trialDays > 0
        ? `Try it for ${trialDays} days; no card is needed for that. Echoes are taken and kept meanwhile, but recaps are made only with a plan.`
        : 'Echoes are taken and kept, but recaps are made only with a plan.'
    case 'starting':
      return 'As soon as Stripe has it, recaps are made.'
    case 'trial':
      return `Until ${day}. Give Stripe a way to pay before then, and it goes on by itself; else it ends, and nothing is charged.`
    case 'active':
      return `It is renewed on ${day}.`
    case 'ending':
      return `On ${day}, as you asked. Until then nothing changes, and you can take it back.`
    case 'grace':
      return `Stripe tries again by itself. Until ${day} nothing changes; another card mends it at once.`
    case 'lapsed':
      return 'No recaps are made at present. Echoes are still taken, and everything you set up is kept. With a plan it all goes on, also for streams of the last days.'
  }
}

function Billing(props: { channel: string; plan: PlanState; price: Price | null; waits: boolean }) {
  const { channel, plan, price, waits } = props
  const { state } = plan.access
  const known = plan.subscription !== null
  // A subscription that still stands is mended in the portal, not doubled.
  const canBegin = state === 'none' || (state === 'lapsed' && plan.subscription?.status === 'canceled')
  return (
    <Layout title="Plan – Echoes" nav={{ channel, role: 'streamer' }}>
      <h1>Plan</h1>
      <section class="card" aria-live="polite">
        {waits ? (
          <>
            <strong>Stripe has not told us yet</strong>
            <p>Mostly this takes a few seconds. This page looks again by itself.</p>
          </>
        ) : (
          <>
            <strong class={TONE[state] ?? 'warning'}>{HEADING[state]}</strong>
            <p>{sentenceOf(plan)}</p>
          </>
        )}
        <p class="muted">
          {price ? `${price.name}: ${priceText(price)}` : 'Stripe could not be asked for the price just now.'}
        </p>
        <div class="row">
          {canBegin && !waits && (
            <form method="post" action="/billing/checkout">
              <button class="primary">{plan.trialDays > 0 ? 'Start the trial' : 'Choose this plan'}</button>
            </form>
          )}
          {known && (
            <form method="post" action="/billing/portal">
              <button class={canBegin ? '' : 'primary'}>Card, invoices, cancelling</button>
            </form>
          )}
        </div>
      </section>
      <p class="muted">
        Payment is Stripe’s: Echoes never sees a card. You can end the plan at any time; it then runs until
        what is paid is used up.
      </p>
    </Layout>
  )
}

function priceText({ amount, currency, interval }: Price): string {
  if (amount === null) return 'as Stripe shows it'
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  const sum = format.format(amount / 10 ** digits)
  return interval ? `${sum} a ${interval}` : sum
}
