/** The doctor on a healthy installation, and on ones that lack something: each finding says what to do. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Config } from '../backend/config.ts'
import { openDatabase } from '../backend/db/database.ts'
import { examine } from '../scripts/doctor.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
beforeAll(async () => {
  running = await startRunning()
  await setUpStreamer(running.site, PEOPLE.streamer)
  await running.subscribed()
  const heard = () => running.echoes.db.selectFrom('chat_heard').select('at').executeTakeFirst()
  await vi.waitFor(async () => expect(await heard()).toBeTruthy(), 10_000)
})
afterAll(() => running?.stop())

const found = async (config: Config) =>
  Object.fromEntries(
    (await examine(config)).map(({ about, state, sentence, advice }) => [about, { state, sentence, advice }]),
  )

it('finds a healthy installation healthy, but for the address, which must be https for Twitch', async () => {
  const findings = await found({ ...running.config, diskReserveBytes: 0 })
  expect(findings['This address']).toMatchObject({
    state: 'wrong',
    advice: expect.stringContaining('443') as string,
  })
  delete findings['This address']
  const wrong = Object.entries(findings).filter(([, f]) => f.state === 'wrong')
  expect(wrong).toEqual([])
  expect(findings['Database']?.sentence).toContain('all 2 grants can be read')
  expect(findings['Twitch’s events']?.sentence).toMatch(/^\d+ subscriptions work$/)
  expect(findings['Bot in chat']?.sentence).toBe('it hears')
  expect(findings['Twitch']?.sentence).toContain('the bot is Echoesbot')
})

it('says what is wrong with a sick one, each by itself, and no secret in it', async () => {
  const { config } = running
  await running.echoes.db.updateTable('chat_heard').set({ at: 0 }).execute()
  const sick: Config = {
    ...config,
    siteUrl: 'http://127.0.0.1:1',
    diskReserveBytes: 1e18,
    tokenKeys: `k9:${randomBytes(32).toString('base64')}`,
    twitch: { ...config.twitch, botUserId: '999999999' },
    google: { ...config.google, clientSecret: 'not-the-secret' },
    mail: { ...config.mail, url: 'smtp://user:hidden@127.0.0.1:1' },
  }
  const findings = await examine(sick)
  const wrong = findings.filter((f) => f.state === 'wrong')
  expect(wrong.map((f) => f.about)).toEqual([
    'Disk',
    'Database',
    'This address',
    'Twitch',
    'Bot in chat',
    'Google',
    'Mail',
  ])
  for (const { about, advice } of wrong) expect(advice, about).not.toBe('')
  expect(JSON.stringify(findings)).not.toMatch(/hidden|not-the-secret/)
})

it('changes nothing: of an older database it says so, and where there is none it makes none', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'doctor-'))
  const databaseUrl = join(dir, 'echoes.sqlite')
  expect((await found({ ...running.config, databaseUrl }))['Database']?.sentence).toBe('there is none yet')
  expect(existsSync(databaseUrl)).toBe(false)
  const db = await openDatabase(databaseUrl)
  await sql`delete from kysely_migration where name = '0009-weather'`.execute(db)
  const applied = async () => (await sql`select name from kysely_migration`.execute(db)).rows.length
  const before = await applied()
  const findings = await found({ ...running.config, databaseUrl })
  expect(findings['Database']).toMatchObject({
    state: 'wrong',
    advice: expect.stringContaining('npm run backup') as string,
  })
  expect(await applied()).toBe(before)
  await db.destroy()
})
