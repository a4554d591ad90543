/** Viewers of the panel who have told who they are: their opaque id in a channel → their account. */
import type { Database } from './database.ts'

export interface Identity {
  /** Twitch user id where it is known, else the opaque id. */
  userId: string
  /** Every id under which this person has acted in the channel. */
  allIds: string[]
}

/** @param id a Twitch user id, or an opaque id (`U…`) */
export async function identityOf(db: Database, channelId: string, id: string): Promise<Identity> {
  const rows = await db
    .selectFrom('identities')
    .select(['user_id', 'opaque_id'])
    .where('channel_id', '=', channelId)
    .where((e) => (isOpaque(id) ? e('opaque_id', '=', id) : e('user_id', '=', id)))
    .execute()
  const userId = rows[0]?.user_id ?? id
  return { userId, allIds: [...new Set([id, ...rows.flatMap((r) => [r.user_id, r.opaque_id])])] }
}

/** Opaque ids begin with U (logged in) or A (not); Twitch's user ids are numbers. */
export function isOpaque(id: string): boolean {
  return id.startsWith('U') || id.startsWith('A')
}

/** @returns whether this was news, so that the account's name is still to be asked for */
export async function rememberIdentity(
  db: Database,
  identity: { channelId: string; opaqueId: string; userId: string },
  now: number,
): Promise<boolean> {
  const saved = await db
    .insertInto('identities')
    .values({
      channel_id: identity.channelId,
      opaque_id: identity.opaqueId,
      user_id: identity.userId,
      login: null,
      display_name: null,
      at: now,
    })
    .onConflict((c) => c.columns(['channel_id', 'opaque_id']).doNothing())
    .executeTakeFirst()
  return (saved.numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** The names of an account, once Twitch has said them. */
export async function nameIdentity(
  db: Database,
  userId: string,
  names: { login: string; displayName: string },
): Promise<void> {
  await db
    .updateTable('identities')
    .set({ login: names.login, display_name: names.displayName })
    .where('user_id', '=', userId)
    .execute()
}
