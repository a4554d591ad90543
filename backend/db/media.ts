/** What lies in storage for whom, and what was deleted and why. */
import type { StoredMedia } from '../domain/retention.ts'
import type { Database } from './database.ts'

export async function recordMedia(
  db: Database,
  media: { key: string; channelId: string; recapId: string; kind: 'work' | 'recap' },
  now: number,
): Promise<void> {
  await db
    .insertInto('media')
    .values({
      key: media.key,
      channel_id: media.channelId,
      recap_id: media.recapId,
      kind: media.kind,
      created_at: now,
      deleted_at: null,
      delete_reason: null,
    })
    .onConflict((c) => c.column('key').doUpdateSet({ deleted_at: null, delete_reason: null }))
    .execute()
}

/** Everything in storage, with whether something still needs it. */
export async function storedMedia(db: Database): Promise<StoredMedia[]> {
  const rows = await db
    .selectFrom('media')
    .innerJoin('recaps', 'recaps.id', 'media.recap_id')
    .select(['media.key', 'media.kind', 'media.created_at', 'recaps.state'])
    .where('media.deleted_at', 'is', null)
    .execute()
  return rows.map((row) => ({
    key: row.key,
    kind: row.kind,
    createdAtMs: row.created_at,
    done:
      row.kind === 'work' ? row.state !== 'preparing' : ['published', 'empty', 'failed'].includes(row.state),
  }))
}

export async function mediaDeleted(db: Database, key: string, reason: string, now: number): Promise<void> {
  await db
    .updateTable('media')
    .set({ deleted_at: now, delete_reason: reason })
    .where('key', '=', key)
    .execute()
}
