/** The sandbox's Stripe API: form-encoded requests, keys that make a repeated request one, errors in Stripe's form. */
import { Hono, type Context } from 'hono'
import { setTimeout as sleep } from 'node:timers/promises'
import { resourceOf, type StripeWorld } from './world.ts'

type Params = { [name: string]: string | Params }

export function stripeApi(world: StripeWorld, origin: () => string): Hono {
  const app = new Hono()
  const answered = new Map<string, { request: string; answer: Promise<{ status: number; body: unknown }> }>()
  const problem = (status: number, type: string, message: string, code?: string) => ({
    status,
    body: { error: { type, message, ...(code ? { code } : {}) } },
  })
  const missing = (what: string) =>
    problem(404, 'invalid_request_error', `No such ${what}`, 'resource_missing')
  const list = (data: unknown[]) => ({ status: 200, body: { object: 'list', has_more: false, data } })
  const ok = (body: unknown) => ({ status: 200, body })
  type Answer = { status: number; body: unknown }

  /** @param act runs at once, so that what it does is done before anybody waits */
  const route = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    act: (c: Context, params: Params) => Answer,
  ) =>
    app.on(method, path, async (c) => {
      if (c.req.header('authorization') !== `Bearer ${world.secretKey}`)
        return c.json(problem(401, 'invalid_request_error', 'Invalid API Key provided').body, 401)
      const status = world.faults.statuses.shift()
      if (status) {
        const { body } = problem(status, 'api_error', 'Something went wrong on Stripe’s end')
        return c.json(body, status as 500)
      }
      const text = method === 'POST' ? await c.req.text() : new URL(c.req.url).search.slice(1)
      const key = c.req.header('idempotency-key')
      const request = `${path}?${text}`
      const before = key ? answered.get(key) : undefined
      if (before && before.request !== request) {
        const { body } = problem(400, 'idempotency_error', 'Keys can only be used with the same parameters')
        return c.json(body, 400)
      }
      const answer = before?.answer ?? Promise.resolve(act(c, readForm(text)))
      if (key && !before) answered.set(key, { request, answer })
      const { status: code, body } = await answer
      const delay = world.faults.delayMs()
      if (delay > 0) await sleep(delay)
      return c.json(body as object, code as 200)
    })

  route('POST', '/v1/customers', (_, { name, email, metadata }) =>
    ok(resourceOf(world, world.addCustomer(textOf(name), textOf(email) || null, flat(metadata)))),
  )
  route('DELETE', '/v1/customers/:id', (c) => {
    const customer = world.customers.get(c.req.param('id') ?? '')
    if (!customer || customer.deleted) return missing('customer')
    world.deleteCustomer(customer)
    return ok(resourceOf(world, customer))
  })
  route('GET', '/v1/prices/:id', (c) => {
    const { id, amount, currency, product } = world.price
    if (c.req.param('id') !== id) return missing('price')
    const recurring = { interval: 'month', interval_count: 1 }
    return ok({
      id,
      object: 'price',
      unit_amount: amount,
      currency,
      recurring,
      product: { id: 'prod_1', name: product },
    })
  })
  route('POST', '/v1/checkout/sessions', (_, params) => {
    const customer = world.customers.get(textOf(params.customer))
    if (!customer || customer.deleted) return missing('customer')
    const items = params.line_items as { 0?: { price?: string } } | undefined
    if (items?.[0]?.price !== world.price.id) return missing('price')
    if (params.mode !== 'subscription') return problem(400, 'invalid_request_error', 'mode')
    const data = (params.subscription_data ?? {}) as Params
    const session = world.openCheckout({
      customer: customer.id,
      price: world.price.id,
      trialDays: Number(textOf(data.trial_period_days) || 0),
      successUrl: textOf(params.success_url),
      cancelUrl: textOf(params.cancel_url),
      metadata: flat(params.metadata),
    })
    return ok({ ...resourceOf(world, session), url: `${origin()}/pay/${session.id}` })
  })
  const shown = (session: Parameters<typeof resourceOf>[1] & { id: string; status?: string }) => ({
    ...resourceOf(world, session),
    url: session.status === 'open' ? `${origin()}/pay/${session.id}` : null,
  })
  route('GET', '/v1/checkout/sessions', (_, { customer, status }) =>
    list(
      [...world.checkouts.values()].filter((s) => s.customer === customer && s.status === status).map(shown),
    ),
  )
  route('GET', '/v1/checkout/sessions/:id', (c) => {
    const session = world.checkouts.get(c.req.param('id') ?? '')
    return session ? ok(shown(session)) : missing('checkout.session')
  })
  route('POST', '/v1/checkout/sessions/:id/expire', (c) => {
    const session = world.checkouts.get(c.req.param('id') ?? '')
    if (!session) return missing('checkout.session')
    if (session.status !== 'open')
      return problem(400, 'invalid_request_error', 'Only open sessions can be expired')
    world.expireCheckout(session)
    return ok(shown(session))
  })
  route('GET', '/v1/subscriptions', (_, { customer, status }) =>
    list(
      [...world.subscriptions.values()]
        .filter((s) => s.customer === customer && (status === 'all' || s.status !== 'canceled'))
        .reverse()
        .map((s) => resourceOf(world, s)),
    ),
  )
  route('DELETE', '/v1/subscriptions/:id', (c) => {
    const subscription = world.subscriptions.get(c.req.param('id') ?? '')
    if (!subscription || subscription.status === 'canceled') return missing('subscription')
    world.end(subscription)
    return ok(resourceOf(world, subscription))
  })
  route('POST', '/v1/billing_portal/sessions', (_, { customer, return_url }) => {
    if (!world.customers.has(textOf(customer))) return missing('customer')
    const id = world.openPortal(textOf(customer), textOf(return_url))
    return ok({ id, object: 'billing_portal.session', url: `${origin()}/portal/${id}` })
  })
  return app
}

const textOf = (value: string | Params | undefined) => (typeof value === 'string' ? value : '')
const flat = (value: string | Params | undefined) =>
  (typeof value === 'object' ? value : {}) as Record<string, string>

/** `a[b][0]=c` → `{ a: { b: { 0: 'c' } } }` */
function readForm(text: string): Params {
  const params: Params = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter(Boolean)
    let at = params
    for (const step of path.slice(0, -1)) {
      const inner = at[step]
      at = typeof inner === 'object' ? inner : (at[step] = {})
    }
    at[path.at(-1) ?? ''] = value
  }
  return params
}

// Lenient here: only the parameters that Echoes sends are looked at; test keys are all the same; no rate limits.
