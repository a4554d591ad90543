/** A span that the streamer begins and ends by hand becomes a video of its own, where the channel wants it so. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { changeSettings } from '../backend/db/channels.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
beforeAll(async () => {
  running = await startRunning()
})
afterAll(() => running?.stop())

it('beside the recap of everything else; each is published once, with a mail of its own', async () => {
  const { sandbox, site, channelId, echoes } = running
  const { db } = echoes
  await setUpStreamer(site, PEOPLE.streamer)
  await running.subscribed()
  await changeSettings(db, channelId, { longSpans: 'own-video' }, Date.now())
  const startedAtMs = Date.now() - 145_000
  sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
  const known = () => db.selectFrom('streams').select('id').executeTakeFirst()
  await vi.waitFor(async () => expect(await known()).toBeTruthy(), 10_000)
  const say = (atSec: number, text: string) =>
    sandbox.twitch.say(channelId, PEOPLE.streamer, text, startedAtMs + atSec * 1000)
  say(30, '!echostart the heist')
  const open = () => db.selectFrom('long_echoes').selectAll().executeTakeFirst()
  await vi.waitFor(async () => expect((await open())?.label).toBe('the heist'), 10_000)
  say(70, '!echostop')
  await vi.waitFor(async () => expect((await open())?.ended_at).toBe(startedAtMs + 70_000), 10_000)
  say(120, '!echo 20 thunder')
  const taken = () => db.selectFrom('echoes').select('id').execute()
  await vi.waitFor(async () => expect(await taken()).toHaveLength(1), 10_000)
  sandbox.twitch.end(channelId)

  await vi.waitFor(
    async () =>
      expect((await recapsOf(db, channelId)).map((r) => r.state)).toEqual(['published', 'published']),
    40_000,
  )
  const recaps = new Map((await recapsOf(db, channelId)).map((r) => [r.title, r]))
  expect([...recaps.keys()].sort()).toEqual(['Clock practice – recap', 'the heist – Clock practice'])
  const own = recaps.get('the heist – Clock practice')?.product
  const rest = recaps.get('Clock practice – recap')?.product
  expect([own?.moments.map((m) => m.label), rest?.moments.map((m) => m.label)]).toEqual([
    ['the heist'],
    ['thunder'],
  ])
  // Cuts are at key frames, two seconds apart in this footage.
  expect(Math.abs((own?.durationSec ?? 0) - 40)).toBeLessThan(5)
  expect(Math.abs((rest?.durationSec ?? 0) - 20)).toBeLessThan(5)
  expect(sandbox.google.videos).toHaveLength(2)
  await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(2), 20_000)
})
