/** What lies in storage for whom, and what was deleted and why. */
import type { MediaKind, StoredMedia } from '../domain/retention.ts'
import type { Database } from './database.ts'

export type NewMedia = { key: string; channelId: string } & (
  { kind: 'work'; showId: string } | { kind: 'recap'; recapId: string }
)

export async function recordMedia(db: Database, media: NewMedia, now: number): Promise<void> {
  const again = { deleted_at: null, delete_reason: null, created_at: now }
  await db
    .insertInto('media')
    .values({
      key: media.key,
      channel_id: media.channelId,
      recap_id: media.kind === 'recap' ? media.recapId : '',
      show_id: media.kind === 'work' ? media.showId : '',
      kind: media.kind,
      ...again,
    })
    // Its age counts from when it was there first; what was deleted is new.
    .onConflict((c) => c.column('key').doUpdateSet(again).where('media.deleted_at', 'is not', null))
    .execute()
}

/** Everything in storage, with whether something still needs it. */
export async function storedMedia(db: Database): Promise<StoredMedia[]> {
  const rows = await db.selectFrom('media').selectAll().where('deleted_at', 'is', null).execute()
  const stored: StoredMedia[] = []
  for (const { key, kind, created_at, recap_id, show_id } of rows) {
    const done = kind === 'work' ? await isWorkDone(db, show_id) : await isRecapDone(db, recap_id)
    stored.push({ key, kind: kind as MediaKind, createdAtMs: created_at, done })
  }
  return stored
}

/** Parts are needed while the show goes on, and as long as one of its recaps is in the making. */
async function isWorkDone(db: Database, showId: string): Promise<boolean> {
  const show = await db.selectFrom('shows').select('ended_at').where('id', '=', showId).executeTakeFirst()
  const recaps = await db.selectFrom('recaps').select('state').where('show_id', '=', showId).execute()
  if (show && show.ended_at === null) return false
  return recaps.length > 0 && recaps.every((r) => r.state !== 'preparing')
}

async function isRecapDone(db: Database, recapId: string): Promise<boolean> {
  const recap = await db.selectFrom('recaps').select('state').where('id', '=', recapId).executeTakeFirst()
  return !recap || ['published', 'empty', 'failed'].includes(recap.state)
}

export async function mediaDeleted(db: Database, key: string, reason: string, now: number): Promise<void> {
  await db
    .updateTable('media')
    .set({ deleted_at: now, delete_reason: reason })
    .where('key', '=', key)
    .execute()
}
