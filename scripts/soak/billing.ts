/**
 * The race of 2020: the browser comes back from the checkout while Stripe's events arrive, in all orders, doubled, missing, at
 * two processes. Whatever happens, there is one customer and one subscription, and both processes know it.
 */
import fc from 'fast-check'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { saveChannel } from '../../backend/db/channels.ts'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { saveSession } from '../../backend/db/sessions.ts'
import { subscriberOf } from '../../backend/db/subscribers.ts'
import { hashOf } from '../../backend/web/session.ts'
import { freePort, startProcess, until, type EchoesProcess } from '../sandbox/process.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { StripeWorld } from '../sandbox/stripe/world.ts'

const PROCESSES = 2

export interface BillingReport {
  schedules: number
  customers: number
  subscriptions: number
  /** How often an event arrived, and a browser came back. */
  events: number
  returns: number
}

interface Race {
  stripe: StripeWorld
  db: Database
  site: string
  addresses: string[]
}

/** @throws with the schedule that went wrong */
export async function soakBilling(
  footageDir: string,
  schedules: number,
  seed?: number,
): Promise<BillingReport> {
  const sandbox = await startSandbox({ footageDir })
  const dataDir = mkdtempSync(join(tmpdir(), 'soak-billing-'))
  const ports = await Promise.all(Array.from({ length: PROCESSES }, freePort))
  const addresses = ports.map((port) => `http://127.0.0.1:${port}`)
  const site = addresses[0] ?? ''
  const processes: EchoesProcess[] = []
  try {
    for (const [n, port] of ports.entries()) {
      const environment = sandbox.environment({ port, dataDir, billing: true })
      const own = { PUBLIC_URL: site, LOG_LEVEL: 'error', BILLING_EVERY_MS: '20', PLANS_EVERY_MS: '60000' }
      processes.push(startProcess({ ...environment, ...own }, ['web', 'worker']))
      await until('Echoes answers', async () => (await fetch(`${addresses[n]}/readyz`).catch(() => null))?.ok)
    }
    sandbox.stripe.held = true
    const db = await openDatabase(join(dataDir, 'echoes.sqlite'))
    const report = { schedules: 0, customers: 0, subscriptions: 0, events: 0, returns: 0 }
    const race = { stripe: sandbox.stripe, db, site, addresses }
    const play = fc.asyncProperty(schedule, (each) => run(race, each, report))
    await fc.assert(play, { numRuns: schedules, endOnFailure: true, ...(seed === undefined ? {} : { seed }) })
    await db.destroy()
    return report
  } finally {
    for (const each of processes) each.kill()
    await sandbox.close()
  }
}

const at = fc.nat(PROCESSES - 1)
const schedule = fc.record({
  /** Presses on the button, at the same time. */
  begins: fc.array(at, { minLength: 1, maxLength: 3 }),
  card: fc.constantFrom('good' as const, 'none' as const),
  returns: fc.array(at, { maxLength: 2 }),
  /** For each event that Stripe has, where it arrives: nowhere, once, twice. */
  deliveries: fc.array(fc.array(at, { maxLength: 2 }), { minLength: 6, maxLength: 6 }),
  order: fc.array(fc.nat(1_000), { minLength: 20, maxLength: 20 }),
  /** Pressed once more while all that happens. */
  again: fc.array(at, { maxLength: 1 }),
  delays: fc.array(fc.nat(6), { minLength: 8, maxLength: 8 }),
  errors: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constantFrom([500], [429], [503, 500]) },
  ),
})
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never

async function run(race: Race, plan: Schedule, report: BillingReport): Promise<void> {
  const { stripe, db, addresses } = race
  const { begins, card, returns, deliveries, order, again, delays, errors } = plan
  const { channelId, ask } = await newStreamer(race, report.schedules++)
  let request = 0
  stripe.faults.delayMs = () => delays[request++ % delays.length] ?? 0
  stripe.faults.statuses.push(...errors)
  const firstEvent = stripe.events.length
  const urls = await Promise.all(begins.map((at) => ask(at, 'POST', '/billing/checkout')))
  check(new Set(urls).size === 1, 'two checkouts could be paid')
  const session = stripe.checkouts.get(urls[0]?.split('/').at(-1) ?? '')
  if (!session) throw new Error(`no checkout at ${urls[0]}`)
  const back = new URL(stripe.completeCheckout(session, card) ?? '')

  const events = stripe.events.slice(firstEvent)
  const arrivals = events.flatMap((event, e) => (deliveries[e] ?? []).map((at) => ({ event, at })))
  // All of it lost is what the look at each customer every six hours is for.
  const comeBack = returns.length + arrivals.length === 0 ? [0] : returns
  const acts = [
    ...arrivals.map(
      ({ event, at }) =>
        async () =>
          check(
            (await stripe.deliver(event, `${addresses[at]}/events/stripe`)) === 200,
            'an event was refused',
          ),
    ),
    ...comeBack.map(
      (at) => async () =>
        check(
          (await ask(at, 'GET', back.pathname + back.search)).startsWith('/billing?paid='),
          'no way back',
        ),
    ),
    ...again.map(
      (at) => async () =>
        check((await ask(at, 'POST', '/billing/checkout')) === '/billing', 'a second checkout'),
    ),
  ]
  const shuffled = acts.map((act, a) => ({ act, at: order[a] ?? 0 })).sort((a, b) => a.at - b.at)
  await Promise.all(shuffled.map(({ act }) => act()))

  const customers = [...stripe.customers.values()].filter((c) => c.metadata.channelId === channelId)
  const customerId = customers[0]?.id ?? ''
  const subscriptions = [...stripe.subscriptions.values()].filter((s) => s.customer === customerId)
  report.customers += customers.length
  report.subscriptions += subscriptions.length
  report.events += arrivals.length
  report.returns += comeBack.length
  check(customers.length === 1 && subscriptions.length === 1, 'two customers or subscriptions')
  await until(
    'what Stripe has is known',
    async () => {
      const open = await db
        .selectFrom('stripe_events')
        .select('id')
        .where('customer_id', '=', customerId)
        .where('handled_at', 'is', null)
        .execute()
      const known = await subscriberOf(db, channelId)
      const { subscription } = known ?? {}
      const same = subscription?.id === subscriptions[0]?.id && subscription?.status === 'trialing'
      return open.length === 0 && known?.customerId === customerId && same
    },
    10_000,
  )
}

function check(right: boolean, what: string): void {
  if (!right) throw new Error(what)
}

/** A signed-in streamer of their own for each schedule. */
async function newStreamer({ db, addresses, site }: Race, n: number) {
  const channelId = String(900_000 + n)
  const secret = `secret-${n}`
  const person = { id: channelId, login: `racer${n}`, displayName: `Racer ${n}`, email: `r${n}@example.com` }
  await saveChannel(db, person, Date.now())
  const session = {
    idHash: hashOf(secret),
    userId: channelId,
    channelId,
    expiresAtMs: Date.now() + 3_600_000,
  }
  await saveSession(db, session, Date.now())
  const ask = async (to: number, method: string, path: string): Promise<string> => {
    const answer = await fetch(`${addresses[to] ?? ''}${path}`, {
      method,
      redirect: 'manual',
      headers: { cookie: `sid=${secret}`, origin: site, accept: 'text/html' },
    })
    await answer.body?.cancel()
    // "Please try again": so a person does.
    if (answer.status === 503) return ask(to, method, path)
    check(answer.status === 303, `${method} ${path} was answered ${answer.status}`)
    return answer.headers.get('location') ?? ''
  }
  return { channelId, ask }
}
