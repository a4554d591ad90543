/** What waits to be told: whose fault it is that it does not get through decides what becomes of it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { saveChannel } from '../db/channels.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { hookPurpose, saveHook } from '../db/hooks.ts'
import { forgetMessages, overdueMessages, queueMessage, wakeMessages } from '../db/outbox.ts'
import { makeLog } from '../log.ts'
import { smtpMailer } from '../mail/mailer.ts'
import { messageSender } from '../messages.ts'
import { tokenBox } from '../token-box.ts'
import { startHooks, type HookServer } from '../../scripts/sandbox/hooks.ts'
import { startMail, type MailServer } from '../../scripts/sandbox/mail.ts'
import { sendOutbox } from './outbox.ts'

const CHANNEL = '4711'
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

let db: Database
let mail: MailServer
let hooks: HookServer
let now: number
let send: () => Promise<void>

beforeEach(async () => {
  db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'outbox-')), 'echoes.sqlite'))
  mail = await startMail()
  hooks = await startHooks()
  onTestFinished(async () => {
    await mail.close()
    await hooks.close()
    await db.destroy()
  })
  now = Date.UTC(2026, 0, 1)
  const clock = { now: () => now }
  const box = tokenBox(`1:${Buffer.alloc(32, 7).toString('base64')}`)
  const mailer = smtpMailer(`smtp://echoes:secret@127.0.0.1:${mail.port}`, 'Echoes <echoes@example.org>')
  await saveChannel(
    db,
    { id: CHANNEL, login: 'clara', displayName: 'Clara', email: 'clara@example.org' },
    now,
  )
  const target = await box.seal(
    JSON.stringify({ url: `${hooks.url}/mine`, secret: 'whsec_AAAA' }),
    hookPurpose(CHANNEL, 'webhook'),
  )
  await saveHook(db, CHANNEL, { kind: 'webhook', target }, now)
  const options = { allowLocal: true, discord: 'https://discord.com/api/webhooks/' }
  const kinds = ['mail', 'webhook'] as const
  const sender = messageSender({ db, clock, box, mailer, hooks: options })
  send = () =>
    sendOutbox({
      db,
      clock,
      log: makeLog('silent'),
      kinds: [...kinds],
      holdMs: MINUTE,
      atOnce: 2,
      send: sender,
    })
})

const queueMail = (uniqueKey: string) =>
  queueMessage(
    db,
    {
      kind: 'mail',
      channelId: CHANNEL,
      uniqueKey,
      payload: { to: 'clara@example.org', subject: uniqueKey, text: 'x', html: 'x' },
    },
    now,
  )
const queueNews = (uniqueKey: string) =>
  queueMessage(
    db,
    {
      kind: 'webhook',
      channelId: CHANNEL,
      uniqueKey,
      payload: { event: 'recap.published', subject: 'x', text: 'x', url: 'https://example.org', data: {} },
    },
    now,
  )
const states = async () =>
  Object.fromEntries(
    (await db.selectFrom('outbox').select(['unique_key', 'state']).execute()).map((m) => [
      m.unique_key,
      m.state,
    ]),
  )
/** Lets time pass in steps of a minute, and sends what is due. */
async function pass(ms: number) {
  for (const until = now + ms; now < until; now += MINUTE) await send()
}

it('a wrong password of our own for some seconds keeps every mail; they go out once it is right', async () => {
  mail.lockedOut = true
  for (const key of ['a', 'b', 'c']) await queueMail(key)
  await send()
  now += 20_000
  await send()
  expect(mail.mails).toHaveLength(0)
  mail.lockedOut = false
  await pass(2 * MINUTE)
  expect(mail.mails.map((m) => m.subject).sort()).toEqual(['a', 'b', 'c'])
})

