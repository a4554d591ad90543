/**
 * Work that comes while a transaction runs shares the next one. SQLite has one writer and waits for the disk at the end of
 * each transaction: so many viewers who press at the same moment wait for the disk once.
 */
import { setImmediate as arrivals } from 'node:timers/promises'
import { isPostgresDatabase, type Database, type Tx } from './database.ts'

interface Waiting {
  run(tx: Tx): Promise<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** So that nobody waits long for those before. */
const MOST_TOGETHER = 32
const queues = new WeakMap<Database, { waiting: Waiting[]; running: boolean }>()

/**
 * Runs `run` in a transaction. What it did is on the disk before this resolves; if it throws, nothing of it is, and the
 * others are not touched by that.
 */
export async function inTransaction<T>(db: Database, run: (tx: Tx) => Promise<T>): Promise<T> {
  if (db.isTransaction) return run(db as Tx)
  // PostgreSQL has many writers, and channels held by one transaction in any order could wait for each other for ever.
  if (isPostgresDatabase(db)) return db.transaction().execute(run)
  const queue = queues.get(db) ?? { waiting: [], running: false }
  queues.set(db, queue)
  return new Promise<T>((resolve, reject) => {
    queue.waiting.push({ run, resolve: resolve as (result: unknown) => void, reject })
    if (!queue.running) void drain(db, queue)
  })
}

async function drain(db: Database, queue: { waiting: Waiting[]; running: boolean }): Promise<void> {
  queue.running = true
  while (queue.waiting.length > 0) {
    // A transaction on SQLite never waits, so nobody could join the queue meanwhile: requests that have arrived are let in.
    await arrivals()
    await runBatch(db, queue.waiting.splice(0, MOST_TOGETHER))
  }
  queue.running = false
}

async function runBatch(db: Database, batch: Waiting[]): Promise<void> {
  try {
    const results = await db.transaction().execute(async (tx) => {
      const done: unknown[] = []
      for (const { run } of batch) done.push(await run(tx))
      return done
    })
    batch.forEach(({ resolve }, n) => resolve(results[n]))
  } catch (error) {
    const [only] = batch
    if (batch.length === 1 && only) return only.reject(error)
    // One of them failed, and all are undone: each by itself, so that only that one fails.
    for (const one of batch) await runBatch(db, [one])
  }
}
