/** A streamer's way with money in a real Chromium: pay, lapse, pay again, take everything home, leave. And the pages for all. */
import type { Browser } from 'playwright-core'
import { readFileSync } from 'node:fs'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { recapsOf } from '../backend/db/recaps.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { openSite } from './site-browser.ts'
import { startRunning, type Running } from './running.ts'

const SOON = { timeout: 20_000, interval: 50 }
let running: Running
let browser: Browser

describe.skipIf(!chromiumPath)('a plan', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    running = await startRunning({}, { billing: true })
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await running?.stop()
  })

  it('pay, lapse, pay again, export, leave', async () => {
    const { sandbox, site, channelId, echoes } = running
    const visitor = new Visitor()
    await signIn(visitor, site, PEOPLE.streamer)
    await connectYoutube(visitor, site)
    await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
    const walk = await openSite(browser, site, visitor)
    const { page } = walk

    await page.getByRole('link', { name: 'Start the trial' }).click()
    await page.getByText('No plan yet').waitFor()
    await walk.look('plan-none')
    await page.getByRole('button', { name: 'Start the trial' }).click()
    await page.getByRole('heading', { name: 'Sandbox Stripe: 14 days of trial' }).waitFor()
    await page.getByRole('button', { name: 'A card that is declined when it is charged' }).click()
    await page.getByText('You are on trial').waitFor()
    await walk.look('plan-trial')

    await running.subscribed()
    sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000, title: 'Clock practice' })
    const streams = () => echoes.db.selectFrom('streams').select('id').execute()
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), SOON)
    sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 thunder')
    const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
    await vi.waitFor(async () => expect(await taken()).toHaveLength(1), SOON)
    sandbox.twitch.end(channelId)
    const state = async () => (await recapsOf(echoes.db, channelId))[0]?.state
    await vi.waitFor(async () => expect(await state()).toBe('published'), { timeout: 40_000, interval: 100 })

    sandbox.stripe.advanceDays(14)
    await vi.waitFor(
      () => expect(sandbox.mail.mails.at(-1)?.subject).toBe('Your payment did not go through'),
      SOON,
    )
    await page.reload()
    await page.getByText('A payment did not go through').waitFor()
    await walk.look('plan-grace')
    sandbox.stripe.advanceDays(15)
    await vi.waitFor(() => expect(sandbox.mail.mails.at(-1)?.subject).toBe('Your plan has ended'), SOON)
    await page.reload()
    await page.getByText('Your plan has ended').waitFor()
    await walk.look('plan-lapsed')
    const letter = await openSite(browser, 'about:blank')
    await letter.page.setContent(sandbox.mail.mails.at(-1)?.html ?? '')
    await letter.look('mail-lapsed')
    await letter.close()

    await page.getByRole('button', { name: 'Choose this plan' }).click()
    await page.getByRole('heading', { name: 'Sandbox Stripe: pay now' }).waitFor()
    await page.getByRole('button', { name: 'A card that works' }).click()
    await page.getByText('Your plan is active').waitFor()
    await walk.look('plan-active')
    await page.getByRole('button', { name: 'Card, invoices, cancelling' }).click()
    await page.getByRole('button', { name: 'Cancel at the end of the period' }).click()
    await page.getByText('active, ends').waitFor()
    await page.getByRole('link', { name: 'Back to Echoes' }).click()
    await page.getByText('Your plan ends').waitFor()

    await page.goto(`${site}/settings`)
    await page.getByLabel('A page for each recap').check()
    await page.getByText('Saved').first().waitFor()
    await page.getByLabel('Your plan').waitFor()
    const stranger = await openSite(browser, site)
    await stranger.page.getByText('Made by Echoes').waitFor()
    await stranger.look('landing')
    await stranger.page.getByRole('link', { name: /Sunny, 0:2/ }).click()
    await stranger.page.getByRole('heading', { name: 'Who made it' }).waitFor()
    await stranger.look('public-recap')
    for (const name of ['Privacy', 'Terms']) {
      await stranger.page.getByRole('link', { name, exact: true }).click()
      await stranger.page.getByRole('heading', { name, exact: true }).waitFor()
      await stranger.look(`public-${name.toLowerCase()}`)
    }
    expect(stranger.faults).toEqual([])
    await stranger.close()

    await page.goto(`${site}/account`)
    await page.getByRole('heading', { name: 'Account' }).waitFor()
    await walk.look('account')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ])
    const zip = unzipSync(readFileSync(await download.path()))
    expect(Object.keys(zip)).toContain('data/echoes.json')

    await page.getByLabel(/type your channel’s name/).fill(PEOPLE.streamer)
    await page.getByRole('button', { name: 'Delete my account' }).click()
    await page.getByRole('heading', { name: 'Your account is being deleted' }).waitFor()
    await walk.look('account-leaving')
    await vi.waitFor(() => expect(sandbox.mail.mails.at(-1)?.subject).toContain('account is deleted'), SOON)
    await page.goto(site)
    await page.getByRole('link', { name: 'Sign in with Twitch' }).waitFor()
    expect(await echoes.db.selectFrom('channels').select('id').execute()).toEqual([])
    expect(walk.faults).toEqual([])
    await walk.close()
  })
})
