/** What others, or a person's wish, take out of a show: moderation in chat, accounts that are gone, being forgotten. */
import { v7 as timeOrderedId } from 'uuid'
import { within, touchChannel, type Database } from './database.ts'
import { claimCommand, countingEchoes, streamAt, withdraw } from './echoes.ts'
import { identityOf } from './identities.ts'

/** What a moderator has done in chat: one message deleted, or somebody banned or timed out (all their messages). */
export type Moderation = { channelId: string } & (
  { messageId: string } | { userId: string } | { everybody: true }
)

/** Takes back what was moderated; of a person, the echoes of the show that is on. */
export async function withdrawModerated(db: Database, moderation: Moderation, now: number): Promise<number> {
  return within(db, async (tx) => {
    const { channelId } = moderation
    let early = tx.deleteFrom('early_echoes').where('channel_id', '=', channelId)
    if ('messageId' in moderation) early = early.where('source_key', '=', moderation.messageId)
    else if ('userId' in moderation) early = early.where('user_id', '=', moderation.userId)
    await early.execute()
    let query = tx
      .selectFrom('echoes')
      .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
      .select('echoes.id')
      .where('echoes.channel_id', '=', channelId)
      .where('withdrawals.echo_id', 'is', null)
    if ('messageId' in moderation) {
      query = query.where('source', '=', 'chat').where('source_key', '=', moderation.messageId)
      // It may come before the message itself, by another transport: then the message finds itself dealt with.
      await claimCommand(tx, channelId, moderation.messageId, now, 'moderation')
    } else {
      const stream = await streamAt(tx, channelId, now)
      if (!stream) return 0
      query = query.where('show_id', '=', stream.show_id)
      if ('userId' in moderation) {
        const { allIds } = await identityOf(tx, channelId, moderation.userId)
        query = query.where('echoes.user_id', 'in', allIds)
      } else query = query.where('source', '=', 'chat')
    }
    const gone = await query.execute()
    for (const { id } of gone) await withdraw(tx, id, 'moderation', now)
    if (gone.length > 0) await touchChannel(tx, channelId, now)
    return gone.length
  })
}

/** Takes back the echoes of a show by accounts that are no more. */
export async function withdrawGone(
  db: Database,
  showId: string,
  isThere: (userIds: string[]) => Promise<ReadonlySet<string>>,
  now: number,
): Promise<void> {
  const echoes = await countingEchoes(db, showId)
  // Viewers of the panel who have not told who they are, and who wants to be forgotten, have no account to look up.
  const accounts = [...new Set(echoes.map((e) => e.userId))].filter((id) => /^\d+$/.test(id))
  if (accounts.length === 0) return
  const there = await isThere(accounts)
  const gone = new Set(accounts.filter((id) => !there.has(id)))
  for (const { id, userId } of echoes) if (gone.has(userId)) await withdraw(db, id, 'gone', now)
}

/**
 * `!echo forget`: the person's name and id are gone from everything they marked in this channel. The echoes still count,
 * by somebody without a name: others may want the same moment, and a recap may be out already.
 */
export async function forgetPerson(
  db: Database,
  channelId: string,
  userId: string,
  now: number,
): Promise<void> {
  await within(db, async (tx) => {
    await touchChannel(tx, channelId, now)
    const { allIds } = await identityOf(tx, channelId, userId)
    await tx
      .deleteFrom('early_echoes')
      .where('channel_id', '=', channelId)
      .where('user_id', 'in', allIds)
      .execute()
    const nobody = `forgotten:${timeOrderedId()}`
    await tx
      .updateTable('echoes')
      .set({ user_id: nobody, login: '', display_name: '' })
      .where('channel_id', '=', channelId)
      .where('user_id', 'in', allIds)
      .execute()
    const shows = tx.selectFrom('shows').select('id').where('channel_id', '=', channelId)
    await tx
      .updateTable('votes')
      .set({ user_id: nobody })
      .where('show_id', 'in', shows)
      .where('user_id', 'in', allIds)
      .execute()
    await tx
      .deleteFrom('identities')
      .where('channel_id', '=', channelId)
      .where('opaque_id', 'in', allIds)
      .execute()
    // Who was approved is not any more; who is blocked stays so, else forgetting would be the way around it.
    await tx
      .deleteFrom('standings')
      .where('channel_id', '=', channelId)
      .where('user_id', '=', userId)
      .where('standing', '=', 'approved')
      .execute()
  })
}
