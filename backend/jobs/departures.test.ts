/** Deleting an account while everything fails at every place, and for so long that the operator has to know. */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findChannel, saveChannel } from '../db/channels.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { beginDeparture } from '../db/departures.ts'
import { recordMedia } from '../db/media.ts'
import { tablesKnown } from '../db/personal-data.ts'
import { streamStarted } from '../db/shows.ts'
import { makeLog } from '../log.ts'
import { diskStorage } from '../storage/disk.ts'
import { handleDepartures, OVERDUE_MS, type DepartureContext } from './departures.ts'

const CHANNEL = '4711'
const ROUND_MS = 60_000

let db: Database
let dir: string
let now: number
let receipt: string
/** What the world was asked for, in order. */
let asked: string[]
let overdue: number[]

const storedFile = () => join(dir, 'storage/recaps/r1/recap.mp4')

async function begin() {
  dir = mkdtempSync(join(tmpdir(), 'departures-'))
  db = await openDatabase(join(dir, 'echoes.sqlite'))
  now = Date.UTC(2026, 0, 1)
  ;[asked, overdue] = [[], []]
  await saveChannel(
    db,
    { id: CHANNEL, login: 'clara', displayName: 'Clara', email: 'clara@example.org' },
    now,
  )
  await streamStarted(db, { channelId: CHANNEL, streamId: 's1', startedAtMs: now, title: 'Hello' }, now)
  await recordMedia(db, { key: 'recaps/r1', channelId: CHANNEL, kind: 'recap', recapId: 'r1' }, now)
  mkdirSync(dirname(storedFile()), { recursive: true })
  writeFileSync(storedFile(), 'video')
  receipt = await beginDeparture(db, CHANNEL, now)
}
beforeEach(begin)
afterEach(() => db.destroy())

async function unfinished(): Promise<number> {
  return (await db.selectFrom('departures').select('receipt').where('finished_at', 'is', null).execute())
    .length
}

/** @param calls told of each call once it has had its effect; may throw, as a process that dies there would */
function world(calls: (call: string) => void = () => {}): DepartureContext {
  const call = (what: string) => {
    asked.push(what)
    calls(what)
    return Promise.resolve()
  }
  const storage = diskStorage(join(dir, 'storage'))
  return {
    db,
    log: makeLog('silent'),
    clock: {
      now: () => {
        calls('clock')
        return now
      },
    },
    storage: {
      ...storage,
      async delete(key) {
        await storage.delete(key)
        await call(`delete ${key}`)
      },
    },
    leaveBilling: () => call('stripe'),
    endEvents: () => call('events'),
    revoke: (_, provider) => call(`revoke ${provider}`),
    forgetRuns: (showIds) => call(`runs ${showIds.length}`),
    onOverdue: (count) => overdue.push(count),
  }
}

async function expectGone(): Promise<void> {
  for (const table of tablesKnown()) {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(db)
    const text = JSON.stringify(rows)
    expect(table === 'outbox' ? text.includes(`"${CHANNEL}"`) : text.includes(CHANNEL), table).toBe(false)
  }
  expect(existsSync(storedFile())).toBe(false)
  const [departure] = await db.selectFrom('departures').selectAll().execute()
  expect(departure).toMatchObject({ receipt, failure: null })
  expect(departure?.finished_at).not.toBeNull()
  const letters = await db.selectFrom('outbox').select('unique_key').execute()
  expect(letters).toEqual([{ unique_key: `farewell.${receipt}` }])
}

describe('an account is deleted', () => {
  it('in one round where nothing fails, each place asked once', async () => {
    await handleDepartures(world())
    await expectGone()
    expect(asked).toEqual([
      'stripe',
      'events',
      'revoke twitch',
      'revoke youtube',
      'delete recaps/r1',
      `delete channels/${CHANNEL}`,
      'runs 1',
    ])
    expect(overdue).toEqual([0])
  })

  it('all the same where it breaks off once after any of its calls', async () => {
    const calls: string[] = []
    await handleDepartures(world((call) => void calls.push(call)))
    const places = calls.length
    expect(places).toBeGreaterThan(9)
    for (let place = 0; place < places; place++) {
      await db.destroy()
      await begin()
      let n = 0
      const breaking = world(() => {
        if (n++ === place) throw new Error('broken off')
      })
      await handleDepartures(breaking)
      expect(await unfinished(), calls[place]).toBe(1)
      now += ROUND_MS
      await handleDepartures(world())
      await expectGone()
    }
  })

  it('all the same where access cannot be given back for a month: the key to a token is lost, say', async () => {
    const keyless = world((call) => {
      if (call.startsWith('revoke')) throw new Error('sealed with a key that is not configured')
    })
    await handleDepartures(keyless)
    now += 29 * 24 * 60 * ROUND_MS
    await handleDepartures(keyless)
    expect(await unfinished()).toBe(1)
    now += 24 * 60 * ROUND_MS
    await handleDepartures(keyless)
    await expectGone()
  })

  it('is told to the operator each round once it takes more than seven days, and no longer when it is through', async () => {
    const broken = world((call) => {
      if (call === 'stripe') throw new Error('Stripe does not answer')
    })
    await handleDepartures(broken)
    now += OVERDUE_MS
    await handleDepartures(broken)
    expect(overdue).toEqual([0, 0])
    now += ROUND_MS
    const lines: string[] = []
    const log = makeLog('error', { write: (line) => void lines.push(line) })
    await handleDepartures({ ...broken, log })
    expect(overdue.at(-1)).toBe(1)
    expect(lines.join()).toContain(receipt)
    expect(lines.join()).toContain('see to it')
    // Until then nothing is half gone: what needs the rows comes first.
    expect(await findChannel(db, CHANNEL)).not.toBeNull()
    await handleDepartures(world())
    expect(overdue.at(-1)).toBe(0)
    await expectGone()
  })
})
