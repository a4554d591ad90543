/**
 * Echoes that came before Twitch's word that the stream is on: events are seconds to minutes late. They are kept for a
 * while, and count from the moment their stream is known.
 */
import type { Database, Tx } from './database.ts'
import { settleEarly, streamAt, type EchoToTake } from './echoes.ts'
import { inTransaction } from './together.ts'

/** Events that Twitch could not deliver come for about an hour; after that nobody waits for an echo any more. */
const KEPT_MS = 2 * 60 * 60_000

/**
 * Takes what was asked for while its stream was not known yet, now that it may be.
 * @returns how many echoes there are now that were not there before
 */
export async function takeEarlyEchoes(db: Database, channelId: string, now: number): Promise<number> {
  const early = await db
    .selectFrom('early_echoes')
    .select(['source', 'source_key', 'request'])
    .where('channel_id', '=', channelId)
    .orderBy('asked_at')
    .execute()
  let taken = 0
  for (const { source, source_key: sourceKey, request } of early) {
    const asked = JSON.parse(request) as EchoToTake
    if (!(await streamAt(db, channelId, asked.askedAtMs))) continue
    const outcome = await inTransaction(db, async (tx) =>
      (await claimEarly(tx, source, sourceKey)) ? settleEarly(tx, asked, now) : null,
    )
    if (outcome?.kind === 'accepted') taken++
  }
  return taken
}

/** False when somebody else has taken it, or it was taken back meanwhile. */
async function claimEarly(tx: Tx, source: string, sourceKey: string): Promise<boolean> {
  const gone = await tx
    .deleteFrom('early_echoes')
    .where('source', '=', source as EchoToTake['source'])
    .where('source_key', '=', sourceKey)
    .executeTakeFirst()
  return gone.numDeletedRows > 0n
}

export async function forgetEarly(db: Database, now: number): Promise<void> {
  await db
    .deleteFrom('early_echoes')
    .where('asked_at', '<', now - KEPT_MS)
    .execute()
}
