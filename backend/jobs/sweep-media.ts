/** Deletes media whose time is over, and records what was deleted and why. */
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { forgetSent } from '../db/outbox.ts'
import { forgetHandled } from '../db/inbox.ts'
import { mediaDeleted, storedMedia } from '../db/media.ts'
import { deletable, type RetentionRules } from '../domain/retention.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'

/** What a mail said is kept for questions about it, and no longer. */
const SENT_LASTS_MS = 30 * 24 * 60 * 60_000
const DAY_MS = 24 * 60 * 60_000

export async function sweepMedia(context: {
  db: Database
  clock: Clock
  log: Log
  storage: Storage
  rules: RetentionRules
}): Promise<void> {
  const { db, clock, log, storage, rules } = context
  for (const { key, reason } of deletable(await storedMedia(db), rules, clock.now())) {
    await storage.delete(key)
    await mediaDeleted(db, key, reason, clock.now())
    log.info({ key, reason }, 'media deleted')
  }
  await forgetHandled(db, clock.now() - DAY_MS)
  await forgetSent(db, clock.now() - SENT_LASTS_MS)
}
