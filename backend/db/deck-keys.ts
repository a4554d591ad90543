/** The secret in a channel's Stream Deck addresses: one a channel, known here by its hash. */
import type { Database } from './database.ts'

/** A new secret makes the old one worthless. */
export async function saveDeckKey(
  db: Database,
  channelId: string,
  keyHash: string,
  now: number,
): Promise<void> {
  const values = { key_hash: keyHash, created_at: now }
  await db
    .insertInto('deck_keys')
    .values({ channel_id: channelId, ...values })
    .onConflict((c) => c.column('channel_id').doUpdateSet(values))
    .execute()
}

export async function removeDeckKey(db: Database, channelId: string): Promise<void> {
  await db.deleteFrom('deck_keys').where('channel_id', '=', channelId).execute()
}

export async function channelOfDeck(db: Database, keyHash: string): Promise<string | null> {
  const row = await db
    .selectFrom('deck_keys')
    .select('channel_id')
    .where('key_hash', '=', keyHash)
    .executeTakeFirst()
  return row?.channel_id ?? null
}

/** When the addresses were made (UTC milliseconds); null when there are none. */
export async function deckKeySince(db: Database, channelId: string): Promise<number | null> {
  const row = await db
    .selectFrom('deck_keys')
    .select('created_at')
    .where('channel_id', '=', channelId)
    .executeTakeFirst()
  return row?.created_at ?? null
}
