/** What is done and answered for each command, on a database of its own. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../../shared/mode.ts'
import type { ChannelSettings } from '../../shared/settings.ts'
import { changeSettings, findChannel, peopleOf, saveChannel, setStanding } from '../db/channels.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { commandOutcomes, countingEchoes } from '../db/echoes.ts'
import { withdrawModerated } from '../db/withdrawals.ts'
import { streamStarted } from '../db/shows.ts'
import { runCommand, type CommandPeople } from './commands.ts'

const CHANNEL = '1000'
const STARTED = Date.UTC(2026, 10, 1, 20)
let db: Database
let showId: string
let nowMs: number
let sent = 0
const opened: Database[] = []
const ids: Record<string, string> = { sunny: CHANNEL, vera: '2001', victor: '2002', modesto: '2003' }
const people: CommandPeople = {
  userByName: async (login) =>
    ids[login] ? { id: ids[login], login, displayName: login[0]?.toUpperCase() + login.slice(1) } : null,
  isFollower: async (_channel, userId) => userId === ids.victor,
}
const ROLES: Record<string, Role[]> = { sunny: ['streamer'], modesto: ['moderator'] }

/** @param id of the message; one of its own without */
const say = (who: string, text: string, id = `m${++sent}`) =>
  runCommand(
    { db, people },
    {
      messageId: id,
      channelId: CHANNEL,
      text,
      sentAtMs: nowMs,
      person: { userId: ids[who] ?? who, login: who, displayName: who, roles: ROLES[who] ?? [] },
    },
    nowMs,
  )
const later = (sec: number) => void (nowMs += sec * 1_000)
const set = (change: Partial<ChannelSettings>) => changeSettings(db, CHANNEL, change, nowMs)
const counting = () => countingEchoes(db, showId)

beforeEach(async () => {
  db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'commands-')), 'echoes.sqlite'))
  opened.push(db)
  nowMs = STARTED + 600_000
  await saveChannel(db, { id: CHANNEL, login: 'sunny', displayName: 'Sunny', email: null }, STARTED)
  showId = await streamStarted(
    db,
    { channelId: CHANNEL, streamId: 's1', startedAtMs: STARTED, title: 'T' },
    STARTED,
  )
  await set({ mode: 'everyone' })
})
afterAll(() => Promise.all(opened.map((d) => d.destroy())))

describe('echoes from chat', () => {
  it('confirms, refuses with when it will work, and is silent about what was dealt with', async () => {
    expect(await say('vera', '!echo 30 clutch', 'one')).toBe('Echo saved: the last 30 s')
    expect(await say('vera', '!echo 30 clutch', 'one')).toBeNull()
    later(5)
    expect(await say('vera', '!echo 20')).toBe('Cool-down: 40 s left (a longer echo replaces your last one)')
    expect(await say('vera', '!echolong the whole boss')).toBe('Echo replaced: the last 3:00')
    expect(await counting()).toMatchObject([{ label: 'the whole boss', lengthMs: 180_000 }])
  })

  it('speaks in the channel’s own words, and of a label only what others may see', async () => {
    await set({ savedText: '{user} kept {length}: {label}', bannedWords: ['muppet'], cooldownMs: 0 })
    expect(await say('vera', '!echo 30 the fall')).toBe('vera kept 30 s: the fall')
    expect(await say('victor', '!echo 30 M.u.p.p.e.t')).toBe('victor kept 30 s:')
    await set({ confirmations: false, refusals: false })
    expect(await say('vera', '!echo 40')).toBeNull()
    expect(await say('vera', '!echo 1')).toBeNull()
    expect(await counting()).toHaveLength(3)
  })

  it('asks Twitch who follows only where that decides', async () => {
    await set({ minimumRole: 'follower' })
    expect(await say('vera', '!echo')).toBe('Echoes are for followers here')
    expect(await say('victor', '!echo')).toBe('Echo saved: the last 30 s')
  })

  it('off is off: nothing is taken or answered until it is switched on again', async () => {
    expect(await say('sunny', '!echo mode off')).toBe('Echoes are off now; the lists and settings stay')
    for (const text of ['!echo', '!echo status', '!echo help', '!echo undo', '!echo 1'])
      expect(await say('sunny', text)).toBeNull()
    expect(await say('vera', '!echo mode everyone')).toBeNull()
    expect(await say('sunny', '!echo mode everyone')).toBe('Everyone can echo now')
    expect(await counting()).toEqual([])
  })
})

