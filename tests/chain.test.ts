import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { setStanding } from '../backend/db/channels.ts'
import { commandOutcomes } from '../backend/db/echoes.ts'
import type { Echoes } from '../backend/echoes.ts'
import { PEOPLE, type Sandbox } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { decode } from '../scripts/sandbox/footage/decode.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let sandbox: Sandbox
let echoes: Echoes
let site: string
let channelId: string
const visitor = new Visitor()

beforeAll(async () => {
  running = await startRunning()
  ;({ sandbox, echoes, site, channelId } = running)
  await running.startMore(['bot'])
})
afterAll(() => running?.stop())

describe('from chat to YouTube', () => {
  it('the streamer signs in, connects YouTube and agrees to publishing', async () => {
    const home = await signIn(visitor, site, PEOPLE.streamer)
    expect(home.html).toContain('Not connected yet')
    expect((await connectYoutube(visitor, site)).html).toContain('Connected: Sandbox Streamer')
    expect((await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })).html).toContain(
      'By themselves; you can take that back',
    )
    const user = sandbox.twitch.userOf(PEOPLE.approved)
    await setStanding(echoes.db, channelId, { userId: user.id, login: user.login }, 'approved', Date.now())
    await running.subscribed()
    const inRoom = () => [...sandbox.chat.clients].filter((c) => c.rooms.has(PEOPLE.streamer)).length
    await vi.waitFor(() => expect(inRoom()).toBe(2), 10_000)
  })

  it('a grant that leaves the upload out is explained', async () => {
    const stranger = await new Visitor().get(`${site}/connect/youtube`)
    expect(stranger.html).toContain('Sign in with Twitch') // nothing to connect before
    const partial = await connectYoutube(visitor, site, ['https://www.googleapis.com/auth/youtube.readonly'])
    expect(partial.status).toBe(400)
    expect(partial.html).toContain('tick each box')
  })

  it('two bots and two transports take each echo once, by the rules of the mode', async () => {
    // The stream "began" 150 s ago: the recording has the clock from 0:00 to 2:30.
    const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - 150_000
    sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice <live>' })
    const live = () => echoes.db.selectFrom('streams').selectAll().execute()
    await vi.waitFor(async () => expect(await live()).toHaveLength(1), 10_000)
    const say = (login: string, text: string, atSec: number) =>
      sandbox.twitch.say(channelId, login, text, startedAtMs + atSec * 1000)
    say(PEOPLE.streamer, '!echo 10 first blood', 33)
    say(PEOPLE.approved, '!echo 10', 40)
    say(PEOPLE.approved, '!echo 20 the long one', 45)
    say('vera', '!echo 30', 50)
    say(PEOPLE.moderator, '!ECHO 15', 103)
    say('vera', 'what is !echo', 104)
    say(PEOPLE.moderator, '!echo 2', 105)
    await vi.waitFor(async () => {
      const outcomes = await commandOutcomes(echoes.db, channelId)
      expect(outcomes).toEqual({ accepted: 4, 'trusted-only': 1, unreadable: 1 })
    }, 10_000)
    expect(await echoes.db.selectFrom('echoes').selectAll().execute()).toHaveLength(4)
    await vi.waitFor(
      () => expect(sandbox.twitch.chat.some((l) => l.user.login === PEOPLE.bot)).toBe(true),
      5_000,
    )
  })

  it('after the end the recap is on YouTube once, and one mail says so', async () => {
    sandbox.eventsub.faults.copies = 5
    sandbox.twitch.end(channelId)
    await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(1), 40_000)
    expect(sandbox.google.videos).toHaveLength(1)
    const [video] = sandbox.google.videos
    expect(video?.title).toBe('Clock practice live – recap')
    expect(video?.thumbnail).not.toBeNull()
    const [mail] = sandbox.mail.mails
    expect(mail?.to).toBe('sunny@example.com')
    expect(mail?.text).toContain(`watch?v=${video?.id}`)
    const recap = await echoes.db.selectFrom('recaps').selectAll().executeTakeFirstOrThrow()
    expect(recap.state).toBe('published')
    expect((await visitor.get(site)).html).toContain('On YouTube')
  })

  it('shows the right moments: the pictures that people asked for, and only the parts they need were fetched', () => {
    const [video] = sandbox.google.videos
    const seen = decode(video?.file ?? '')
    expect(seen.errors).toBe(0)
    const frames = seen.pictures.map((p) => p.frame)
    // 20–30 s by the streamer, 22–42 s by the approved person: one moment 20–42 s. 85–100 s by the moderator.
    expect(frames[0]).toBe(20 * 30)
    const join = frames.findIndex((f, n) => f - (frames[n - 1] ?? f) > 1)
    expect(frames[join - 1]).toBeGreaterThanOrEqual(42 * 30 - 1)
    expect(frames[join - 1]).toBeLessThanOrEqual(42 * 30 + 3)
    expect(frames[join]).toBe(84 * 30)
    expect([...sandbox.video.served.values()].every((times) => times === 1)).toBe(true)
    expect(sandbox.video.served.size).toBe(6)
  })
})

describe('what is not Twitch’s is refused', () => {
  it('a wrong signature is 403, and so is an event older than ten minutes', async () => {
    const answer = await fetch(`${site}/events/twitch`, {
      method: 'POST',
      body: '{}',
      headers: { 'twitch-eventsub-message-signature': 'sha256=00' },
    })
    expect(answer.status).toBe(403)
    const statuses = await sandbox.eventsub.deliver(
      'stream.online',
      channelId,
      { id: '1', type: 'live', started_at: new Date().toISOString() },
      Date.now() - 11 * 60_000,
    )
    expect(statuses).toEqual([403])
  })
})

it('a stream without echoes makes no video', async () => {
  sandbox.twitch.goLive(channelId, { title: 'Nobody echoed', startedAtMs: Date.now() - 60_000 })
  await vi.waitFor(
    async () => expect(await echoes.db.selectFrom('streams').selectAll().execute()).toHaveLength(2),
    10_000,
  )
  sandbox.twitch.end(channelId)
  await vi.waitFor(async () => {
    const states = (await echoes.db.selectFrom('recaps').select('state').execute()).map((r) => r.state)
    expect(states.sort()).toEqual(['empty', 'published'])
  }, 20_000)
  expect(sandbox.google.videos).toHaveLength(1)
})

it('events that come late, again, and out of order change nothing', async () => {
  const { db } = echoes
  const facts = async () => ({
    shows: await db.selectFrom('shows').selectAll().orderBy('id').execute(),
    streams: await db.selectFrom('streams').selectAll().orderBy('id').execute(),
    recaps: await db.selectFrom('recaps').selectAll().orderBy('id').execute(),
  })
  const before = await facts()
  const [first] = sandbox.twitch.streams
  if (!first) throw new Error('there was no stream')
  const late = Date.now() - 9 * 60_000
  await sandbox.eventsub.deliver('stream.offline', channelId, { id: first.id }, late)
  const startedAt = new Date(first.startedAtMs).toISOString()
  const online = { id: first.id, type: 'live', started_at: startedAt }
  await sandbox.eventsub.deliver('stream.online', channelId, online, late + 1)
  await sandbox.eventsub.deliver('stream.online', channelId, online, late - 1)
  await vi.waitFor(async () => {
    const waiting = await db.selectFrom('inbox').select('type').where('handled_at', 'is', null).execute()
    expect(waiting).toEqual([])
  }, 10_000)
  expect(await facts()).toEqual(before)
})