it('a mail server that is down for a day loses nothing, and the operator hears of it after an hour', async () => {
  mail.lockedOut = true
  await queueMail('news')
  await send()
  expect(await overdueMessages(db, now - 60 * MINUTE)).toBe(0)
  await pass(DAY)
  expect(await overdueMessages(db, now - 60 * MINUTE)).toBe(1)
  mail.lockedOut = false
  await pass(61 * MINUTE)
  expect(mail.mails.map((m) => m.subject)).toEqual(['news'])
  expect(await overdueMessages(db, now - 60 * MINUTE)).toBe(0)
})

it('an address that does not exist costs its own mail, and no other', async () => {
  mail.refuse.push(550)
  await queueMail('to nobody')
  await send()
  await queueMail('to somebody')
  await send()
  expect(await states()).toEqual({ 'to nobody': 'failed', 'to somebody': 'sent' })
})

it('a mailbox that is full, or greylisting, is asked again', async () => {
  mail.refuse.push(452, 451)
  await queueMail('news')
  await pass(3 * MINUTE)
  expect(await states()).toEqual({ news: 'sent' })
})

it('an address for news that is gone is asked once a day, and at once when the streamer enters another', async () => {
  hooks.statuses.push(...Array.from({ length: 100 }, () => 410))
  await queueNews('news')
  await pass(3 * DAY)
  expect(100 - hooks.statuses.length).toBe(3)
  hooks.statuses.length = 0
  await wakeMessages(db, CHANNEL, 'webhook', now)
  await send()
  expect(hooks.notices).toHaveLength(1)
})

it('an address that hangs does not keep news for others waiting', async () => {
  const hanging = new Promise<void>(() => {})
  const through: string[] = []
  for (const key of ['hangs', 'a', 'b', 'c']) await queueNews(key)
  void sendOutbox({
    db,
    clock: { now: () => now },
    log: makeLog('silent'),
    kinds: ['webhook'],
    holdMs: MINUTE,
    atOnce: 2,
    send: ({ uniqueKey }) =>
      uniqueKey === 'hangs' ? hanging : Promise.resolve(void through.push(uniqueKey)),
  })
  await vi.waitFor(() => expect(through.sort()).toEqual(['a', 'b', 'c']))
})

it.each([
  ['550 5.1.1 no such user', 'failed'],
  ['550 5.2.1 mailbox disabled', 'failed'],
  ['553 no such mailbox here', 'failed'],
  ['550 5.7.1 not authorised', 'waiting'],
  ['550 relaying denied', 'waiting'],
  ['552 5.2.2 mailbox full', 'waiting'],
  ['550 5.1.8 domain of the sender not found', 'waiting'],
])('a recipient refused with “%s” is %s', async (said, becomes) => {
  mail.refuseWith.push(said)
  await queueMail('news')
  await send()
  expect(await states()).toEqual({ news: becomes })
})

it('what has not got through for a month is no news any more; of what is over nothing is kept', async () => {
  mail.lockedOut = true
  await queueMail('old')
  await send()
  now += 31 * DAY
  await send()
  expect(await states()).toEqual({ old: 'failed' })
  await forgetMessages(db, now + DAY)
  expect(await states()).toEqual({})
})

it('what takes longer to send than it is held for is not sent by a second process meanwhile', async () => {
  await queueMail('large')
  let sent = 0
  let through = () => {}
  const slow = new Promise<void>((resolve) => (through = resolve))
  const sender = () =>
    sendOutbox({
      db,
      clock: { now: () => now },
      log: makeLog('silent'),
      kinds: ['mail'],
      holdMs: 60,
      atOnce: 1,
      send: async () => {
        sent++
        await slow
      },
    })
  const first = sender()
  await vi.waitFor(() => expect(sent).toBe(1))
  for (let n = 0; n < 3; n++) {
    now += 50
    const until = now + 60
    const nextAt = () => db.selectFrom('outbox').select('next_at').executeTakeFirstOrThrow()
    await vi.waitFor(async () => expect((await nextAt()).next_at).toBe(until))
    await sender()
  }
  through()
  await first
  expect(sent).toBe(1)
})
