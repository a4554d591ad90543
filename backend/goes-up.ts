/** Whether and when a recap goes up by itself: the worker acts on it, and the desk shows it. */
import type { Channel } from './db/channels.ts'
import { findConsent } from './db/consents.ts'
import type { Database } from './db/database.ts'
import { editLog } from './db/edits.ts'
import { longEchoesOf } from './db/long-echoes.ts'
import { isTouched } from './domain/desk-rights.ts'
import type { Recap } from './db/recaps.ts'

/**
 * When an untouched recap goes up by itself (UTC milliseconds); null: not without the streamer's word.
 */
export async function goesUpAt(db: Database, channel: Channel, recap: Recap): Promise<number | null> {
  const consent = await findConsent(db, channel.id)
  if (recap.readyAtMs === null || consent?.kind !== 'auto_publish') return null
  const { longSpans, reviewMs } = channel.settings
  if (longSpans === 'review' && (await longEchoesOf(db, recap.showId)).length > 0) return null
  const readyAtMs = recap.readyAtMs
  const touched = isTouched(await editLog(db, recap.showId), channel.id, readyAtMs)
  // What was ready before the streamer agreed to this waits for their word, as they were told.
  return touched || readyAtMs < consent.givenAtMs ? null : readyAtMs + reviewMs
}
