/**
 * Opens the database: SQLite (WAL) in a file by default, PostgreSQL for `postgres://` addresses. Both run the same
 * migrations and the same queries.
 */
import BetterSqlite3 from 'better-sqlite3'
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  sql,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Selectable,
  type Transaction,
} from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as mainJob from './migrations/0001-main-job.ts'
import * as extension from './migrations/0002-extension.ts'
import * as chat from './migrations/0003-chat.ts'
import * as ownVideos from './migrations/0004-own-videos.ts'
import * as render from './migrations/0005-render.ts'
import * as site from './migrations/0006-site.ts'
import * as billing from './migrations/0007-billing.ts'
import * as leaving from './migrations/0008-leaving.ts'
import * as weather from './migrations/0009-weather.ts'
import * as clipOrders from './migrations/0010-clip-orders.ts'
import type { ChannelRow, Tables } from './schema.ts'

export type Database = Kysely<Tables>
/**
 * The database within a transaction: what belongs together takes this, so that it cannot be called outside one. A
 * transaction is a database, too; the other way round does not compile.
 */
export type Tx = Transaction<Tables>

/** Runs `run` in a transaction: the caller's own, where it has one. */
export async function within<T>(db: Database, run: (tx: Tx) => Promise<T>): Promise<T> {
  return db.isTransaction ? run(db as Tx) : db.transaction().execute(run)
}

export const MIGRATIONS: Record<string, Migration> = {
  '0001-main-job': mainJob,
  '0002-extension': extension,
  '0003-chat': chat,
  '0004-own-videos': ownVideos,
  '0005-render': render,
  '0006-site': site,
  '0007-billing': billing,
  '0008-leaving': leaving,
  '0009-weather': weather,
  '0010-clip-orders': clipOrders,
}
const INT8 = 20

/** @param url `postgres://…`, or the path of an SQLite file */
export async function openDatabase(url: string): Promise<Database> {
  const db = isPostgres(url) ? openPostgres(url) : await openSqlite(url)
  try {
    await bringUpToDate(db)
    return db
  } catch (error) {
    await db.destroy()
    throw new Error(`the database could not be brought up to date: ${url.replace(/\/\/[^@]*@/, '//…@')}`, {
      cause: error,
    })
  }
}

/** Takes no lock when there is nothing to migrate, so that a process can start however busy the others are. */
async function bringUpToDate(db: Database): Promise<void> {
  for (const untilMs = Date.now() + OPENING_MS; ;) {
    const known = await migrator(db).getMigrations()
    const isDone = known.every((each) => each.executedAt !== undefined)
    if (isDone && (await migrationsDone(db)) === known.length) return
    // It also refuses a database of a newer version.
    const { error } = await migrator(db).migrateToLatest()
    if (!error) return
    if (!isBusy(error) || Date.now() > untilMs) throw error
    await sleep(OPEN_AGAIN_MS)
  }
}

async function migrationsDone(db: Database): Promise<number> {
  const { rows } = await sql<{
    count: number | string
  }>`select count(*) as count from kysely_migration`.execute(db)
  return Number(rows[0]?.count)
}

/** Also while another process repairs the file after a crash: `SQLITE_BUSY_RECOVERY`. */
const isBusy = (error: unknown) => (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ?? false

/**
 * Opens a database to look at it, and changes nothing.
 * @returns null where there is none yet; `isBehind` when its tables are of an older version
 */
export async function lookAtDatabase(url: string): Promise<{ db: Database; isBehind: boolean } | null> {
  if (!isPostgres(url) && !existsSync(url)) return null
  const db = isPostgres(url) ? openPostgres(url) : await openSqlite(url)
  try {
    const migrations = await migrator(db).getMigrations()
    const done = migrations.filter((m) => m.executedAt)
    if (done.length > 0) return { db, isBehind: done.length < migrations.length }
  } catch (error) {
    await db.destroy()
    throw error
  }
  await db.destroy()
  return null
}

const migrator = (db: Database) => new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })

export function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

export function isPostgresDatabase(db: Database): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}

/**
 * Marks that something about a channel changes which viewers see, and takes a lock that other such transactions wait
 * for until this one ends. (On SQLite a writing transaction is alone anyway.)
 */
export async function touchChannel(db: Tx, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('channels')
    .set({ revision: nextRevision(now) })
    .where('id', '=', channelId)
    .execute()
}

/**
 * A channel's row, held so that other transactions that hold it wait until this one ends. (On SQLite a writing
 * transaction is alone anyway.)
 */
export async function holdChannel(db: Tx, channelId: string): Promise<Selectable<ChannelRow> | undefined> {
  const query = db.selectFrom('channels').selectAll().where('id', '=', channelId)
  const held = isPostgresDatabase(db) ? query.forUpdate() : query
  return held.executeTakeFirst()
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

const OPENING_MS = 10_000
const OPEN_AGAIN_MS = 50

/** Whoever is the first to switch a file to WAL, or to repair it after a crash, has it alone: others must ask again. */
async function openSqlite(path: string): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true })
  for (const untilMs = Date.now() + OPENING_MS; ;) {
    const file = new BetterSqlite3(path)
    try {
      file.pragma('journal_mode = WAL')
      return sqliteIn(file)
    } catch (error) {
      file.close()
      if (!isBusy(error) || Date.now() > untilMs) throw error
      await sleep(OPEN_AGAIN_MS)
    }
  }
}

function sqliteIn(file: BetterSqlite3.Database): Database {
  // Facts must survive a power cut, not only a crash of the process.
  file.pragma('synchronous = FULL')
  file.pragma('busy_timeout = 10000')
  // Pages that change often are written to the file itself once in 32 MiB of changes, not once in 4.
  file.pragma('wal_autocheckpoint = 8000')
  keepStatements(file)
  return new Kysely<Tables>({ dialect: new ImmediateSqliteDialect({ database: file }) })
}

const KEPT_STATEMENTS = 500

/** Kysely prepares every query again, which takes longer than running most of ours: we prepare each text once. */
function keepStatements(file: BetterSqlite3.Database): void {
  const kept = new Map<string, BetterSqlite3.Statement>()
  const prepare = file.prepare.bind(file) as (text: string) => BetterSqlite3.Statement
  file.prepare = ((text: string) => {
    const known = kept.get(text)
    if (known) return known
    const statement = prepare(text)
    // What changes the schema would leave old statements behind.
    if (/^\s*(create|alter|drop|pragma)/i.test(text)) return statement
    if (kept.size >= KEPT_STATEMENTS) kept.clear()
    kept.set(text, statement)
    return statement
  }) as typeof file.prepare
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

  override createAdapter() {
    return new WholeMigrations()
  }

  override createQueryCompiler() {
    return new StableSqliteQueryCompiler()
  }
}

/**
 * `+?` is the value itself, but not a bare parameter. SQLite built with STAT4, as better-sqlite3 has it, plans a query again
 * each time a bare parameter that decided on its order is bound (sqlite3_bind_*: "expmask"), which takes five times what
 * our small queries take.
 */
class StableSqliteQueryCompiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return '+?'
  }
}

/**
 * SQLite changes tables within a transaction, though Kysely does not count on it: then a process that is killed meanwhile
 * leaves nothing half done, and of several that start at once one migrates and the others wait.
 */
class WholeMigrations extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}
