import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, inject, it } from 'vitest'
import { openDatabase } from './database.ts'
import { databaseContract } from './db.contract.ts'
import { tablesKnown } from './personal-data.ts'

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
