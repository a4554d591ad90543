/** Pages that one sees when things go another way, in a real Chromium: in the making, dropped, refused, not there, no more mails. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { recapsOf } from '../backend/db/recaps.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { openSite } from './site-browser.ts'
import { liveStreamer } from './running.ts'

const SOON = { timeout: 40_000, interval: 100 }
const SAID: [number, string][] = [
  [33, '!echo 10 first'],
  [103, '!echo 15 second'],
]

let browser: Browser

describe.skipIf(!chromiumPath)('one sees', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  it('a recap that waits for room, and what is left once it is dropped', async () => {
    const { running, visitor } = await liveStreamer({ DISK_RESERVE_MB: '100000000' }, SAID)
    const { site, sandbox, channelId, echoes } = running
    const recap = async () => (await recapsOf(echoes.db, channelId))[0]
    sandbox.twitch.end(channelId)
    await vi.waitFor(async () => expect((await recap())?.step).toMatch(/^waiting: the server/), SOON)
    const desk = await openSite(browser, `${site}/recaps/${(await recap())?.id}`, visitor)
    await desk.page.getByText('The video waits: the server’s disk is full').waitFor()
    await desk.look('desk-making')
    await desk.page.getByRole('banner').getByRole('button', { name: 'Drop' }).click()
    await vi.waitFor(async () => expect((await recap())?.state).toBe('empty'), SOON)
    await desk.page.reload()
    await desk.page.getByText('dropped').first().waitFor()
    await desk.look('desk-dropped')
    expect(desk.faults).toEqual([])
    await desk.close()
  })

  it('that YouTube has refused the video, and what to do', async () => {
    const { running, visitor } = await liveStreamer({}, SAID)
    const { site, sandbox, channelId, echoes } = running
    sandbox.google.faults.rejects = 'copyright'
    await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
    sandbox.twitch.end(channelId)
    const recap = async () => (await recapsOf(echoes.db, channelId))[0]
    await vi.waitFor(async () => expect((await recap())?.state).toBe('failed'), SOON)
    const desk = await openSite(browser, `${site}/recaps/${(await recap())?.id}`, visitor)
    await desk.page.getByText('YouTube refused the video').waitFor()
    // Nothing can be changed any more, and the video can be had.
    expect(await desk.page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
    expect(await desk.page.getByLabel('Title').count()).toBe(0)
    const path = await desk.page.getByRole('link', { name: 'the video' }).getAttribute('href')
    expect(await visitor.download(site + path)).toHaveLength((await recap())?.product?.bytes ?? 0)
    await desk.look('desk-failed')
    await desk.page.goto(`${site}/recaps/none`)
    await desk.page.getByRole('heading', { name: 'Not here' }).waitFor()
    await desk.look('error-404')
    await vi.waitFor(() => expect(sandbox.mail.mails).not.toEqual([]), SOON)
    const link = /^<(.*)>$/.exec(sandbox.mail.mails[0]?.headers['list-unsubscribe'] ?? '')?.[1] ?? ''
    await desk.page.goto(link)
    await desk.look('unsubscribe')
    await desk.page.getByRole('button').click()
    await desk.page.getByText('You can turn them on again').waitFor()
    expect(desk.faults).toEqual([])
    await desk.close()
  })
})
