/** The companion site as a streamer uses it: from an empty database to the video, in Chromium, with the world in the sandbox. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { recapsOf } from '../backend/db/recaps.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { decode } from '../scripts/sandbox/footage/decode.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { openSite } from './site-browser.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let browser: Browser

const FPS = 30

describe.skipIf(!chromiumPath)('the companion site', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    running = await startRunning()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await running?.stop()
  })

  it('sign up, connect, stream, review, publish, mail, watch', async () => {
    const { sandbox, site, channelId, echoes } = running
    const home = await openSite(browser, site)
    const { page } = home
    await home.look('site-signed-out')

    await page.getByRole('link', { name: 'Sign in with Twitch' }).click()
    await page.getByRole('button', { name: 'Sunny' }).click()
    await page.getByRole('heading', { name: /steps left/ }).waitFor()
    await page.getByText('Not connected yet').waitFor()
    await home.look('site-steps')
    await page.getByRole('link', { name: 'Connect YouTube' }).click()
    await page.getByRole('button', { name: 'Sandbox Streamer' }).click()
    await page.getByText('Connected: Sandbox Streamer').waitFor()
    await page.getByRole('button', { name: /I look at each recap first/ }).click()
    await page.getByText('You look at each first.').waitFor()
    await running.subscribed()
    await page.reload()
    await page.getByRole('heading', { name: 'All set' }).waitFor()

    const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - 150_000
    sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
    const streams = () => echoes.db.selectFrom('streams').select('id').execute()
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), 10_000)
    sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 10 first blood', startedAtMs + 33_000)
    sandbox.twitch.say(channelId, PEOPLE.moderator, '!echo 15 boss', startedAtMs + 83_000)
    sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 that laugh', startedAtMs + 133_000)
    const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
    await vi.waitFor(async () => expect(await taken()).toHaveLength(3), 10_000)
    sandbox.twitch.end(channelId)
    await vi.waitFor(
      async () => expect((await recapsOf(echoes.db, channelId)).map((r) => r.state)).toEqual(['rendered']),
      30_000,
    )
    expect(sandbox.google.videos).toHaveLength(0)

    await page.reload()
    await page.getByRole('link', { name: 'Look and publish' }).click()
    await page.getByText('3 of 3 moments').waitFor()
    await page
      .locator('video')
      .evaluate((v: HTMLVideoElement) => v.readyState >= 2 || new Promise((r) => (v.onloadeddata = r)))
    await home.look('desk')

    // By keys: the second moment is dropped, the third begins a second later.
    await page.locator('body').press('ArrowDown')
    await page.getByRole('region', { name: 'Player: boss' }).waitFor()
    await page.locator('body').press('x')
    await page.getByText('2 of 3 moments').waitFor()
    await page.locator('body').press('ArrowDown')
    const begins = page.getByRole('slider', { name: 'Begins at' })
    await page.getByRole('region', { name: 'Player: that laugh' }).waitFor()
    await expect.poll(() => begins.getAttribute('aria-disabled')).toBe('false')
    await begins.focus()
    await page.keyboard.press('Shift+ArrowRight')
    await page.getByText(/0:29 of 20:00/).waitFor()
    await page.getByRole('textbox', { name: 'Title' }).fill('That laugh, again')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /That laugh, again/ }).waitFor()
    await home.look('desk-edited')

    await page.getByRole('button', { name: 'Title and details' }).click()
    await page.getByRole('textbox', { name: 'Title', exact: true }).last().fill('A good evening')
    await home.look('desk-details')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Publish to YouTube' }).click()
    await page.getByText('A good evening').waitFor()
    await page.getByText('The video is made anew first').waitFor()
    await home.look('desk-publish')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByText('This recap is on YouTube.').waitFor({ timeout: 30_000 })
    await home.look('desk-published')

    await vi.waitFor(
      () =>
        expect(sandbox.mail.mails.map((m) => m.subject)).toContain(
          'Your recap is on YouTube: A good evening',
        ),
      10_000,
    )
    const mail = sandbox.mail.mails.find((m) => m.subject.includes('A good evening'))
    expect(mail?.text).toContain('0:10 That laugh, again')
    expect(mail?.text).toContain('boss: you dropped it')
    expect(sandbox.google.videos).toHaveLength(1)
    const [video] = sandbox.google.videos
    expect(mail?.text).toContain(`watch?v=${video?.id}`)
    expect(video).toMatchObject({ title: 'A good evening', privacy: 'public', madeForKids: false })
    const frames = decode(video?.file ?? '').pictures.map((p) => p.frame)
    expect(frames[0]).toBe(20 * FPS)
    const join = frames.findIndex((f, n) => f - (frames[n - 1] ?? f) > 1)
    // 110 s asked for, a second later by the trim; a key frame each two seconds.
    expect(frames[join]).toBe(110 * FPS)
    expect(home.faults).toEqual([])
    await home.close()
  })
})
