import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { realFiles } from '../../tests/real-data.ts'
import { lineOfEvent } from './chat.ts'
import { readEventSub, readOffline, readOnline } from './eventsub.ts'

const SECRET = 'a secret of ours'
const NOW = Date.parse('2026-11-24T12:00:00Z')
const BODY = JSON.stringify({
  subscription: { id: 's', type: 'stream.online', condition: { broadcaster_user_id: '42' } },
  event: { id: '9001', broadcaster_user_id: '42', type: 'live', started_at: '2026-11-24T11:59:00Z' },
})

function request(change: Record<string, string> = {}, body = BODY, at = NOW) {
  const [id, timestamp] = ['m1', new Date(at).toISOString()]
  const signature = createHmac('sha256', SECRET)
    .update(id + timestamp + body)
    .digest('hex')
  const headers: Record<string, string> = {
    'twitch-eventsub-message-id': id,
    'twitch-eventsub-message-timestamp': timestamp,
    'twitch-eventsub-message-signature': `sha256=${signature}`,
    'twitch-eventsub-message-type': 'notification',
    ...change,
  }
  return readEventSub((name) => headers[name], body, SECRET, NOW)
}

describe('what Twitch delivers', () => {
  it('is read when it is signed and fresh', () => {
    expect(request()).toMatchObject({
      ok: true,
      message: { messageId: 'm1', channelId: '42', subscriptionType: 'stream.online', payload: BODY },
    })
  })

  it.each([
    ['another signature', request({ 'twitch-eventsub-message-signature': `sha256=${'0'.repeat(64)}` })],
    ['a shorter signature', request({ 'twitch-eventsub-message-signature': 'sha256=00' })],
    ['no signature', request({ 'twitch-eventsub-message-signature': '' })],
    ['another time under the same signature', request({ 'twitch-eventsub-message-timestamp': '2026-11-24' })],
    ['another id under the same signature', request({ 'twitch-eventsub-message-id': 'm2' })],
  ])('is refused with %s', (_what, read) => {
    expect(read).toEqual({ ok: false, reason: 'signature' })
  })

  it('is refused when older than ten minutes, and when nobody can read it', () => {
    expect(request({}, BODY, NOW - 10 * 60_000 - 1)).toEqual({ ok: false, reason: 'too-old' })
    expect(request({}, BODY, NOW - 10 * 60_000).ok).toBe(true)
    expect(request({}, '{"subscription":')).toEqual({ ok: false, reason: 'unreadable' })
    expect(request({ 'twitch-eventsub-message-type': 'gossip' })).toEqual({ ok: false, reason: 'unreadable' })
  })

  it('a rerun or a premiere is no live stream, and an end from before 2026-06 does not say of which stream', () => {
    expect(readOnline(BODY)).toEqual({ streamId: '9001', startedAtMs: Date.parse('2026-11-24T11:59:00Z') })
    expect(readOnline(BODY.replace('"live"', '"rerun"'))).toBeNull()
    expect(readOffline('{"event":{"broadcaster_user_id":"42"}}')).toEqual({ streamId: null })
    expect(readOffline('{"event":{"id":"9001"}}')).toEqual({ streamId: '9001' })
  })
})

interface Vector {
  name: string
  secret: string
  headers: Record<string, string>
  body: string
  hmac_valid: boolean
}

describe('real requests', () => {
  const vectors = realFiles('eventsub', 'hmac_vectors.json').flatMap((f) => JSON.parse(f.text()) as Vector[])
  it.skipIf(vectors.length === 0)('signatures hold or not as their vectors say', () => {
    for (const { name, secret, headers, body, hmac_valid } of vectors) {
      const lower = new Map(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]))
      const now = Date.parse(lower.get('twitch-eventsub-message-timestamp') ?? '')
      const read = readEventSub((k) => lower.get(k), body, secret, Number.isFinite(now) ? now : 0)
      expect([name, read.ok || read.reason !== 'signature']).toEqual([name, hmac_valid])
    }
  })

  const payloads = realFiles('eventsub/twitch_api_rs', '.json')
  it.skipIf(payloads.length === 0)('every payload is read, or left alone, without a crash', () => {
    const read = payloads.map((file) => {
      const text = file.text()
      const [online, offline] = [readOnline(text), readOffline(text)]
      const line = lineOfEvent(JSON.parse(text), NOW)
      return { name: file.name, online, offline, line }
    })
    const of = (name: string) => read.filter((r) => r.name.startsWith(name))
    for (const { online } of of('stream__online')) expect(online?.streamId).toMatch(/^\d+$/)
    for (const { offline } of of('stream__offline')) expect(offline).not.toBeNull()
    // Two real lines; one was written in another channel of a shared chat.
    const lines = of('channel__chat__message__').map(({ line }) => line)
    expect(lines.filter((line) => line === null)).toHaveLength(1)
    const [line] = lines.flatMap((l) => l ?? [])
    expect(line).toMatchObject({ text: 'Hi chat', person: { roles: ['moderator', 'subscriber'] } })
    const online = read.filter((r) => r.online).map((r) => r.name.split('__L')[0])
    expect(new Set(online)).toEqual(new Set(['stream__online']))
  })
})
