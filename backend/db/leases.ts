/** Work that one process at a time does: whoever holds the lease, until it lapses or is let go. */
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
