import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, it } from 'vitest'
import { openDatabase } from './database.ts'
import { databaseContract } from './db.contract.ts'

databaseContract('SQLite', () => openDatabase(join(mkdtempSync(join(tmpdir(), 'db-')), 'echoes.sqlite')))

const postgresUrl = inject('postgresUrl')
if (postgresUrl) databaseContract('PostgreSQL', () => openDatabase(postgresUrl))
else it.skip('on PostgreSQL: there is none here', () => undefined)
