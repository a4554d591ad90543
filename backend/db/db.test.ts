import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, inject, it } from 'vitest'
import { openDatabase, touchChannel, type Database } from './database.ts'
import { claimCommand } from './echoes.ts'
import { streamWasOnUntil } from './shows.ts'
import { databaseContract } from './db.contract.ts'
import { plansContract } from './plans.contract.ts'
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

it('what belongs into a transaction does not compile outside one', () => {
  const outside = async (db: Database) => {
    // @ts-expect-error a plain database is no transaction
    await touchChannel(db, 'c', 0)
    // @ts-expect-error a plain database is no transaction
    await streamWasOnUntil(db, 's', 0)
    // @ts-expect-error a plain database is no transaction
    await claimCommand(db, 'c', 'm', 0)
  }
  expect(outside).toBeTypeOf('function')
})
