/** Plans, from the first trial to the last lapse, against the sandbox's Stripe and its clock. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { recapsOf } from '../backend/db/recaps.ts'
import { subscriberOf } from '../backend/db/subscribers.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import type { Card } from '../scripts/sandbox/stripe/world.ts'
import { startRunning, type Running } from './running.ts'

const SOON = { timeout: 15_000, interval: 50 }

async function withBilling(): Promise<{ running: Running; visitor: Visitor }> {
  const running = await startRunning({}, { billing: true })
  onTestFinished(() => running.stop())
  const visitor = new Visitor()
  await signIn(visitor, running.site, PEOPLE.streamer)
  return { running, visitor }
}

/** Presses the button, and pays at Stripe. @returns the page that the browser ends on */
async function pay(running: Running, visitor: Visitor, card: Card) {
  const { url } = await visitor.submit(`${running.site}/billing/checkout`, {})
  expect(url).toContain('/pay/')
  return visitor.submit(url, { card })
}

const subjects = ({ sandbox }: Running) => sandbox.mail.mails.map((m) => m.subject)
const textOf = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')

describe('where the operator has no keys of Stripe', () => {
  it('nothing of billing shows', async () => {
    const running = await startRunning()
    onTestFinished(() => running.stop())
    const visitor = new Visitor()
    const home = await signIn(visitor, running.site, PEOPLE.streamer)
    expect(home.html).not.toMatch(/plan|trial|billing/i)
    expect((await visitor.get(`${running.site}/billing`)).status).toBe(404)
    expect(running.echoes.routes.filter(({ path }) => /billing|stripe/.test(path))).toEqual([])
  })
})

describe('a plan', { timeout: 60_000 }, () => {
  it('trial, a payment that fails, seven days of grace, lapse, another card: each told once, by page and mail', async () => {
    const { running, visitor } = await withBilling()
    const { sandbox, site, channelId, echoes } = running
    const page = async () => textOf((await visitor.get(`${site}/billing`)).html)
    expect(await page()).toContain('No plan yet')
    expect(await page()).toContain('Echoes, monthly: €6.00 a month')
    const after = await pay(running, visitor, 'bad')
    expect(after.url).toContain(`${site}/billing?paid=`)
    expect(textOf(after.html)).toContain('You are on trial')

    sandbox.stripe.advanceDays(10)
    expect(subjects(running)).toEqual([])
    sandbox.stripe.advanceDays(1)
    await vi.waitFor(() => expect(subjects(running)).toEqual(['Your trial ends soon']), SOON)
    sandbox.stripe.advanceDays(3)
    await vi.waitFor(() => expect(subjects(running)).toHaveLength(2), SOON)
    expect(subjects(running)[1]).toBe('Your payment did not go through')
    expect(await page()).toContain('A payment did not go through')

    sandbox.stripe.advanceDays(6)
    expect(await page()).toContain('A payment did not go through')
    sandbox.stripe.advanceDays(1)
    await vi.waitFor(() => expect(subjects(running)).toHaveLength(3), SOON)
    expect(subjects(running)[2]).toBe('Your plan has ended')
    expect(await page()).toContain('Echoes are still taken, and everything you set up is kept')
    const { missing } = (await visitor.ask<{ missing: string[] }>(`${site}/site/config`)).body
    expect(missing.join()).toContain('Choose a plan')

    // What still stands is mended in the portal; a second subscription beside it cannot be begun.
    expect((await visitor.submit(`${site}/billing/checkout`, {})).url).toBe(`${site}/billing`)
    const portal = await visitor.submit(`${site}/billing/portal`, {})
    await visitor.submit(portal.url, { act: 'good' })
    await vi.waitFor(async () => expect(await page()).toContain('Your plan is active'), SOON)
    await visitor.submit(portal.url, { act: 'cancel' })
    await vi.waitFor(async () => expect(await page()).toContain('Your plan ends'), SOON)
    expect(subjects(running)).toHaveLength(3)
    expect((await subscriberOf(echoes.db, channelId))?.customerId).toMatch(/^cus_/)
    expect([...sandbox.stripe.subscriptions.values()]).toHaveLength(1)
  })

  it('a trial is given once for each Twitch account, also after another customer was made', async () => {
    const { running, visitor } = await withBilling()
    const { sandbox, site, echoes } = running
    expect(textOf((await visitor.get(`${site}/billing`)).html)).toContain('Try it for 14 days')
    await pay(running, visitor, 'none')
    sandbox.stripe.advanceDays(14)
    await vi.waitFor(async () => {
      const { html } = await visitor.get(`${site}/billing`)
      expect(textOf(html)).toContain('Your plan has ended')
    }, SOON)
    await echoes.db.deleteFrom('subscribers').execute()
    expect(textOf((await visitor.get(`${site}/billing`)).html)).not.toContain('14 days')
    const { url } = await visitor.submit(`${site}/billing/checkout`, {})
    expect((await visitor.get(url)).html).toContain('pay now')
    const rows = JSON.stringify(await echoes.db.selectFrom('trials').selectAll().execute())
    expect(rows).not.toContain(running.channelId)
  })

  it('without one nothing is rendered and all is kept; who pays later gets the recap then, once', async () => {
    const { running, visitor } = await withBilling()
    const { sandbox, site, channelId, echoes } = running
    await connectYoutube(visitor, site)
    await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
    await running.subscribed()
    sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000, title: 'Clock practice' })
    const streams = () => echoes.db.selectFrom('streams').select('id').execute()
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), SOON)
    sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 thunder')
    const echo = () => echoes.db.selectFrom('echoes').select('id').execute()
    await vi.waitFor(async () => expect(await echo()).toHaveLength(1), SOON)
    sandbox.twitch.end(channelId)
    await vi.waitFor(() => expect(subjects(running)).toEqual(['No recap: your channel has no plan']), SOON)
    expect(await echo()).toHaveLength(1)

    sandbox.stripe.faults.statuses.push(500, 500)
    await pay(running, visitor, 'good')
    await vi.waitFor(() => expect(sandbox.google.videos).toHaveLength(1), { timeout: 40_000, interval: 100 })
    await vi.waitFor(() => expect(subjects(running)).toHaveLength(2), SOON)
    expect((await recapsOf(echoes.db, channelId)).map((r) => r.state)).toEqual(['published'])
  })

  it('takes only events that Stripe has signed, and none too old', async () => {
    const { running } = await withBilling()
    const { site, echoes } = running
    const send = (signature: string) =>
      fetch(`${site}/events/stripe`, {
        method: 'POST',
        body: '{}',
        headers: { 'stripe-signature': signature },
      })
    expect((await send('t=1,v1=00')).status).toBe(400)
    expect((await send('')).status).toBe(400)
    expect(await echoes.db.selectFrom('stripe_events').selectAll().execute()).toEqual([])
  })
})
