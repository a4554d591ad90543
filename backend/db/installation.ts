/** What belongs to this installation alone: made once, at random, and kept with the data. */
import { randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

/** @param name `salt`: for hashes of ids; `unsubscribe`: for links in mails. @returns 32 bytes, base64 */
export async function installationSecret(db: Database, name: 'salt' | 'unsubscribe'): Promise<string> {
  await db
    .insertInto('installation')
    .values({ name, value: randomBytes(32).toString('base64') })
    .onConflict((c) => c.column('name').doNothing())
    .execute()
  const { value } = await db
    .selectFrom('installation')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return value
}
