/** Deletes media whose time is over, and records what was deleted and why. */
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { forgetClipOrders } from '../db/clip-orders.ts'
import { forgetMessages, forgetSent } from '../db/outbox.ts'
import { forgetEarly } from '../db/early-echoes.ts'
import { forgetHandled } from '../db/inbox.ts'
import { forgetDeletions, mediaDeleted, storedMedia } from '../db/media.ts'
import { forgetVodSamples } from '../db/shows.ts'
import { deletable, type RetentionRules } from '../domain/retention.ts'
import { errorText, type Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'

/** What a mail said is kept for questions about it, and no longer. */
const SENT_LASTS_MS = 30 * 24 * 60 * 60_000
const DAY_MS = 24 * 60 * 60_000
/** Twitch keeps no recording longer. */
const CLIP_ORDERS_LAST_MS = 60 * DAY_MS
/** That something was told, or deleted, is of no interest to anybody after a year. */
const KEYS_LAST_MS = 365 * DAY_MS

export async function sweepMedia(context: {
  db: Database
  clock: Clock
  log: Log
  storage: Storage
  rules: RetentionRules
  /** Told how much lies in storage afterwards, bytes. */
  onStored?(bytes: number): void
}): Promise<void> {
  const { db, clock, log, storage, rules } = context
  for (const { key, reason } of deletable(await storedMedia(db), rules, clock.now())) {
    try {
      await storage.delete(key)
      await mediaDeleted(db, key, reason, clock.now())
      log.info({ key, reason }, 'media deleted')
    } catch (error) {
      // The next round tries it again; the others must not wait for it.
      log.warn({ key, error: errorText(error) }, 'media could not be deleted')
    }
  }
  if (context.onStored) {
    let bytes = 0
    for await (const object of storage.list()) bytes += object.bytes
    context.onStored(bytes)
  }
  await forgetHandled(db, clock.now() - DAY_MS)
  await forgetEarly(db, clock.now())
  await forgetSent(db, clock.now() - SENT_LASTS_MS)
  await forgetMessages(db, clock.now() - KEYS_LAST_MS)
  await forgetDeletions(db, clock.now() - KEYS_LAST_MS)
  await forgetClipOrders(db, clock.now() - CLIP_ORDERS_LAST_MS)
  await forgetVodSamples(db, clock.now() - SENT_LASTS_MS)
}
