/** What a customer sees at the sandbox's Stripe: the checkout, and the portal with card, cancelling and invoices. */
import { Hono } from 'hono'
import { dayText } from '../../../shared/day-text.ts'
import { Page, toHtml } from '../../../backend/web/site/layout.tsx'
import type { Card, StripeWorld } from './world.ts'

export function stripePages(world: StripeWorld): Hono {
  const app = new Hono()
  app.get('/pay/:id', (c) => {
    const session = world.checkouts.get(c.req.param('id'))
    if (session?.status !== 'open') return c.html(toHtml(<Over />), 410)
    return c.html(toHtml(<Pay trialDays={session.trialDays} cancelUrl={session.cancelUrl} />))
  })
  app.post('/pay/:id', async (c) => {
    const session = world.checkouts.get(c.req.param('id'))
    if (session?.status !== 'open') return c.html(toHtml(<Over />), 410)
    const { card } = await c.req.parseBody()
    const back = world.completeCheckout(session, card as Card)
    const { trialDays, cancelUrl } = session
    return back
      ? c.redirect(back, 303)
      : c.html(toHtml(<Pay trialDays={trialDays} cancelUrl={cancelUrl} declined />))
  })
  app.get('/portal/:id', (c) => {
    const portal = world.portals.get(c.req.param('id'))
    return portal ? c.html(toHtml(<Portal world={world} {...portal} />)) : c.html(toHtml(<Over />), 410)
  })
  app.post('/portal/:id', async (c) => {
    const portal = world.portals.get(c.req.param('id'))
    if (!portal) return c.html(toHtml(<Over />), 410)
    const { act } = await c.req.parseBody()
    const current = standing(world, portal.customer)
    if (act === 'good' || act === 'bad') world.changeCard(portal.customer, act)
    else if (current) world.cancelAtPeriodEnd(current, act === 'cancel')
    return c.redirect(`/portal/${c.req.param('id')}`, 303)
  })
  return app
}

const standing = (world: StripeWorld, customer: string) =>
  [...world.subscriptions.values()].find((s) => s.customer === customer && s.status !== 'canceled')

function Over() {
  return (
    <Page title="Sandbox Stripe">
      <main>
        <h1>This page is over</h1>
      </main>
    </Page>
  )
}

function Pay(props: { trialDays: number; cancelUrl: string; declined?: boolean }) {
  const { trialDays, cancelUrl, declined } = props
  return (
    <Page title="Sandbox Stripe: checkout">
      <main>
        <h1>Sandbox Stripe: {trialDays > 0 ? `${trialDays} days of trial` : 'pay now'}</h1>
        {declined && <p class="warning">Your card was declined.</p>}
        <form method="post" class="stack">
          <button class="primary" name="card" value="good">
            A card that works
          </button>
          <button name="card" value="bad">
            A card that is declined when it is charged
          </button>
          {trialDays > 0 && (
            <button name="card" value="none">
              Without a card
            </button>
          )}
        </form>
        <a href={cancelUrl}>Back</a>
      </main>
    </Page>
  )
}

function Portal({ world, customer, returnUrl }: { world: StripeWorld; customer: string; returnUrl: string }) {
  const current = standing(world, customer)
  const invoices = world.invoices.filter((invoice) => invoice.customer === customer)
  return (
    <Page title="Sandbox Stripe: portal">
      <main>
        <h1>Sandbox Stripe: your plan</h1>
        <p>
          {current
            ? `${current.status}${current.cancelAtPeriodEnd ? ', ends' : ''}, until ${dayText(current.periodEndSec * 1000)}`
            : 'Nothing runs.'}
        </p>
        <form method="post" class="stack">
          {current && (
            <button name="act" value={current.cancelAtPeriodEnd ? 'resume' : 'cancel'}>
              {current.cancelAtPeriodEnd ? 'Do not cancel' : 'Cancel at the end of the period'}
            </button>
          )}
          <button name="act" value="good">
            A card that works
          </button>
          <button name="act" value="bad">
            A card that is declined
          </button>
        </form>
        <ul>
          {invoices.map(({ id, amount, status, createdSec }) => (
            <li key={id}>
              {dayText(createdSec * 1000)}: {(amount / 100).toFixed(2)}, {status}
            </li>
          ))}
        </ul>
        <a href={returnUrl}>Back to Echoes</a>
      </main>
    </Page>
  )
}

// Lenient here: cards are good or bad, and nobody is asked to confirm a payment.