describe('one’s own last echo', () => {
  it('can be taken back and moved, for the time that the channel allows', async () => {
    await set({ undoMs: 20_000 })
    await say('vera', '!echo 30')
    expect(await say('vera', '!echo earlier 10')).toBe('Your last echo is 10 s earlier now')
    expect(await say('vera', '!echo later 3')).toBe('Your last echo is 3 s later now')
    expect(await counting()).toMatchObject([{ askedAtMs: nowMs - 7_000 }])
    later(21)
    expect(await say('vera', '!echo earlier')).toBe('The time for moving this echo is over')
    expect(await say('vera', '!echo undo')).toBe('The time for taking this echo back is over')
    expect(await say('victor', '!echo undo')).toBe('There is no echo of yours to take back')
  })

  it('loses its name with "forget"; what it marked still counts', async () => {
    await setStanding(db, CHANNEL, { userId: ids.vera ?? '', login: 'vera' }, 'approved', nowMs)
    await say('vera', '!echo 30 clutch')
    expect(await say('vera', '!echo forget')).toBe('Your name is gone from what you marked here')
    const [echo] = await counting()
    expect(echo).toMatchObject({ displayName: null, label: 'clutch' })
    expect(echo?.userId).not.toBe(ids.vera)
    expect(await peopleOf(db, CHANNEL)).toEqual([])
    const left = JSON.stringify(await db.selectFrom('echoes').selectAll().execute())
    expect(left).not.toMatch(/vera|2001/)
  })
})

describe('managing', () => {
  it('is the streamer’s, and moderators’ where they are let; for others the words are a label', async () => {
    expect(await say('sunny', '!echo approve @Vera')).toBe('Vera is approved now')
    expect(await say('sunny', '!echo unblock vera')).toBe('Vera is no longer blocked')
    expect(await peopleOf(db, CHANNEL)).toMatchObject([{ login: 'vera', standing: 'approved' }])
    expect(await say('sunny', '!echo block nobody_there')).toBe('Nobody at Twitch is called nobody_there')
    expect(await say('modesto', '!echo block victor')).toBe('Echo saved: the last 30 s')
    await set({ moderatorsManage: true })
    expect(await say('modesto', '!echo block victor')).toBe('Victor is blocked now')
    expect(await say('victor', '!echo')).toBeNull()
    expect(await say('modesto', '!echo mode streamer')).toBe('Only the streamer can echo now')
    expect((await findChannel(db, CHANNEL))?.settings.mode).toBe('streamer')
  })

  it('status tells what is so, help how it is written', async () => {
    await say('vera', '!echo 30')
    await say('victor', '!echo 30')
    expect(await say('vera', '!echo status')).toBe(
      'Live for 10:00 · 1 moment by 2 people · Everyone can echo now',
    )
    expect(await say('vera', '!echo help')).toContain('"!echo 30 what happened"')
  })
})

describe('long echoes', () => {
  it('are begun and ended by the streamer, or taken at once', async () => {
    expect(await say('vera', '!echostart')).toBeNull()
    expect(await say('sunny', '!echostart the heist')).toMatch(/^Long echo begins here/)
    later(420)
    expect(await say('sunny', '!echostart')).toBe('A long echo is on already, for 7:00')
    expect(await say('sunny', '!echostop')).toBe('Long echo ends here: 7:00')
    expect(await say('sunny', '!echostop')).toBe('No long echo is on')
    expect(await say('sunny', '!echoduration 2:00 credits')).toBe('Long echo saved: the last 2:00')
    expect(await counting()).toMatchObject([
      { label: 'the heist', lengthMs: 420_000 },
      { label: 'credits', lengthMs: 120_000 },
    ])
  })
})

describe('what moderators do in chat', () => {
  it('a deleted message, a ban and a cleared chat take echoes back; of a ban, only those of the show that is on', async () => {
    await set({ cooldownMs: 0 })
    await say('vera', '!echo 30 one', 'a')
    await say('vera', '!echo 30 two', 'b')
    await say('victor', '!echo 30 three', 'c')
    await withdrawModerated(db, { channelId: CHANNEL, messageId: 'a' }, nowMs)
    expect((await counting()).map((e) => e.label)).toEqual(['two', 'three'])
    await withdrawModerated(db, { channelId: CHANNEL, userId: ids.vera ?? '' }, nowMs)
    expect((await counting()).map((e) => e.label)).toEqual(['three'])
    await withdrawModerated(db, { channelId: CHANNEL, everybody: true }, nowMs)
    expect(await counting()).toEqual([])
  })

  it('a message that was deleted before it is heard, by the slower transport, never becomes an echo', async () => {
    await withdrawModerated(db, { channelId: CHANNEL, messageId: 'late' }, nowMs)
    expect(await say('vera', '!echo 30', 'late')).toBeNull()
    expect(await commandOutcomes(db, CHANNEL)).toEqual({ moderation: 1 })
  })
})
