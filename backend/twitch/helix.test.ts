import { Fault } from '../../shared/fault.ts'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, inject, it, onTestFinished, vi } from 'vitest'
import { Hono } from 'hono'
import { listen } from '../../scripts/sandbox/http.ts'
import { startSandbox } from '../../scripts/sandbox/sandbox.ts'
import { twitchClips } from './clips.ts'
import { helix } from './helix.ts'
import { storedAuthProvider } from './tokens.ts'
import { vodMasterUrl } from './vod-hls.ts'

it('a chat line that Twitch does not take now is given up, and not said a minute later', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const reset = Math.ceil(Date.now() / 1000) + 1
    response.writeHead(429, {
      'content-type': 'application/json',
      'ratelimit-limit': '800',
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(reset),
    })
    response.end('{"status":429}')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  vi.stubEnv('TWURPLE_MOCK_API_PORT', String((server.address() as AddressInfo).port))
  onTestFinished(() => void vi.unstubAllEnvs())
  const token = {
    accessToken: 'app',
    refreshToken: null,
    scope: [],
    expiresIn: null,
    obtainmentTimestamp: Date.now(),
  }
  const authProvider = {
    clientId: 'client',
    getCurrentScopesForUser: () => [],
    getAccessTokenForUser: async () => null,
    getAnyAccessToken: async () => token,
    getAppAccessToken: async () => token,
  }
  const twitch = helix({ authProvider, botUserId: '9', eventsub: { callback: '', secret: '' } })
  await expect(twitch.say('1', 'hello')).rejects.toThrow('Twitch answered 429')
  expect(asked).toHaveLength(1)
})

const yes = async () => true

async function sandboxed() {
  const sandbox = await startSandbox({ footageDir: inject('clockVod') })
  onTestFinished(() => sandbox.close())
  vi.stubEnv('TWURPLE_MOCK_API_PORT', new URL(sandbox.addresses.twitch).port)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { id, secret } = sandbox.twitchId.client
  const owner = sandbox.twitch.addUser('owner')
  const token = sandbox.twitchId.issueFor(owner.id, ['channel:manage:clips'])
  const tokens = {
    accessToken: token,
    refreshToken: '',
    obtainedAtMs: Date.now(),
    expiresInSec: 14_400,
    scopes: ['channel:manage:clips'],
  }
  const authProvider = storedAuthProvider(id, secret, { read: async () => tokens, renew: async () => null })
  const receiver = await listen(new Hono().post('*', async (c) => c.text((await c.req.json()).challenge)))
  onTestFinished(() => receiver.close())
  const eventsub = { callback: receiver.url, secret: 'a secret of ours' }
  return { sandbox, authProvider, owner, twitch: helix({ authProvider, botUserId: '9', eventsub }) }
}

it('of 250 channels that are live, all are found: ids go in hundreds, and pages are full ones', async () => {
  const { sandbox, twitch } = await sandboxed()
  const ids = Array.from({ length: 250 }, (_, n) => sandbox.twitch.addUser(`live${n}`).id)
  for (const id of ids) sandbox.twitch.goLive(id)
  const live = await twitch.liveStreams(ids)
  expect(new Set(live.map((l) => l.channelId))).toEqual(new Set(ids))
})

it('of 45 clips that were made, all are listed', async () => {
  const { sandbox, authProvider, owner } = await sandboxed()
  sandbox.clips.listingDelayMs = 0
  const stream = sandbox.twitch.goLive(owner.id)
  const vodId = sandbox.twitch.vodOf(stream.id)?.id ?? ''
  const clips = twitchClips(authProvider)
  const ids: string[] = []
  for (let n = 0; n < 45; n++) {
    const order = { channelId: owner.id, vodId, endSec: 20 + n, lengthSec: 10, title: `Clip ${n}` }
    ids.push((await clips.order(order, yes)) ?? '')
  }
  expect((await clips.listed(ids)).size).toBe(45)
  expect(await clips.madeAs(owner.id, 'Clip 7', Date.now() - 60_000)).toEqual([ids[7]])
})

