/** Sends what waits in the outbox, again and again with growing pauses, until it is through or refused for good. */
import { Fault } from '../../shared/fault.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { mailFailed, mailSent, takeMail, type QueuedMail } from '../db/outbox.ts'
import { errorText, type Log } from '../log.ts'

export interface OutboxContext {
  db: Database
  clock: Clock
  log: Log
  /** A mail is left alone for so long by others while one process sends it: longer than a mail server may take. */
  holdMs: number
  send(mail: QueuedMail): Promise<void>
}

const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 60 * 60_000
const MAX_ATTEMPTS = 40

export async function sendOutbox({ db, clock, log, holdMs, send }: OutboxContext): Promise<void> {
  for (
    let mail = await takeMail(db, clock.now(), holdMs);
    mail;
    mail = await takeMail(db, clock.now(), holdMs)
  ) {
    try {
      await send(mail)
      await mailSent(db, mail.id, clock.now())
    } catch (error) {
      const permanent =
        (error instanceof Fault && error.remedy === 'permanent') || mail.attempts >= MAX_ATTEMPTS
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (mail.attempts - 1))
      log.warn({ error: errorText(error), mail: mail.uniqueKey, permanent }, 'a mail was not sent')
      await mailFailed(db, mail.id, errorText(error), permanent ? null : clock.now() + wait)
    }
  }
}
