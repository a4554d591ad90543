import BetterSqlite3 from 'better-sqlite3'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, inject, it } from 'vitest'
import { MIGRATIONS, openDatabase, touchChannel, type Database } from './database.ts'
import { claimCommand } from './echoes.ts'
import { streamWasOnUntil } from './shows.ts'
import { databaseContract } from './db.contract.ts'
import { plansContract } from './plans.contract.ts'
import type { Tables } from './schema.ts'
import { tablesKnown } from './personal-data.ts'

const sqlite = () => openDatabase(join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite'))
plansContract('SQLite', sqlite)
if (inject('postgresUrl')) plansContract('PostgreSQL', () => openDatabase(inject('postgresUrl')))
databaseContract('SQLite', () => openDatabase(join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')))

const postgresUrl = inject('postgresUrl')
if (postgresUrl) databaseContract('PostgreSQL', () => openDatabase(postgresUrl))
else it.skip('on PostgreSQL: there is none here', () => undefined)

it('each table is one that is taken home and deleted with its channel, or is known not to be', async () => {
  const db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite'))
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
    db,
  )
  const ours = rows.map((row) => row.name).filter((name) => !/^(sqlite|kysely)_/.test(name))
  expect(tablesKnown()).toEqual(ours.sort())
  await db.destroy()
})

it('a file that another process has to itself at the moment is opened once it is free', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')
  const other = new BetterSqlite3(path)
  other.exec('begin exclusive')
  setTimeout(() => other.exec('commit'), 100)
  const db = await openDatabase(path)
  expect(await db.selectFrom('channels').select('id').execute()).toEqual([])
  await db.destroy()
  other.close()
})

it('a process starts while another one is in the middle of writing, where there is nothing to bring up to date', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')
  await (await openDatabase(path)).destroy()
  const writing = new BetterSqlite3(path)
  writing.exec('begin immediate')
  const db = await openDatabase(path)
  expect(await db.selectFrom('channels').select('id').execute()).toEqual([])
  await db.destroy()
  writing.close()
})

it('a database of a newer version is refused, and nothing of it is changed', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')
  const newer = await openDatabase(path)
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030')`.execute(newer)
  await newer.destroy()
  await expect(openDatabase(path)).rejects.toThrow('could not be brought up to date')
})

it('lengths that contradicted each other are repaired when the database is brought up to date', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')
  const old = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new BetterSqlite3(path) }) })
  const migrator = new Migrator({ db: old, provider: { getMigrations: async () => MIGRATIONS } })
  await migrator.migrateTo('0008-leaving')
  const settings = (of: object) => JSON.stringify({ ...of, cooldownMs: 1_000 })
  const channels: Record<string, object> = {
    short: { maxLengthMs: 20_000 },
    long: { maxLengthMs: 60_000, defaultLengthMs: 30_000, longLengthMs: 60_000 },
    none: {},
  }
  for (const [id, of] of Object.entries(channels))
    await sql`insert into channels (id, login, display_name, mode, settings, created_at)
      values (${id}, ${id}, ${id}, 'trusted', ${settings(of)}, 0)`.execute(old)
  await old.destroy()
  const db = await openDatabase(path)
  const rows = await db.selectFrom('channels').select(['id', 'settings']).execute()
  await db.destroy()
  const now = Object.fromEntries(rows.map((row) => [row.id, JSON.parse(row.settings) as object]))
  expect(now).toEqual({
    short: { maxLengthMs: 20_000, defaultLengthMs: 20_000, longLengthMs: 20_000, cooldownMs: 1_000 },
    long: { ...channels.long, cooldownMs: 1_000 },
    none: { cooldownMs: 1_000 },
  })
})

it('what belongs into a transaction does not compile outside one', () => {
  const outside = async (db: Database) => {
    // @ts-expect-error a plain database is no transaction
    await touchChannel(db, 'c', 0)
    // @ts-expect-error a plain database is no transaction
    await streamWasOnUntil(db, 's', 0, 0)
    // @ts-expect-error a plain database is no transaction
    await claimCommand(db, 'c', 'm', 0)
  }
  expect(outside).toBeTypeOf('function')
})
