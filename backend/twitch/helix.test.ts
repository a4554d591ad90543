import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { helix } from './helix.ts'

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
