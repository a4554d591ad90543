/**
 * The pictures that the extension's page in Twitch's store shows: taken of the real panel and pages in the rig, while a
 * stream with a few moments is on in the sandbox, and after it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { WANTED_EVENTS } from '../../backend/jobs/reconcile.ts'
import { launchChromium } from '../sandbox/chromium.ts'
import { keptFootage } from '../sandbox/footage/kept.ts'
import { freePort, startProcess, until } from '../sandbox/process.ts'
import { buildForRig } from '../sandbox/rig/build.ts'
import { PEOPLE, startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { approve, setUpStreamer } from '../sandbox/visitor.ts'
import { MARK_SVG } from './mark.ts'

/** What the store shows beside the name (Helix lists it as `300x200`). */
const DISCOVERY = { file: 'discovery-300x200.png', width: 300, height: 200 }
const SIZE = { width: 1024, height: 768 }
const MINUTES = 20
/** When in the stream, who, and what they write. */
const CHAT: [atSec: number, login: string, text: string][] = [
  [130, PEOPLE.streamer, '!echo 30 the fall'],
  [540, 'vera', '!echo 20 squirrels'],
  [546, 'victor', '!echo 30'],
  [900, PEOPLE.moderator, '!echo 45 butterfly'],
  [1100, 'vilma', '!echo 30 that jump'],
]

interface Shot {
  file: string
  view: 'panel' | 'config' | 'live-config'
  person: string
  /** What is there once the view is worth a picture. */
  shows: string
  headline: string
  sentence: string
}

const LIVE: Shot[] = [
  {
    file: 'screenshot-1-echo.png',
    view: 'panel',
    person: 'vera',
    shows: 'that jump',
    headline: 'One press keeps the moment',
    sentence: 'Viewers mark what has just happened, here or with !echo in chat, and back what others marked.',
  },
  {
    file: 'screenshot-2-live.png',
    view: 'live-config',
    person: PEOPLE.streamer,
    shows: 'that jump',
    headline: 'You keep the last word',
    sentence: 'Who may echo changes with one tap. Drop a moment, or keep it, while you are live.',
  },
  {
    file: 'screenshot-3-settings.png',
    view: 'config',
    person: PEOPLE.streamer,
    shows: 'Who may echo',
    headline: 'Set up inside Twitch',
    sentence: 'Lengths, cool-down, approved and blocked people. Every change saves itself.',
  },
]
const AFTERWARDS: Shot = {
  file: 'screenshot-4-recap.png',
  view: 'panel',
  person: 'vera',
  shows: 'Watch on YouTube',
  headline: 'Minutes after the stream: one recap',
  sentence: 'On your YouTube channel, with chapters and credits, and in the panel while you are away.',
}

/** @returns the names of the files written into `dir` */
export async function drawListing(dir: string): Promise<string[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'echoes-listing-'))
  const sandbox = await startSandbox({ footageDir: await keptFootage({ kind: 'film', minutes: MINUTES }) })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const echoes = startProcess({ ...sandbox.environment({ port, dataDir }), LOG_LEVEL: 'fatal' })
  const browser = await launchChromium()
  try {
    await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
    await setUpStreamer(site, PEOPLE.streamer)
    await approve(sandbox, join(dataDir, 'echoes.sqlite'))
    const { id: channelId } = sandbox.twitch.userOf(PEOPLE.streamer)
    await until('Twitch delivers events', () => sandbox.eventsub.delivers(channelId, WANTED_EVENTS))
    await until('the bot is in the room', () =>
      [...sandbox.chat.clients].some((c) => c.rooms.has(PEOPLE.streamer)),
    )
    await buildForRig(sandbox, site)
    const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - MINUTES * 60_000
    sandbox.twitch.goLive(channelId, { startedAtMs, title: 'An afternoon with a rabbit' })
    sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo mode everyone', startedAtMs + 10_000)
    await until('the mode is set', () =>
      sandbox.twitch.chat.some((l) => l.text.includes('Everyone can echo')),
    )
    for (const [atSec, login, text] of CHAT)
      sandbox.twitch.say(channelId, login, text, startedAtMs + atSec * 1000)
    for (const shot of LIVE) await draw(browser, sandbox, dir, shot)
    sandbox.twitch.end(channelId)
    await draw(browser, sandbox, dir, AFTERWARDS)
    await drawDiscovery(browser, dir)
    return [...LIVE, AFTERWARDS].map((shot) => shot.file).concat(DISCOVERY.file)
  } finally {
    echoes.stop()
    await echoes.ended
    await browser.close()
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function draw(browser: Browser, { rig }: Sandbox, dir: string, shot: Shot): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 800, height: 1000 }, deviceScaleFactor: 2 })
  const page = await context.newPage()
  await page.goto(`${rig.url}/?view=${shot.view}&person=${shot.person}&theme=dark`)
  await page.frameLocator('iframe').getByText(shot.shows).first().waitFor({ timeout: 120_000 })
  const picture = await page.locator('iframe').screenshot()
  await page.setViewportSize(SIZE)
  await page.setContent(pageAround(shot, picture.toString('base64')))
  await page.locator('img').evaluate((image) => (image as HTMLImageElement).decode())
  writeFileSync(join(dir, shot.file), await page.screenshot({ scale: 'css' }))
  await context.close()
}

function pageAround({ view, headline, sentence }: Shot, picture: string): string {
  const height = view === 'config' ? 560 : 620
  return `<style>
    body { margin: 0; display: flex; align-items: center; justify-content: center; gap: 56px; height: 100vh;
      background: #0e0e10; color: #efeff1; font: 20px/1.5 Inter, Roobert, 'Helvetica Neue', Helvetica, Arial, sans-serif }
    div { width: 340px } h1 { font-size: 40px; line-height: 1.15; margin: 24px 0 16px; font-weight: 600 }
    p { margin: 0; color: #adadb8 } svg { width: 64px }
    img { height: ${height}px; border-radius: 12px; border: 1px solid #303035 }
  </style><div>${MARK_SVG}<h1>${headline}</h1><p>${sentence}</p></div><img src="data:image/png;base64,${picture}">`
}

async function drawDiscovery(browser: Browser, dir: string): Promise<void> {
  const { width, height, file } = DISCOVERY
  const page = await browser.newPage({ viewport: { width, height } })
  await page.setContent(`<style>
    body { margin: 0; display: flex; align-items: center; justify-content: center; gap: 14px; height: 100vh;
      background: #0e0e10; color: #efeff1; font: 600 40px Inter, Roobert, 'Helvetica Neue', Helvetica, Arial, sans-serif }
    svg { width: 88px }
  </style>${MARK_SVG}Echoes`)
  writeFileSync(join(dir, file), await page.screenshot())
  await page.close()
}
