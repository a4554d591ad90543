/** The extension as people use it: in Chromium, in Twitch's frame, on the real back end. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { changeSettings, findChannel, setMode, setStanding } from '../backend/db/channels.ts'
import { buildForRig } from '../scripts/sandbox/rig/build.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer } from '../scripts/sandbox/visitor.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { openView, type View } from './browser.ts'
import { startRunning, type Running } from './running.ts'

const SECOND = 1_000
let running: Running
let browser: Browser
const views: View[] = []

const open = async (view: string, person: string, more: Record<string, string> = {}) => {
  const opened = await openView(browser, running.sandbox.rig.url, { view, person, ...more })
  views.push(opened)
  return opened
}
const say = (login: string, text: string) => running.sandbox.twitch.say(running.channelId, login, text)
const standing = (login: string, what: 'approved' | 'blocked' | 'none') => {
  const { id } = running.sandbox.twitch.userOf(login)
  return setStanding(running.echoes.db, running.channelId, { userId: id, login }, what, Date.now())
}
const mode = (to: 'everyone' | 'trusted' | 'streamer') =>
  setMode(running.echoes.db, running.channelId, to, Date.now())
const echoes = async () => (await running.echoes.db.selectFrom('echoes').select('id').execute()).length
const labelsIn = (view: View) => view.frame.locator('.moments li strong').allTextContents()

describe.skipIf(!chromiumPath)('the extension', { timeout: 90_000 }, () => {
  beforeAll(async () => {
    running = await startRunning()
    browser = await launchChromium()
    await buildForRig(running.sandbox, running.site)
  })
  afterAll(async () => {
    await browser?.close()
    await running?.stop()
  })

  it('before the streamer has signed in, everybody is told what is missing', async () => {
    const panel = await open('panel', 'vera')
    await panel.frame.getByText('Echoes is not set up yet').waitFor()
    await panel.look('panel-unfinished')
    const config = await open('config', PEOPLE.streamer)
    await config.frame.getByRole('link', { name: 'Open the companion site' }).waitFor()
    await config.look('config-unfinished')
    await Promise.all([panel.close(), config.close()])
  })

  it('offline, the panel says what it will do', async () => {
    await setUpStreamer(running.site, PEOPLE.streamer)
    await running.subscribed()
    const panel = await open('panel', 'vera')
    await panel.frame.getByText('The stream is offline').waitFor()
    await panel.look('panel-offline')
    await panel.close()
  })

  describe('while live', () => {
    beforeAll(async () => {
      const { sandbox, channelId, echoes: e } = running
      sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140 * SECOND, title: 'Clock practice' })
      await vi.waitFor(
        async () => expect(await e.db.selectFrom('streams').selectAll().execute()).toHaveLength(1),
        10_000,
      )
      await standing(PEOPLE.approved, 'approved')
    })

    it('a viewer in mode "trusted" is told who may echo; an approved one only has to say who they are', async () => {
      const panel = await open('panel', PEOPLE.approved)
      await panel.frame.getByRole('heading', { name: 'Moderators and approved people echo here' }).waitFor()
      await panel.look('panel-not-allowed')
      await panel.frame.getByRole('button', { name: 'Tell Echoes who I am' }).click()
      await panel.frame.getByRole('button', { name: /Echo this/ }).waitFor()
      await panel.look('panel-ready')
      await panel.close()
    })

    it('by keyboard alone: length, label, echo, undo; the screen answers within 100 ms', async () => {
      const panel = await open('panel', PEOPLE.approved, { shared: '1' })
      const button = panel.frame.getByRole('button', { name: /Echo this/ })
      await button.waitFor()
      await panel.frame.locator('h1').click()
      await panel.page.keyboard.press('Tab')
      await panel.frame.locator('button:focus').waitFor()
      await panel.page.keyboard.press('Tab')
      await panel.page.keyboard.press('ArrowLeft')
      await panel.frame.getByRole('radio', { name: '15 s' }).and(panel.frame.locator(':checked')).waitFor()
      await panel.page.keyboard.press('Tab')
      await panel.page.keyboard.type('clutch')
      const answered = await panel.frame.locator('main').evaluate(async (main) => {
        const began = performance.now()
        const changed = new Promise<number>((resolve) => {
          new MutationObserver(() => {
            if (main.classList.contains('sending')) resolve(performance.now() - began)
          }).observe(main, { attributes: true })
        })
        main.querySelector<HTMLButtonElement>('.echo')?.click()
        return changed
      })
      expect(answered).toBeLessThan(100)
      await panel.frame.getByText('Saved: the last 15 s').waitFor()
      await panel.frame.getByText(/Again in 0:4\d/).waitFor()
      await panel.frame.getByText('clutch').waitFor()
      await panel.frame.getByText('15 s · yours').waitFor()
      await panel.look('panel-saved')
      expect(await echoes()).toBe(1)
      const undo = panel.frame.getByRole('button', { name: 'Undo' })
      await undo.focus()
      await panel.page.keyboard.press('Enter')
      await panel.frame.getByText('Taken back.').waitFor()
      await vi.waitFor(async () => expect(await labelsIn(panel)).toEqual([]), 10_000)
      await panel.frame.getByRole('button', { name: /Echo this/ }).waitFor()
      expect(panel.faults).toEqual([])
      await panel.close()
    })

    it('inside the cool-down a longer one replaces', async () => {
      const panel = await open('panel', PEOPLE.approved, { shared: '1', latency: '7.5' })
      await panel.frame.getByRole('button', { name: /Echo this/ }).click()
      await panel.frame.getByText('Saved: the last 30 s').waitFor()
      await panel.frame.getByText('60 s').or(panel.frame.getByText('1:00')).first().click()
      const replace = panel.frame.getByRole('button', { name: /Make it 1:00/ })
      await replace.waitFor()
      await panel.look('panel-longer-replaces')
      await replace.click()
      await panel.frame.getByText('Replaced: the last 1:00').waitFor()
      const row = await running.echoes.db
        .selectFrom('echoes')
        .selectAll()
        .orderBy('asked_at', 'desc')
        .executeTakeFirstOrThrow()
      expect(row).toMatchObject({ length_ms: 60_000, latency_ms: 7_500, source: 'panel' })
      // What they write in chat is the same person's: inside the cool-down.
      say(PEOPLE.approved, '!echo 20')
      await vi.waitFor(
        () => expect(running.sandbox.twitch.chat.some((l) => l.text.includes('Cool-down'))).toBe(true),
        15_000,
      )
      await panel.close()
    })

    it('the same page is Twitch’s mobile view: wider, taller, everything within reach', async () => {
      const phone = await open('mobile', PEOPLE.moderator)
      await phone.frame.getByRole('button', { name: /Echo this/ }).waitFor()
      await phone.frame.getByText('1 moment', { exact: true }).waitFor()
      await phone.look('mobile-ready')
      const box = await phone.frame.locator('.echo').boundingBox()
      expect(box?.width).toBeGreaterThan(330)
      await phone.frame.getByRole('textbox').fill('from the sofa')
      await phone.frame.getByRole('button', { name: /Echo this/ }).click()
      await phone.frame.getByText('Saved: the last 30 s').waitFor()
      await phone.frame.getByText('from the sofa').waitFor()
      await phone.look('mobile-saved')
      await phone.frame.getByRole('button', { name: 'Undo' }).click()
      await phone.frame.getByText('Taken back.').waitFor()
      // There is room for the next label.
      await phone.frame.getByRole('textbox').waitFor()
      expect(phone.faults).toEqual([])
      await phone.close()
    })

    it('everybody may back a moment once, and sees the same count', async () => {
      const [vera, victor] = [await open('panel', 'vera'), await open('panel', 'victor')]
      const vote = (view: View) => view.frame.getByRole('button', { name: /^Back “/ }).first()
      await vote(vera).click()
      await vera.frame.getByRole('button', { name: /^You back “Moment”, 2 people/ }).waitFor()
      await victor.frame
        .getByRole('button', { name: /^Back “Moment”, 2 people/ })
        .waitFor({ timeout: 15_000 })
      await vera.look('panel-voted')
      const votes = await running.echoes.db.selectFrom('votes').selectAll().execute()
      expect(votes).toHaveLength(1)
      await Promise.all([vera.close(), victor.close()])
    })

    it('who is blocked, not logged in, or not the streamer, is told so', async () => {
      await mode('everyone')
      await standing('vilma', 'blocked')
      const blocked = await open('panel', 'vilma', { shared: '1' })
      await blocked.frame.getByText('You cannot echo in this channel').waitFor()
      await blocked.look('panel-blocked')
      const out = await open('panel', 'logged-out')
      await out.frame.getByText('Log in at Twitch to echo').waitFor()
      await out.look('panel-signed-out')
      await mode('streamer')
      const viewer = await open('panel', 'vera')
      await viewer.frame.getByText('Only the streamer echoes right now').waitFor()
      await viewer.look('panel-streamer-only')
      const german = await open('panel', 'vera', { language: 'de' })
      await german.frame.getByText('Gerade markiert nur der Streamer').waitFor()
      await german.frame.getByText('Dieser Stream').waitFor()
      await german.look('panel-german')
      await Promise.all([blocked.close(), out.close(), viewer.close(), german.close()])
    })

    it('a lost connection is said, and its return; a slow one shows that it is at work', async () => {
      await mode('everyone')
      const panel = await open('panel', 'victor')
      await panel.frame.getByRole('button', { name: /Echo this/ }).waitFor()
      await panel.set('network', 'lost')
      await panel.frame.getByRole('button', { name: /Echo this/ }).click()
      await panel.frame.getByText('Not saved', { exact: true }).waitFor()
      const lost = panel.frame.locator('.toast:not(.heard)', { hasText: 'No connection' })
      await lost.waitFor()
      await panel.look('panel-lost')
      await panel.set('network', 'ok')
      await lost.waitFor({ state: 'detached', timeout: 20_000 })
      await panel.frame.getByRole('button', { name: /Echo this/ }).waitFor()
      await panel.set('network', 'slow')
      await panel.frame.getByRole('button', { name: /Echo this/ }).click()
      await panel.frame.getByText('Saving …').first().waitFor()
      await panel.look('panel-sending')
      await panel.frame.getByText('Saved: the last 30 s').waitFor()
      await panel.close()
      const loading = await open('panel', 'vera', { network: 'slow' })
      await loading.frame.getByRole('status', { name: 'Loading' }).waitFor()
      await loading.look('panel-loading')
      await loading.close()
    })

    it('in every mode, from panel and chat, all see the same list', async () => {
      await changeSettings(running.echoes.db, running.channelId, { cooldownMs: 0 }, Date.now())
      const people = ['vera', 'victor', PEOPLE.moderator, PEOPLE.approved, PEOPLE.streamer]
      const panels = await Promise.all(people.map((p) => open('panel', p, { shared: '1' })))
      const live = await open('live-config', PEOPLE.streamer)
      const allowed = { everyone: 5, trusted: 3, streamer: 1 }
      for (const now of ['everyone', 'trusted', 'streamer'] as const) {
        await mode(now)
        const before = await echoes()
        await Promise.all(
          panels.map((p, n) =>
            n < people.length - allowed[now]
              ? p.frame.locator('.reason h2').waitFor({ timeout: 20_000 })
              : p.frame.getByRole('button', { name: /Echo this/ }).waitFor({ timeout: 20_000 }),
          ),
        )
        await Promise.all(
          panels.slice(people.length - allowed[now]).map((p) => p.frame.locator('.echo').click()),
        )
        for (const who of people) say(who, `!echo 20 ${now}`)
        await vi.waitFor(async () => expect(await echoes()).toBe(before + 2 * allowed[now]), 20_000)
        await vi.waitFor(async () => {
          const lists = await Promise.all([...panels, live].map(labelsIn))
          expect(lists[0]?.length).toBeGreaterThan(0)
          for (const list of lists) expect(list).toEqual(lists[0])
        }, 20_000)
      }
      expect(panels.flatMap((p) => p.faults)).toEqual([])
      await Promise.all([...panels, live].map((v) => v.close()))
      await mode('trusted')
    })

    it('live config: the mode with one tap, keep and drop, a long echo', async () => {
      const live = await open('live-config', PEOPLE.streamer)
      await live.frame.getByText('Only me').click()
      await vi.waitFor(async () => {
        const row = await running.echoes.db.selectFrom('channels').select('mode').executeTakeFirstOrThrow()
        expect(row.mode).toBe('streamer')
      }, 5_000)
      await live.frame.getByRole('button', { name: 'Start a long echo' }).click()
      await live.frame.getByRole('button', { name: /Stop the long echo/ }).waitFor()
      await live.frame
        .getByRole('button', { name: /^Drop / })
        .first()
        .click()
      await live.frame.getByRole('button', { name: /^Keep / }).waitFor()
      await live.look('live-config')
      await live.frame.getByRole('button', { name: /^Keep / }).click()
      await live.frame.getByRole('button', { name: /Stop the long echo/ }).click()
      await live.frame.getByRole('button', { name: 'Start a long echo' }).waitFor()
      expect(live.faults).toEqual([])
      await live.close()
    })
  })

  it('the config page saves by itself, and lists survive every mode', async () => {
    await mode('trusted')
    const config = await open('config', PEOPLE.streamer)
    await config.frame.getByRole('heading', { name: 'Who may echo' }).waitFor()
    await config.frame.getByLabel('Find somebody by name').fill('vil')
    await config.frame.getByText('Vilma').waitFor()
    await config.frame.getByLabel('Find somebody by name').fill('modesto')
    await config.frame.getByRole('button', { name: 'Approve Modesto' }).click()
    await config.frame.getByText('modesto approved.').waitFor()
    await config.frame.getByText('Paste many names').click()
    await config.frame.getByLabel(/Names, with spaces/).fill('@Vera, victor\nnobody_at_all')
    await config.frame.getByRole('button', { name: 'Approve 3' }).click()
    await config.frame.getByText('Nobody at Twitch is called nobody_at_all.').waitFor()
    const approved = () => config.frame.locator('[aria-labelledby=list-approved] li').allTextContents()
    const before = await approved()
    expect(before).toHaveLength(4)
    await config.frame.getByText('Streamer only', { exact: true }).click()
    await config.frame.getByText('Saved', { exact: true }).waitFor()
    await config.frame.getByText('Streamer, mods, approved', { exact: true }).click()
    await config.frame.getByText('Saved', { exact: true }).waitFor()
    expect(await approved()).toEqual(before)
    await config.frame.getByRole('button', { name: 'Remove vera' }).click()
    await config.frame.getByText('vera taken off the list.').waitFor()
    await config.look('config')
    await config.frame.getByLabel('Other commands for the same').fill('!Clip, !mark')
    await config.frame.getByLabel('Saved, in your words').fill('{user} kept {length}')
    await vi.waitFor(async () => {
      const { settings } = (await findChannel(running.echoes.db, running.channelId)) ?? {}
      expect(settings).toMatchObject({ aliases: ['!clip', '!mark'], savedText: '{user} kept {length}' })
    }, 10_000)
    await config.frame.getByLabel('The command').fill('two words')
    await config.frame.getByText(/Not saved.*two to twenty small letters/).waitFor()
    await config.frame.getByLabel('The command').fill('!echo')
    await config.frame.getByText('Saved', { exact: true }).waitFor()
    await config.frame.getByLabel('Cool-down of a person').fill('4000')
    await config.frame.getByText('From 0 to 1800 seconds').waitFor()
    expect(config.faults).toEqual([])
    await config.close()
  })

  it('two tabs never overwrite each other silently', async () => {
    const [one, two] = [await open('config', PEOPLE.streamer), await open('config', PEOPLE.streamer)]
    const cooldown = (view: View) => view.frame.getByLabel('Cool-down of a person')
    await Promise.all([cooldown(one).waitFor(), cooldown(two).waitFor()])
    await cooldown(one).fill('60')
    await one.frame.getByText('Saved', { exact: true }).waitFor()
    // Another field: both changes stand.
    await two.frame.getByLabel('An echo can be taken back for').fill('20')
    await two.frame.getByText('Saved', { exact: true }).waitFor()
    expect(await cooldown(two).inputValue()).toBe('60')
    // The same field: the second is asked.
    await cooldown(one).fill('90')
    await vi.waitFor(async () => {
      const { settings } = await running.echoes.db
        .selectFrom('channels')
        .select('settings')
        .executeTakeFirstOrThrow()
      expect(JSON.parse(settings)).toMatchObject({ cooldownMs: 90_000, undoMs: 20_000 })
    }, 5_000)
    await cooldown(two).fill('30')
    await two.frame.getByText('Changed elsewhere meanwhile').waitFor()
    await two.look('config-conflict')
    await two.frame.getByRole('button', { name: 'Use theirs' }).click()
    expect(await cooldown(two).inputValue()).toBe('90')
    await two.set('network', 'lost')
    await cooldown(two).fill('45')
    await two.frame.getByText(/Not saved. No connection; trying again/).waitFor()
    await two.look('config-failed')
    await two.set('network', 'ok')
    await two.frame.getByText('Saved', { exact: true }).waitFor({ timeout: 10_000 })
    await Promise.all([one.close(), two.close()])
  })

  it('after the stream the panel shows the recap', async () => {
    const { sandbox, channelId } = running
    const panel = await open('panel', 'vera')
    await panel.frame.getByText('This stream').waitFor()
    sandbox.twitch.end(channelId)
    await panel.frame.getByRole('link', { name: /Clock practice/ }).waitFor({ timeout: 60_000 })
    await vi.waitFor(async () => {
      const width = await panel.frame.locator('img').evaluate((i) => (i as HTMLImageElement).naturalWidth)
      expect(width).toBeGreaterThan(0)
    }, 10_000)
    await panel.look('panel-recaps')
    expect(panel.faults).toEqual([])
    await panel.close()
  })
})