it('no clip is ordered where nobody may, or where Twitch cannot be reached', async () => {
  const { sandbox, authProvider, owner } = await sandboxed()
  const order = { channelId: owner.id, vodId: '2', endSec: 30, lengthSec: 10, title: 'Once' }
  expect(await twitchClips(authProvider).order(order, async () => false)).toBeNull()
  expect(sandbox.clips.ordered).toEqual([])
  const closed = createServer()
  await new Promise<void>((ready) => closed.listen(0, '127.0.0.1', ready))
  const { port } = closed.address() as AddressInfo
  await new Promise((done) => closed.close(done))
  vi.stubEnv('TWURPLE_MOCK_API_PORT', String(port))
  const unreached = twitchClips(authProvider).order(order, yes)
  await expect(unreached).rejects.toMatchObject({ kind: 'transient', isUnsent: true })
})

it('an order that Twitch turned away is known not to be made, also where no new token can be had', async () => {
  const { sandbox, authProvider, owner } = await sandboxed()
  const order = { channelId: owner.id, vodId: '2', endSec: 30, lengthSec: 10, title: 'Once' }
  const refusing = Object.create(authProvider, {
    getAccessTokenForUser: {
      value: async () => ({ accessToken: 'old', expiresIn: null, obtainmentTimestamp: 0, scope: [] }),
    },
    refreshAccessTokenForUser: {
      value: async () => {
        throw new Fault('the grant at Twitch is no longer valid', 'person')
      },
    },
  }) as typeof authProvider
  await expect(twitchClips(refusing).order(order, yes)).rejects.toMatchObject({
    kind: 'person',
    isUnsent: true,
  })
  expect(sandbox.clips.ordered).toEqual([])
})

it('a subscription that is there already is no error, and those of one channel are asked for by its id', async () => {
  const { twitch, owner } = await sandboxed()
  await twitch.subscribe('stream.online', owner.id)
  await twitch.subscribe('stream.online', owner.id)
  expect(await twitch.subscriptionsOf(owner.id)).toMatchObject([
    { type: 'stream.online', channelId: owner.id },
  ])
  expect(await twitch.subscriptionsOf('1')).toEqual([])
  await expect(twitch.unsubscribe('unknown')).resolves.toBeUndefined()
})

it.each([
  [
    'errors and null',
    200,
    '{"errors":[{"message":"service timeout"}],"data":{"videoPlaybackAccessToken":null}}',
    'transient',
  ],
  ['a page of somebody else’s', 200, '<html>Bad gateway</html>', 'transient'],
  ['an empty body', 200, '', 'transient'],
  ['a server error', 503, '', 'transient'],
  ['null without errors', 200, '{"data":{"videoPlaybackAccessToken":null}}', 'damaged'],
])('access to a recording answered with %s', async (_what, status, body, kind) => {
  const server = createServer((_request, response) => response.writeHead(status).end(body))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  const gql = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gql`
  await expect(vodMasterUrl('1', { gql, usher: gql })).rejects.toMatchObject({ kind })
})

it('the order of a clip whose answer is lost is sent once, and not again by itself', async () => {
  let orders = 0
  const server = createServer((request, response) => {
    if (request.url?.includes('token')) return void response.end('{}')
    orders++
    request.socket.destroy()
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  vi.stubEnv('TWURPLE_MOCK_API_PORT', String((server.address() as AddressInfo).port))
  onTestFinished(() => void vi.unstubAllEnvs())
  const tokens = {
    accessToken: 'a',
    refreshToken: '',
    obtainedAtMs: Date.now(),
    expiresInSec: 14_400,
    scopes: ['channel:manage:clips'],
  }
  const provider = storedAuthProvider('c', 's', { read: async () => tokens, renew: async () => null })
  const order = { channelId: '1', vodId: '2', endSec: 30, lengthSec: 10, title: 'Once' }
  await expect(twitchClips(provider).order(order, yes)).rejects.toMatchObject({ kind: 'transient' })
  expect(orders).toBe(1)
})
