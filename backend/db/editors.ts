/** Who may review and edit for a streamer. */
import type { Database } from './database.ts'

export interface Editor {
  userId: string
  login: string
}

export async function addEditor(db: Database, channelId: string, editor: Editor, now: number): Promise<void> {
  await db
    .insertInto('editors')
    .values({ channel_id: channelId, user_id: editor.userId, login: editor.login, at: now })
    .onConflict((c) => c.columns(['channel_id', 'user_id']).doUpdateSet({ login: editor.login }))
    .execute()
}

export async function removeEditor(db: Database, channelId: string, userId: string): Promise<void> {
  await db.deleteFrom('editors').where('channel_id', '=', channelId).where('user_id', '=', userId).execute()
}

export async function editorsOf(db: Database, channelId: string): Promise<Editor[]> {
  const rows = await db
    .selectFrom('editors')
    .select(['user_id', 'login'])
    .where('channel_id', '=', channelId)
    .orderBy('login')
    .execute()
  return rows.map((r) => ({ userId: r.user_id, login: r.login }))
}

export async function isEditor(db: Database, channelId: string, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('editors')
    .select('user_id')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row !== undefined
}

/** The channels somebody edits. */
export async function channelsEditedBy(
  db: Database,
  userId: string,
): Promise<{ id: string; displayName: string }[]> {
  const rows = await db
    .selectFrom('editors')
    .innerJoin('channels', 'channels.id', 'editors.channel_id')
    .select(['channels.id', 'channels.display_name'])
    .where('editors.user_id', '=', userId)
    .orderBy('channels.display_name')
    .execute()
  return rows.map((r) => ({ id: r.id, displayName: r.display_name }))
}
