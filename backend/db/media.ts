/** What lies in storage for whom, and what was deleted and why. */
import type { MediaKind, StoredMedia } from '../domain/retention.ts'
import { DEFAULT_SETTINGS } from '../../shared/settings.ts'
import { listChannels } from './channels.ts'
import type { Database } from './database.ts'

export type NewMedia = { key: string; channelId: string } & (
  { kind: 'work'; showId: string } | { kind: 'recap'; recapId: string } | { kind: 'clip' }
)

/** Where a streamer's own clip is shown: first or last. */
export type ClipPlace = 'intro' | 'outro'

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

/** Everything in storage that has a time, with whether something still needs it. */
export async function storedMedia(db: Database): Promise<StoredMedia[]> {
  const rows = await db
    .selectFrom('media')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('kind', '!=', 'clip')
    .execute()
  const channels = new Map((await listChannels(db)).map((channel) => [channel.id, channel]))
  const stored: StoredMedia[] = []
  for (const { key, kind, created_at, recap_id, show_id, channel_id } of rows) {
    const done = kind === 'work' ? await isWorkDone(db, show_id) : await isRecapDone(db, recap_id)
    const { keepMs } = channels.get(channel_id)?.settings ?? DEFAULT_SETTINGS
    stored.push({ key, kind: kind as MediaKind, createdAtMs: created_at, done, keepMs })
  }
  return stored
}

/** Parts are needed while the show goes on, and as long as one of its recaps is in the making or may still be changed. */
async function isWorkDone(db: Database, showId: string): Promise<boolean> {
  const show = await db.selectFrom('shows').select('ended_at').where('id', '=', showId).executeTakeFirst()
  const recaps = await db
    .selectFrom('recaps')
    .select(['state', 'decision'])
    .where('show_id', '=', showId)
    .execute()
  if (show && show.ended_at === null) return false
  // One that is rendered may be rendered again until it is published.
  const open = (r: (typeof recaps)[number]) =>
    r.decision !== 'drop' && (r.state === 'preparing' || r.state === 'rendered')
  return recaps.length > 0 && !recaps.some(open)
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

/** What was deleted long ago: nobody asks for it any more. Parts of recordings go after a month, there are many. */
export async function forgetDeletions(db: Database, beforeMs: number): Promise<void> {
  const lately = beforeMs + 11 * 30 * 24 * 60 * 60_000
  await db
    .deleteFrom('media')
    .where((e) =>
      e.or([e('deleted_at', '<', beforeMs), e.and([e('kind', '=', 'work'), e('deleted_at', '<', lately)])]),
    )
    .execute()
}

export const clipKey = (channelId: string, place: ClipPlace, name: string) =>
  `channels/${channelId}/${place}-${name}.mp4`

/** A streamer's own clips: those stay until they are replaced or removed. */
export async function clipsOf(db: Database, channelId: string): Promise<{ place: ClipPlace; key: string }[]> {
  const rows = await db
    .selectFrom('media')
    .select('key')
    .where('channel_id', '=', channelId)
    .where('kind', '=', 'clip')
    .where('deleted_at', 'is', null)
    .orderBy('created_at')
    .execute()
  return rows.map(({ key }) => ({ key, place: key.includes('/intro-') ? 'intro' : 'outro' }))
}

export interface MediaDeletion {
  what: string
  atMs: number
  reason: string
}

const SHOWN_DELETIONS = 20
const WHAT = { work: 'Parts of a recording', recap: 'A recap’s files', clip: 'An own clip' }

/** What was deleted last, and why. */
export async function deletionsOf(db: Database, channelId: string): Promise<MediaDeletion[]> {
  const rows = await db
    .selectFrom('media')
    .select(['kind', 'deleted_at', 'delete_reason'])
    .where('channel_id', '=', channelId)
    .where('deleted_at', 'is not', null)
    .orderBy('deleted_at', 'desc')
    .limit(SHOWN_DELETIONS)
    .execute()
  return rows.map((row) => ({
    what: WHAT[row.kind],
    atMs: row.deleted_at ?? 0,
    reason: row.delete_reason ?? '',
  }))
}

/** Bytes that lie in storage for a channel, without what is only worked on. */
export async function storedBytesOf(
  db: Database,
  channelId: string,
  storage: { list(prefix: string): AsyncIterable<{ bytes: number }> },
): Promise<number> {
  const rows = await db
    .selectFrom('media')
    .select('key')
    .where('channel_id', '=', channelId)
    .where('deleted_at', 'is', null)
    .where('kind', '!=', 'work')
    .execute()
  let bytes = 0
  for (const { key } of rows) for await (const object of storage.list(key)) bytes += object.bytes
  return bytes
}
