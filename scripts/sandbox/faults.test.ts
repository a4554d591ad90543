/** Each fault, seen by whoever asks; and that it is over when it is over. */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { smtpMailer } from '../../backend/mail/mailer.ts'
import { kindOf } from '../../shared/fault.ts'
import { seeded } from '../soak/seeded.ts'
import { MovableClock } from './clock.ts'
import { FAULTS, Faults, SERVICES, type FaultName, type Service } from './faults.ts'
import { keptFootage } from './footage/kept.ts'
import { until } from './process.ts'
import { startSandbox, type Sandbox } from './sandbox.ts'
import { playWeather } from './weather.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ footageDir: await keptFootage({ kind: 'clock', seconds: 150 }) })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.faults.clear())

/** What somebody sees who waits for a second. */
async function seen(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    const text = await answer.text()
    return `${answer.status} ${text.startsWith('<') ? 'page' : text === '' ? 'nothing' : 'text'}`
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return name === 'TimeoutError' ? 'no answer' : (cause?.code ?? name)
  }
}

const PLACES = [
  ['helix', () => `${sandbox.addresses.twitch}/helix/users`],
  ['twitch-id', () => `${sandbox.addresses.twitch}/oauth2/validate`],
  ['video', () => `${sandbox.addresses.video}/vod/1.m3u8`],
  ['youtube', () => `${sandbox.addresses.google}/youtube/v3/channels?part=id`],
  ['google', () => `${sandbox.addresses.google}/o/oauth2/v2/auth`],
  ['stripe', () => `${sandbox.addresses.stripe}/v1/customers`],
] as const
const SEEN: Partial<Record<FaultName, RegExp>> = {
  refused: /^ECONNREFUSED$/,
  hang: /^no answer$/,
  reset: /^(UND_ERR_SOCKET|ECONNRESET|TypeError)$/,
  busy: /^429 text$/,
  error: /^500 text$/,
  unavailable: /^503 text$/,
  page: /^200 page$/,
  empty: /^200 nothing$/,
}

it.each(PLACES)('%s shows each fault, for as long as it lasts', async (service, url) => {
  const well = await seen(url())
  for (const [fault, shows] of Object.entries(SEEN) as [FaultName, RegExp][]) {
    sandbox.faults.begin(service, fault, 60_000)
    await until(`${service} shows ${fault}`, async () => shows.test(await seen(url())), 10_000)
    sandbox.clock.advance(60_001)
    await until(`${service} is well again`, async () => (await seen(url())) === well, 10_000)
  }
})

it('Twitch says when it takes more, and tokens that have run out are good for nothing', async () => {
  const { twitch } = sandbox.addresses
  const userId = sandbox.twitch.userOf('sunny').id
  const headers = () => ({
    authorization: `Bearer ${token}`,
    'client-id': sandbox.twitchId.client.id,
  })
  const token = sandbox.twitchId.issueFor(userId, [])
  const ask = () => fetch(`${twitch}/helix/users`, { headers: headers() })
  expect((await ask()).status).toBe(200)
  sandbox.faults.begin('helix', 'busy', 10_000)
  const { headers: said } = await ask()
  expect(Number(said.get('ratelimit-reset')) * 1000).toBeGreaterThan(Date.now() + 8_000)
  sandbox.faults.begin('helix', 'expired', 1_000)
  expect((await ask()).status).toBe(401)
})

it('a mail server takes none, hangs, asks for patience, or knows our password no more; and the mail is kept', async () => {
  const mailer = smtpMailer(`smtp://echoes:secret@127.0.0.1:${sandbox.mail.port}`, 'Echoes <e@example.org>')
  const send = (uniqueKey: string) =>
    mailer.send({ to: 'vera@example.org', subject: 'x', text: 'x', html: 'x', uniqueKey }).then(
      () => 'sent',
      (error: unknown) => kindOf(error),
    )
  for (const fault of ['refused', 'reset', 'busy', 'error', 'unavailable', 'expired'] as const) {
    sandbox.faults.begin('mail', fault, 60_000)
    expect(await send(fault), fault).toBe('transient')
    sandbox.faults.clear()
    expect(await send(fault), `after ${fault}`).toBe('sent')
  }
  sandbox.faults.begin('mail', 'hang', 60_000)
  const silent = await new Promise<string>((resolve) => {
    const socket = connect(sandbox.mail.port, '127.0.0.1')
    socket.once('data', () => resolve('it speaks'))
    setTimeout(() => resolve(socket.destroy() && 'it is silent'), 500)
  })
  expect(silent).toBe('it is silent')
})

it('weather is the same for the same seed, from a second to an hour, of every service and kind', () => {
  const play = (seed: number) => {
    const clock = new MovableClock()
    clock.freeze(Date.UTC(2026, 0, 1))
    const faults = new Faults(clock)
    const came: [Service, FaultName, number][] = []
    const weather = playWeather({
      faults,
      clock,
      random: seeded(seed),
      everyMs: 60_000,
      onFault: ({ service, fault, untilMs }) => void came.push([service, fault, untilMs - clock.now()]),
    })
    for (let n = 0; n < 20_000; n++) {
      clock.advance(10_000)
      weather.look()
    }
    weather.stop()
    return came
  }
  const came = play(1)
  expect(play(1)).toEqual(came)
  expect(play(2)).not.toEqual(came)
  expect(new Set(came.map(([service]) => service)).size).toBe(Object.keys(SERVICES).length)
  expect(new Set(came.map(([, fault]) => fault)).size).toBe(Object.keys(FAULTS).length)
  const lengths = came.map(([, , ms]) => ms)
  expect(Math.min(...lengths)).toBeLessThan(3_000)
  expect(Math.max(...lengths)).toBeGreaterThan(30 * 60_000)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(60 * 60_000)
})
