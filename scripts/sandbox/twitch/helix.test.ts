/** The sandbox's Helix refuses what Twitch refuses. */
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { listen } from '../http.ts'
import { ON_PURPOSE } from '../recorder.ts'
import { MovableClock } from '../clock.ts'
import { PEOPLE, startSandbox, type Sandbox } from '../sandbox.ts'

let sandbox: Sandbox
let appToken: string
const clock = new MovableClock()
beforeAll(async () => {
  clock.freeze(Date.UTC(2026, 10, 1, 18))
  sandbox = await startSandbox({ footageDir: inject('clockVod'), clock })
  appToken = await newToken()
})
afterAll(() => sandbox?.close())

const newToken = async () => {
  const { id, secret } = sandbox.twitchId.client
  const answer = await fetch(`${sandbox.addresses.twitch}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: id, client_secret: secret, grant_type: 'client_credentials' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}
const ask = async (path: string, token = appToken, method = 'GET', body?: object) => {
  const answer = await fetch(`${sandbox.addresses.twitch}/helix${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'client-id': sandbox.twitchId.client.id,
      'content-type': 'application/json',
      [ON_PURPOSE]: 'yes',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null }
}
const ids = (count: number, name = 'user_id') =>
  Array.from({ length: count }, (_, n) => `${name}=${1000 + n}`).join('&')

it('an unknown path, a missing or malformed parameter and too many ids are refused', async () => {
  expect((await ask('/stream')).status).toBe(404)
  expect((await ask('/videos')).status).toBe(400)
  expect((await ask('/videos?user_id=1&id=2')).status).toBe(400)
  expect((await ask('/streams?user_id=sunny')).status).toBe(400)
  expect((await ask(`/streams?${ids(100)}`)).status).toBe(200)
  expect((await ask(`/streams?${ids(101)}`)).status).toBe(400)
  expect((await ask(`/users?${ids(60, 'id')}&${ids(60, 'login')}`)).status).toBe(400)
  expect((await ask('/streams?first=101')).status).toBe(400)
})

it('lists come in pages of 20, or of what is asked for, and a cursor leads on', async () => {
  for (let n = 0; n < 130; n++) sandbox.twitch.goLive(sandbox.twitch.addUser(`crowd${n}`).id)
  const first = await ask('/streams')
  expect(first.body.data).toHaveLength(20)
  expect((await ask('/streams?first=100')).body.data).toHaveLength(100)
  const seen = new Set<string>()
  let after = ''
  do {
    const { body } = await ask(`/streams?first=50${after ? `&after=${after}` : ''}`)
    for (const stream of body.data) seen.add(stream.id)
    after = body.pagination.cursor
  } while (after)
  expect(seen.size).toBe(130)
})

it('the wrong token, a missing scope and a token that has run out are refused', async () => {
  const { id } = sandbox.twitch.userOf(PEOPLE.streamer)
  expect((await ask('/clips/downloads?editor_id=1&broadcaster_id=1&clip_id=a')).status).toBe(401)
  const weak = sandbox.twitchId.issueFor(id, ['user:read:email'])
  const missing = await ask(`/clips/downloads?editor_id=${id}&broadcaster_id=${id}&clip_id=a`, weak)
  expect([missing.status, missing.body.message]).toEqual([401, expect.stringContaining('Missing scope')])
  const strong = sandbox.twitchId.issueFor(id, ['channel:manage:clips'])
  const many = `/clips/downloads?editor_id=${id}&broadcaster_id=${id}&${ids(11, 'clip_id')}`
  expect((await ask(many, strong)).status).toBe(400)
  expect((await ask('/eventsub/subscriptions', strong)).status).toBe(400)
  clock.advance(5 * 60 * 60_000)
  expect((await ask('/streams', strong)).status).toBe(401)
})

it('a second subscription of the same kind is answered with 409 and the id of the first', async () => {
  const { id } = sandbox.twitch.addUser('never-signed-in')
  const receiver = await listen(new Hono().post('*', async (c) => c.text((await c.req.json()).challenge)))
  onTestFinished(() => receiver.close())
  const wanted = {
    type: 'stream.online',
    version: '1',
    condition: { broadcaster_user_id: id },
    transport: { method: 'webhook', callback: receiver.url, secret: 'a secret of ours' },
  }
  const token = await newToken()
  const first = await ask('/eventsub/subscriptions', token, 'POST', wanted)
  expect([first.status, first.body.data[0].cost]).toEqual([202, 1])
  const second = await ask('/eventsub/subscriptions', token, 'POST', wanted)
  expect([second.status, second.body.id]).toEqual([409, first.body.data[0].id])
  expect((await ask('/eventsub/subscriptions?type=stream.online&status=enabled', token)).status).toBe(400)
  expect((await ask(`/eventsub/subscriptions?user_id=${id}`, token)).body.data).toHaveLength(1)
})

it('800 requests a minute for each token, then 429 until points have come back', async () => {
  const token = await newToken()
  const statuses: number[] = []
  for (let n = 0; n < 801; n++) statuses.push((await ask('/streams?user_id=1', token)).status)
  expect(statuses.filter((s) => s === 200)).toHaveLength(800)
  const refused = await ask('/streams?user_id=1', token)
  expect([refused.status, refused.headers.get('ratelimit-remaining')]).toEqual([429, '0'])
  expect((await ask('/streams?user_id=1', await newToken())).status).toBe(200)
  clock.advance(1_000)
  expect((await ask('/streams?user_id=1', token)).status).toBe(200)
})

it('the list of who is live is behind the events', async () => {
  sandbox.twitch.listingLagMs = 120_000
  const token = await newToken()
  const { id } = sandbox.twitch.addUser('late')
  const live = async () => (await ask(`/streams?user_id=${id}`, token)).body.data.length
  sandbox.twitch.goLive(id)
  expect(await live()).toBe(0)
  clock.advance(121_000)
  expect(await live()).toBe(1)
  sandbox.twitch.end(id)
  expect(await live()).toBe(1)
  clock.advance(121_000)
  expect(await live()).toBe(0)
})
