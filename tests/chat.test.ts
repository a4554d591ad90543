/** Chat by two transports, in any weather: what is said is heard once, what is moderated is gone. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { setMode, changeSettings } from '../backend/db/channels.ts'
import { countingEchoes } from '../backend/db/echoes.ts'
import { findGrant } from '../backend/db/grants.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let showId: string
const chatEvents = ['channel.chat.message', 'channel.chat.message_delete', 'channel.chat.clear_user_messages']

const say = (who: string, text: string) => running.sandbox.twitch.say(running.channelId, who, text)
const labels = async () => (await countingEchoes(running.echoes.db, showId)).map((e) => e.label)
const counted = (wanted: string[]) =>
  vi.waitFor(async () => expect(await labels()).toEqual(wanted), { timeout: 20_000, interval: 100 })
const inRoom = (not: ReadonlySet<unknown> = new Set()) =>
  vi.waitFor(
    () => {
      const clients = [...running.sandbox.chat.clients].filter((c) => !not.has(c))
      expect(clients.some((c) => c.rooms.has(PEOPLE.streamer))).toBe(true)
    },
    { timeout: 20_000, interval: 50 },
  )
/** Loses the connections, and waits for new ones. */
const afterLosing = async (lose: () => void) => {
  const before = new Set(running.sandbox.chat.clients)
  lose()
  await inRoom(before)
}
/** With EventSub silent, only IRC is left. */
const eventsSilent = (silent: boolean) => {
  for (const type of chatEvents)
    if (silent) running.sandbox.eventsub.faults.lost.add(type)
    else running.sandbox.eventsub.faults.lost.delete(type)
}

describe('chat', () => {
  beforeAll(async () => {
    running = await startRunning({ OPS_PORT: '0' })
    const { sandbox, channelId, echoes, site } = running
    await setUpStreamer(site, PEOPLE.streamer)
    await running.subscribed()
    await setMode(echoes.db, channelId, 'everyone', Date.now())
    await changeSettings(echoes.db, channelId, { cooldownMs: 0 }, Date.now())
    const stream = sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000 })
    await vi.waitFor(async () => {
      const row = await echoes.db
        .selectFrom('streams')
        .select('show_id')
        .where('id', '=', stream.id)
        .executeTakeFirstOrThrow()
      showId = row.show_id
    }, 10_000)
    await inRoom()
  })
  afterAll(() => running?.stop())

  it('what both transports deliver is one echo and one answer', async () => {
    say('vera', '!echo 30 one')
    await counted(['one'])
    await vi.waitFor(() => {
      const answers = running.sandbox.twitch.chat.filter((l) => l.text.includes('@Vera Echo saved'))
      expect(answers).toHaveLength(1)
    }, 10_000)
  })

  it('either transport is enough, and a moderator’s word comes by either', async () => {
    eventsSilent(true)
    const byIrc = say('victor', '!echo 30 two')
    await counted(['one', 'two'])
    running.sandbox.twitch.moderate({ channelId: running.channelId, line: byIrc })
    await counted(['one'])
    eventsSilent(false)
    for (const client of running.sandbox.chat.clients) client.rooms.clear()
    const { twitch } = running.sandbox
    say('victor', '!echo 30 three')
    await counted(['one', 'three'])
    twitch.moderate({ channelId: running.channelId, user: twitch.userOf('victor'), seconds: 600 })
    await counted(['one'])
  })

  it('told to reconnect or cut off, the bot is back in its rooms', async () => {
    await afterLosing(() => running.sandbox.chat.reconnect())
    await afterLosing(() => running.sandbox.chat.cut())
    eventsSilent(true)
    say('vilma', '!echo 30 four')
    await counted(['one', 'four'])
    eventsSilent(false)
  })

  it('own words and the mode count from the next line on; off is silent', async () => {
    await changeSettings(running.echoes.db, running.channelId, { prefix: '!clip' }, Date.now())
    // The bot and the web role read the words anew within seconds.
    await vi.waitFor(
      async () => {
        say('vera', '!clip 30 five')
        expect(await labels()).toContain('five')
      },
      { timeout: 20_000, interval: 500 },
    )
    say(PEOPLE.streamer, '!clip mode off')
    await vi.waitFor(
      () => expect(running.sandbox.twitch.chat.some((l) => l.text.includes('Echoes are off now'))).toBe(true),
      20_000,
    )
    const before = await labels()
    const off = say('vera', '!clip 30 six')
    await vi.waitFor(async () => {
      const handled = await running.echoes.db
        .selectFrom('handled_commands')
        .select('outcome')
        .where('message_id', '=', off.id)
        .executeTakeFirst()
      expect(handled?.outcome).toBe('off')
    }, 10_000)
    expect(await labels()).toEqual(before)
  })

  it('who takes the access back at Twitch is asked to connect again; events are answered at once', async () => {
    const { sandbox, channelId, echoes } = running
    await vi.waitFor(
      () => expect(sandbox.eventsub.delivers(channelId, ['user.authorization.revoke'])).toBe(true),
      10_000,
    )
    expect((await findGrant(echoes.db, channelId, 'twitch'))?.state).toBe('ok')
    sandbox.twitch.disconnect(channelId, running.config.twitch.clientId)
    await vi.waitFor(
      async () => expect((await findGrant(echoes.db, channelId, 'twitch'))?.state).toBe('needs_reauth'),
      10_000,
    )
    const took = sandbox.eventsub.deliveries.filter((d) => d.status === 204).map((d) => d.tookMs)
    expect(took.length).toBeGreaterThan(10)
    expect(took.sort((a, b) => a - b)[Math.floor(took.length / 2)]).toBeLessThan(50)
  })

  it('its figures and its health can be looked at', async () => {
    const ops = `http://127.0.0.1:${running.echoes.opsPort}`
    expect(await (await fetch(`${ops}/healthz`)).text()).toBe('ok\n')
    const metrics = await (await fetch(`${ops}/metrics`)).text()
    for (const name of [
      'echoes_chat_lines_total{state="heard"',
      'echoes_commands_total',
      'echoes_replies_total{outcome="said"',
      'echoes_chat_connections_total{state="back"',
      'nodejs_eventloop_lag_seconds',
      'process_cpu_seconds_total',
    ])
      expect(metrics).toContain(name)
  })
})
