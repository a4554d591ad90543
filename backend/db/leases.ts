/** Work that one process at a time does: whoever holds the lease, until it lapses or is let go. */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from './database.ts'

/** Takes or extends the lease `name`; false while somebody else holds it. */
export async function takeLease(
  db: Database,
  name: string,
  holder: string,
  ms: number,
  now: number,
): Promise<boolean> {
  const taken = await db
    .insertInto('leases')
    .values({ name, holder, until: now + ms })
    .onConflict((c) =>
      c
        .column('name')
        .doUpdateSet({ holder, until: now + ms })
        .where((e) => e.or([e('leases.until', '<=', now), e('leases.holder', '=', holder)])),
    )
    .executeTakeFirst()
  return (taken.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function dropLease(db: Database, name: string, holder: string): Promise<void> {
  await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
}

const POLL_MS = 100

/** Does `work` while nobody else does work of this name, in all processes; waits until it may. */
export async function underLease<T>(
  db: Database,
  name: string,
  ms: number,
  clock: Clock,
  work: () => Promise<T>,
  pollMs = POLL_MS,
): Promise<T> {
  const holder = randomUUID()
  while (!(await takeLease(db, name, holder, ms, clock.now()))) await setTimeout(pollMs)
  try {
    return await work()
  } finally {
    await dropLease(db, name, holder)
  }
}
