/** Votes (+1): one row for a person and a moment, whatever they press and however often. */
import { within, type Database } from './database.ts'
import { touchChannel } from './database.ts'

export interface StoredVote {
  userId: string
  displayName: string | null
  echoId: string
}

/** Stores a vote for the moment that holds `echoId`; the same again changes nothing. @returns whether it is new */
export async function saveVote(
  db: Database,
  vote: { channelId: string; showId: string; userId: string; echoId: string },
  now: number,
): Promise<boolean> {
  return within(db, async (tx) => {
    const saved = await tx
      .insertInto('votes')
      .values({ show_id: vote.showId, user_id: vote.userId, echo_id: vote.echoId, at: now })
      .onConflict((c) => c.columns(['show_id', 'user_id', 'echo_id']).doNothing())
      .executeTakeFirst()
    const isNew = (saved.numInsertedOrUpdatedRows ?? 0n) > 0n
    if (isNew) await touchChannel(tx, vote.channelId, now)
    return isNew
  })
}

/** The votes of a show; those of one person under one id. */
export async function votesOf(db: Database, showId: string): Promise<StoredVote[]> {
  const rows = await db
    .selectFrom('votes')
    .innerJoin('shows', 'shows.id', 'votes.show_id')
    .leftJoin('identities', (j) =>
      j
        .onRef('identities.channel_id', '=', 'shows.channel_id')
        .onRef('identities.opaque_id', '=', 'votes.user_id'),
    )
    .select(['votes.user_id', 'votes.echo_id', 'identities.user_id as known_id', 'identities.display_name'])
    .where('votes.show_id', '=', showId)
    .orderBy('votes.at')
    .execute()
  return rows.map((r) => ({
    userId: r.known_id ?? r.user_id,
    displayName: r.display_name,
    echoId: r.echo_id,
  }))
}
