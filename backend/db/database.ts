/**
 * Opens the database: SQLite (WAL) in a file by default, PostgreSQL for `postgres://` addresses. Both run the same
 * migrations and the same queries.
 */
import BetterSqlite3 from 'better-sqlite3'
import { CompiledQuery, Kysely, sql, SqliteDialect, SqliteDriver, type DatabaseConnection } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import * as mainJob from './migrations/0001-main-job.ts'
import * as extension from './migrations/0002-extension.ts'
import type { Tables } from './schema.ts'

export type Database = Kysely<Tables>

const MIGRATIONS: Record<string, Migration> = { '0001-main-job': mainJob, '0002-extension': extension }
const INT8 = 20

/** @param url `postgres://…`, or the path of an SQLite file */
export async function openDatabase(url: string): Promise<Database> {
  const db = isPostgres(url) ? openPostgres(url) : openSqlite(url)
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
  }).migrateToLatest()
  if (error) {
    await db.destroy()
    throw new Error(`the database could not be brought up to date: ${url.replace(/\/\/[^@]*@/, '//…@')}`, {
      cause: error,
    })
  }
  return db
}

export function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

/**
 * Marks that something about a channel changes which viewers see, and takes a lock that other such transactions wait
 * for until this one ends. (On SQLite a writing transaction is alone anyway.)
 */
export async function touchChannel(db: Database, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('channels')
    .set({ revision: nextRevision(now) })
    .where('id', '=', channelId)
    .execute()
}

/** Grows with each change, and with the time, so that what has changed lately can be found. */
export function nextRevision(now: number) {
  return sql<number>`case when revision >= ${now} then revision + 1 else ${now} end`
}

function openPostgres(url: string): Database {
  const client = postgres(url, {
    max: 10,
    onnotice: () => undefined,
    // Our 8-byte integers are milliseconds and byte counts, both far below 2^53.
    types: { bigint: { to: INT8, from: [INT8], serialize: String, parse: Number } },
  })
  return new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: client }) })
}

function openSqlite(path: string): Database {
  mkdirSync(dirname(path), { recursive: true })
  const file = new BetterSqlite3(path)
  file.pragma('journal_mode = WAL')
  // Facts must survive a power cut, not only a crash of the process.
  file.pragma('synchronous = FULL')
  file.pragma('busy_timeout = 10000')
  return new Kysely<Tables>({ dialect: new ImmediateSqliteDialect({ database: file }) })
}

/**
 * `begin immediate`: a transaction that reads first and writes later would otherwise fail at once (SQLITE_BUSY, no
 * time-out applies) when another process wrote in between.
 */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: ConstructorParameters<typeof SqliteDialect>[0]

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0]) {
    super(config)
    this.#config = config
  }

  override createDriver() {
    return new ImmediateSqliteDriver(this.#config)
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}
