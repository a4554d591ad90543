/** The upload of a recap: one each, whose session is known before its first byte goes out. */
import type { Database, Tx } from './database.ts'
import type { UploadState } from './schema.ts'

export interface Upload {
  recapId: string
  state: UploadState
  /** Encrypted session address. */
  session: string | null
  bytes: number
  sha256: string
  videoId: string | null
  privacy: string | null
  askedPrivacy: string | null
  /** A quota is used up until then; UTC milliseconds. */
  parkedUntilMs: number | null
  /** Why it did not go on; null where nothing is wrong. */
  error: string | null
  /** When YouTube had it; null before. UTC milliseconds. */
  uploadedAtMs: number | null
}

/** The upload of a recap, made when it is first asked for. For another file than before it begins from nothing. */
export async function uploadOf(
  db: Database,
  recapId: string,
  file: { bytes: number; sha256: string },
  now: number,
): Promise<Upload> {
  await db
    .insertInto('uploads')
    .values({
      recap_id: recapId,
      state: 'ready',
      session: null,
      bytes: file.bytes,
      sha256: file.sha256,
      video_id: null,
      privacy: null,
      asked_privacy: null,
      error: null,
      parked_until: null,
      uploaded_at: null,
      updated_at: now,
    })
    .onConflict((c) =>
      c
        .column('recap_id')
        .doUpdateSet({
          state: 'ready',
          session: null,
          bytes: file.bytes,
          sha256: file.sha256,
          updated_at: now,
        })
        .where('uploads.sha256', '!=', file.sha256)
        .where('uploads.video_id', 'is', null),
    )
    .execute()
  const upload = await findUpload(db, recapId)
  if (!upload) throw new Error(`no upload of recap ${recapId}`)
  return upload
}

export async function findUpload(db: Database, recapId: string): Promise<Upload | null> {
  const row = await db.selectFrom('uploads').selectAll().where('recap_id', '=', recapId).executeTakeFirst()
  if (!row) return null
  const { state, session, bytes, sha256, privacy, error } = row
  return {
    recapId,
    state,
    session,
    bytes,
    sha256,
    videoId: row.video_id,
    privacy,
    askedPrivacy: row.asked_privacy,
    parkedUntilMs: row.parked_until,
    error,
    uploadedAtMs: row.uploaded_at,
  }
}

export async function saveUpload(
  db: Database,
  recapId: string,
  change: {
    state?: UploadState
    session?: string | null
    videoId?: string
    privacy?: string
    askedPrivacy?: string
    parkedUntilMs?: number | null
    error?: string | null
  },
  now: number,
): Promise<void> {
  const { videoId, askedPrivacy, parkedUntilMs, ...rest } = change
  await db
    .updateTable('uploads')
    .set({
      ...rest,
      ...(askedPrivacy === undefined ? {} : { asked_privacy: askedPrivacy }),
      ...(parkedUntilMs === undefined ? {} : { parked_until: parkedUntilMs }),
      ...(videoId ? { video_id: videoId, uploaded_at: now } : {}),
      updated_at: now,
    })
    .where('recap_id', '=', recapId)
    .execute()
}

/** Changes the session only if it is still `before` and there is no video yet. @returns whether it was changed */
export async function replaceSession(
  db: Tx,
  recapId: string,
  before: string | null,
  next: string | null,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('uploads')
    .set({ session: next, state: 'uploading', updated_at: now })
    .where('recap_id', '=', recapId)
    .where('video_id', 'is', null)
    .where('session', before === null ? 'is' : '=', before)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Whether something of a channel's is on its way to YouTube: its session is open, or YouTube is not through with it. */
export async function isUploading(db: Database, channelId: string): Promise<boolean> {
  const row = await db
    .selectFrom('uploads')
    .innerJoin('recaps', 'recaps.id', 'uploads.recap_id')
    .select('recap_id')
    .where('recaps.channel_id', '=', channelId)
    .where('uploads.state', 'in', ['uploading', 'uploaded'])
    .where('recaps.state', '=', 'rendered')
    .where((e) => e.or([e('session', 'is not', null), e('video_id', 'is not', null)]))
    .executeTakeFirst()
  return row !== undefined
}

/** Whether a finished video of a channel's waits to be published. */
export async function hasWaiting(db: Database, channelId: string): Promise<boolean> {
  const row = await db
    .selectFrom('recaps')
    .select('id')
    .where('channel_id', '=', channelId)
    .where('state', '=', 'rendered')
    .where((e) => e.or([e('decision', 'is', null), e('decision', '!=', 'drop')]))
    .executeTakeFirst()
  return row !== undefined
}

/** Uploads of whose video nobody has asked since. `sinceMs`: when somebody did last. */
export async function staleUploads(
  db: Database,
  beforeMs: number,
): Promise<{ recapId: string; channelId: string; videoId: string; sinceMs: number }[]> {
  const rows = await db
    .selectFrom('uploads')
    .innerJoin('recaps', 'recaps.id', 'uploads.recap_id')
    .select(['recap_id', 'channel_id', 'video_id', 'refreshed_at', 'uploads.updated_at'])
    .where('uploads.state', '=', 'live')
    .where('video_id', 'is not', null)
    .where('refreshed_at', '<', beforeMs)
    .execute()
  return rows
    .map((row) => ({
      recapId: row.recap_id,
      channelId: row.channel_id,
      videoId: row.video_id ?? '',
      sinceMs: row.refreshed_at || row.updated_at,
    }))
    .filter(({ sinceMs }) => sinceMs < beforeMs)
}

/** What YouTube says of a video by now; null: nothing any more, and what it said before is deleted. */
export async function refreshUpload(
  db: Database,
  recapId: string,
  state: { privacy: string } | null,
  now: number,
): Promise<void> {
  const told = state ? { privacy: state.privacy } : { privacy: null, video_id: null }
  await db
    .updateTable('uploads')
    .set({ ...told, refreshed_at: now })
    .where('recap_id', '=', recapId)
    .execute()
}
