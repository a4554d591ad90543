/** Where Stripe delivers events: verified, stored, and only then answered. Anything else than 2xx makes Stripe try again. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Log } from '../log.ts'
import type { Subscribers } from '../subscribers.ts'

export const STRIPE_PATH = '/events/stripe'
const LARGEST_BODY = 1024 * 1024

export function stripeRoutes({
  log,
  subscribers,
  onStored,
}: {
  log: Log
  subscribers: Pick<Subscribers, 'storeEvent'>
  onStored(): void
}): Hono {
  const app = new Hono()
  app.post(STRIPE_PATH, bodyLimit({ maxSize: LARGEST_BODY }), async (c) => {
    // The signature is of the very bytes.
    const body = await c.req.text()
    if (!(await subscribers.storeEvent(body, c.req.header('stripe-signature') ?? ''))) {
      log.warn('an event of Stripe was refused: its signature is wrong or too old')
      return c.text('signature', 400)
    }
    onStored()
    return c.text('stored')
  })
  return app
}
