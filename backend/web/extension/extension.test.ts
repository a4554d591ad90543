/** The extension's API by its requests: who gets in, what is answered, and that one press counts once. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configState, echoTaken, liveState, panelMe, panelState } from '../../../shared/api.ts'
import { startRunning, type Running } from '../../../tests/running.ts'
import { changeSettings, setMode } from '../../db/channels.ts'
import { saveChannel } from '../../db/channels.ts'
import { streamStarted } from '../../db/shows.ts'

let running: Running
let channelId: string

beforeAll(async () => {
  running = await startRunning()
  channelId = running.channelId
  const { db } = running.echoes
  const now = Date.now()
  await saveChannel(db, { id: channelId, login: 'sunny', displayName: 'Sunny', email: null }, now)
  await setMode(db, channelId, 'everyone', now)
  await changeSettings(db, channelId, { cooldownMs: 0 }, now)
  await streamStarted(db, { channelId, streamId: '1', startedAtMs: now - 60_000, title: 'T' }, now)
})
afterAll(() => running?.stop())

interface Who {
  role?: string
  opaque?: string
  user?: string
  channel?: string
}

const token = ({ role = 'viewer', opaque = 'Uvera', user, channel = channelId }: Who = {}) =>
  running.sandbox.rig.token({
    exp: Math.floor(Date.now() / 1000) + 600,
    channel_id: channel,
    opaque_user_id: opaque,
    role,
    ...(user ? { user_id: user } : {}),
  })

async function ask(method: string, path: string, who: Who | string = {}, body?: unknown) {
  const bearer = typeof who === 'string' ? who : `Bearer ${await token(who)}`
  const answer = await fetch(running.site + path, {
    method,
    headers: { authorization: bearer, origin: running.sandbox.rig.filesUrl },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null }
}
const press = (lengthMs = 30_000, key = randomUUID()) => ({
  key,
  lengthMs,
  label: 'clutch',
  latencyMs: 4_000,
})

describe('who gets in', () => {
  it('nobody without a token that Twitch signed for this channel', async () => {
    const paths = ['/panel/state', '/panel/me', '/config', '/config/live', '/config/search?name=ve']
    for (const path of paths)
      for (const bearer of [
        '',
        'Bearer',
        'Bearer a.b.c',
        `Bearer ${await token()}, Bearer ${await token()}`,
        await token(),
      ])
        expect([path, (await ask('GET', path, bearer)).status]).toEqual([path, 401])
    expect(await ask('GET', '/panel/state', 'Bearer a.b.c')).toMatchObject({
      body: { reason: 'token', sentence: expect.stringMatching(/token/) },
    })
  })

  it('a second authorization header does not help', async () => {
    const { request } = await import('node:http')
    const bearer = `Bearer ${await token()}`
    const status = await new Promise((resolve) => {
      const sent = request(`${running.site}/panel/me`, (answer) => resolve(answer.statusCode))
      sent.setHeader('authorization', [bearer, 'Bearer a.b.c'])
      sent.end()
    })
    expect([400, 401]).toContain(status)
  })

  it('viewers and moderators do not reach the config', async () => {
    for (const role of ['viewer', 'moderator'])
      for (const [method, path] of [
        ['GET', '/config'],
        ['PATCH', '/config/settings'],
        ['POST', '/config/people'],
        ['GET', '/config/live'],
        ['POST', '/config/moments'],
        ['POST', '/config/long'],
      ] as const)
        expect([path, (await ask(method, path, { role }, method === 'GET' ? undefined : {})).status]).toEqual(
          [path, 403],
        )
  })

  it('a streamer sees their own channel and no other', async () => {
    const other = await ask('GET', '/config', { role: 'broadcaster', channel: '777' })
    expect(other).toMatchObject({ status: 200, body: { signedUp: false, approved: [] } })
    expect((await ask('GET', '/panel/state', { channel: '777' })).body.setUp).toBe('unfinished')
  })

  it('only the extension’s pages may read the answers', async () => {
    const bearer = `Bearer ${await token()}`
    const from = async (origin: string) => {
      const { headers } = await fetch(`${running.site}/panel/state`, {
        headers: { authorization: bearer, origin },
      })
      return headers.get('access-control-allow-origin')
    }
    expect(await from(running.sandbox.rig.filesUrl)).toBe(running.sandbox.rig.filesUrl)
    expect(await from('https://evil.example')).toBeNull()
  })
})

describe('what is answered', () => {
  it('has the form that the contract says', async () => {
    expect(panelState.strict().safeParse((await ask('GET', '/panel/state')).body).error).toBeUndefined()
    expect(panelMe.strict().safeParse((await ask('GET', '/panel/me')).body).error).toBeUndefined()
    const streamer = { role: 'broadcaster', opaque: 'Usunny' }
    expect(configState.strict().safeParse((await ask('GET', '/config', streamer)).body).error).toBeUndefined()
    expect(
      liveState.strict().safeParse((await ask('GET', '/config/live', streamer)).body).error,
    ).toBeUndefined()
  })

  it('the same state is not sent twice', async () => {
    const first = await ask('GET', '/panel/state')
    const etag = first.headers.get('etag') ?? ''
    const again = await fetch(`${running.site}/panel/state`, {
      headers: { authorization: `Bearer ${await token({ opaque: 'Uvictor' })}`, 'if-none-match': etag },
    })
    expect(again.status).toBe(304)
  })

  it('a repeated press counts once, also ten at once, and is answered alike', async () => {
    const body = press()
    const who = { opaque: 'Urepeat' }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask('POST', '/panel/echoes', who, body)),
    )
    expect(answers.map((a) => a.status).sort()).toEqual([...Array<number>(9).fill(200), 201])
    expect(new Set(answers.map((a) => echoTaken.parse(a.body).echoId)).size).toBe(1)
    const rows = await running.echoes.db
      .selectFrom('echoes')
      .selectAll()
      .where('user_id', '=', 'Urepeat')
      .execute()
    expect(rows).toMatchObject([{ label: 'clutch', latency_ms: 4_000, length_ms: 30_000 }])
    // Somebody else's key is somebody else's, even if it is the same.
    expect((await ask('POST', '/panel/echoes', { opaque: 'Uother' }, body)).status).toBe(201)
  })

  it('an undo is one’s own, and may come twice', async () => {
    const who = { opaque: 'Uundo' }
    const { body } = await ask('POST', '/panel/echoes', who, press())
    const path = `/panel/echoes/${body.echoId}`
    expect((await ask('DELETE', path, { opaque: 'Uthief' })).body.reason).toBe('nothing-to-undo')
    expect((await ask('DELETE', path, who)).status).toBe(200)
    expect((await ask('DELETE', path, who)).status).toBe(200)
  })

  it('who tells who they are is one person with what they did before', async () => {
    const { db } = running.echoes
    await changeSettings(db, channelId, { cooldownMs: 45_000 }, Date.now())
    const user = running.sandbox.twitch.userOf('vilma')
    expect((await ask('POST', '/panel/echoes', { opaque: 'Uvilma' }, press())).status).toBe(201)
    const me = await ask('GET', '/panel/me', { opaque: 'Uvilma', user: user.id })
    expect(me.body.cooldown).not.toBeNull()
    const again = await ask('POST', '/panel/echoes', { opaque: 'Uvilma', user: user.id }, press())
    expect(again).toMatchObject({ status: 429, body: { reason: 'cooldown' } })
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0)
    await changeSettings(db, channelId, { cooldownMs: 0 }, Date.now())
  })

  it('nonsense is refused with the field that is wrong', async () => {
    for (const body of [
      '',
      '{',
      '[]',
      '{"key":"x"}',
      { ...press(), lengthMs: -1 },
      { ...press(), lengthMs: 1e300 },
    ]) {
      const answer = await ask('POST', '/panel/echoes', { opaque: 'Unonsense' }, body)
      expect(answer).toMatchObject({ status: 422, body: { reason: 'unreadable' } })
    }
    const long = await ask('POST', '/panel/echoes', { opaque: 'Unonsense' }, press(20 * 60_000))
    expect(long).toMatchObject({ status: 422, body: { reason: 'too-long' } })
    expect(await ask('GET', '/panel/nothing')).toMatchObject({ status: 404, body: { reason: 'not-there' } })
  })

  it('somebody who is not logged in can look, but neither echo nor vote', async () => {
    const who = { opaque: 'Anobody' }
    expect((await ask('GET', '/panel/me', who)).body).toMatchObject({ signedIn: false })
    for (const [path, body] of [
      ['/panel/echoes', press()],
      ['/panel/votes', { momentId: 'm' }],
    ] as const)
      expect(await ask('POST', path, who, body)).toMatchObject({
        status: 403,
        body: { reason: 'signed-out' },
      })
  })

  it('a flood from one person is held back, with the seconds to wait', async () => {
    const bearer = `Bearer ${await token({ opaque: 'Uflood' })}`
    const answers = await Promise.all(Array.from({ length: 80 }, () => ask('GET', '/panel/me', bearer)))
    const held = answers.filter((a) => a.status === 429)
    expect(held.length).toBeGreaterThanOrEqual(20)
    expect(held[0]?.body).toMatchObject({ reason: 'too-many', secondsLeft: expect.any(Number) })
  })
})
