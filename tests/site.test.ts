/** The companion site as a streamer uses it: from an empty database to the video, in Chromium, with the world in the sandbox. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChannel } from '../backend/db/channels.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { decode } from '../scripts/sandbox/footage/decode.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { openSite } from './site-browser.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let browser: Browser

const FPS = 30
/** A machine may be busy. */
const PATIENCE = { timeout: 30_000 }

describe.skipIf(!chromiumPath)('the companion site', { timeout: 240_000 }, () => {
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
    await expect.poll(() => begins.getAttribute('aria-disabled'), PATIENCE).toBe('false')
    await begins.focus()
    await page.keyboard.press('Shift+ArrowRight')
    await page.getByText(/0:29 of 20:00/).waitFor()
    await page.locator('.cards').getByRole('textbox', { name: 'Title' }).fill('That laugh, again')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /That laugh, again/ }).waitFor()

    await page.getByRole('button', { name: 'Title and details' }).click()
    await page.getByRole('dialog').getByRole('textbox', { name: 'Title' }).fill('A good evening')
    await home.look('desk-details')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Publish to YouTube' }).click()
    await page.getByRole('dialog').getByText('A good evening', { exact: true }).waitFor()
    await page.getByText('The video is made anew first').waitFor()
    await home.look('desk-publish')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByText('This recap is on YouTube.').waitFor({ timeout: 30_000 })
    await home.look('desk-published')
    await page.getByRole('link', { name: 'Echoes', exact: true }).click()
    await page.getByRole('link', { name: 'A good evening' }).waitFor()
    await home.look('site-published')

    const subjects = () => sandbox.mail.mails.map((m) => m.subject).join(' | ')
    await expect.poll(subjects, PATIENCE).toContain('Your recap is on YouTube: A good evening')
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

    // The mail as a program shows it.
    const letter = await openSite(browser, 'about:blank')
    await letter.page.setContent(mail?.html ?? '')
    await letter.look('mail-published')
    await letter.close()
  })

  it('settings: the extension’s and the site’s own, saved as one changes them, seen in both places', async () => {
    const { site, echoes, channelId } = running
    const visitor = new Visitor()
    await signIn(visitor, site, PEOPLE.streamer)
    const settings = await openSite(browser, `${site}/settings`, visitor)
    const { page } = settings
    const stored = async () => (await findChannel(echoes.db, channelId))?.settings
    await page.getByRole('heading', { name: 'On YouTube' }).waitFor()
    await settings.look('settings')
    await page.getByLabel('Recaps may be watched by').selectOption({ label: 'who has the link' })
    await expect.poll(async () => (await stored())?.privacy, PATIENCE).toBe('unlisted')
    await page.getByLabel('Description').fill('{credits} at {channel}')
    await expect
      .poll(async () => (await stored())?.descriptionTemplate, PATIENCE)
      .toBe('{credits} at {channel}')
    await page.getByRole('button', { name: 'Remove step 2' }).click()
    await page.getByLabel('Step 1: later by').fill('3.5')
    await expect
      .poll(async () => (await stored())?.drift, PATIENCE)
      .toEqual([{ fromMs: 4 * 3_600_000, addMs: 3_500 }])
    await page.getByLabel('A recap waits for you').uncheck()
    await expect.poll(async () => (await stored())?.mailWaiting, PATIENCE).toBe(false)
    // Chat, from the extension's own parts.
    await page.getByLabel('The command', { exact: true }).fill('!mark')
    await expect.poll(async () => (await stored())?.prefix, PATIENCE).toBe('!mark')

    const editors = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Editors' }) })
    await editors.getByLabel('Twitch name').fill('nobody_at_all')
    await editors.getByRole('button', { name: 'Add' }).click()
    await editors.getByText('Nobody at Twitch is called nobody_at_all.').waitFor()
    await editors.getByLabel('Twitch name').fill('@Modesto')
    await editors.getByRole('button', { name: 'Add' }).click()
    await editors.getByRole('button', { name: 'Remove modesto' }).waitFor()
    await page.getByRole('button', { name: 'Make addresses' }).click()
    await page.getByText(`${site}/deck/`).first().waitFor()
    expect(settings.faults).toEqual([])
    await settings.close()
  })

  it('by steps: the bot becomes a moderator, the panel is active, the chain is tried without a stream', async () => {
    const { site, sandbox, channelId } = running
    const visitor = new Visitor()
    await signIn(visitor, site, PEOPLE.streamer)
    const home = await openSite(browser, site, visitor)
    const { page } = home
    await page.getByRole('link', { name: 'Let Echoes do it' }).click()
    await page.getByText('channel:manage:moderators').waitFor()
    await page.getByRole('button', { name: 'Sunny' }).click()
    await page.getByRole('button', { name: 'Make it a moderator' }).click()
    await page.getByText('Its answers are never held back.').waitFor()
    expect(sandbox.twitch.badgesOf(channelId, sandbox.twitch.userOf(PEOPLE.bot).id)).toContain('moderator')
    await page.getByRole('button', { name: 'Test echo' }).click()
    await page.getByRole('heading', { name: 'The test echo' }).waitFor()
    expect(await page.locator('main').innerText()).toMatch(
      /1[0-2] seconds were cut out of your latest recording/,
    )
    await page.getByText('recaps will go to “Sandbox Streamer”').waitFor()
    await home.look('site-tried')
    const said = sandbox.twitch.chat.at(-1)
    expect([said?.user.login, said?.text]).toEqual([
      PEOPLE.bot,
      'Echoes is here. This is a test: nothing is saved.',
    ])
    await home.close()

    const editor = new Visitor()
    await signIn(editor, site, PEOPLE.moderator, '?as=editor')
    const desk = await openSite(browser, site, editor)
    await desk.page.getByText('A good evening').click()
    await desk.page.getByText('This recap is on YouTube.').waitFor()
    await desk.close()
    const stranger = new Visitor()
    await signIn(stranger, site, 'victor', '?as=editor')
    const nobody = await openSite(browser, site, stranger)
    await nobody.page.getByText('Nobody has let you in yet').waitFor()
    await nobody.look('site-nobodys-editor')
    await nobody.close()
    // Who came as an editor has no channel of their own here, also when they ask for it.
    await stranger.submit(`${site}/channel`, { channel: sandbox.twitch.userOf('victor').id })
    expect((await stranger.ask(`${site}/settings/deck`, { on: true })).status).toBeGreaterThanOrEqual(400)
    const keys = running.echoes.db.selectFrom('deck_keys').select('channel_id')
    expect(await keys.where('channel_id', '!=', channelId).execute()).toEqual([])
  })
})
