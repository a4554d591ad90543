/**
 * Asks Twitch each hour whether its tokens are still good, as it wants of everybody who keeps people signed in
 * (dev.twitch.tv/docs/authentication/validate-tokens). Where one is not, its owner is signed out everywhere.
 */
import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import type { Database } from '../db/database.ts'
import { grantRevoked, grantsToValidate, grantValidated } from '../db/grants.ts'
import { endSessionsOf, forgetExpired } from '../db/sessions.ts'
import { errorText, type Log } from '../log.ts'

const HOUR_MS = 60 * 60_000

export interface ValidateContext {
  db: Database
  clock: Clock
  log: Log
  /** The access token, renewed where it has run out. @throws {Fault} `person` when the grant is gone */
  tokenOf(userId: string, force: boolean): Promise<string | null>
  /** Null: Twitch could not be asked. */
  isValid(accessToken: string): Promise<boolean | null>
}

export async function validateGrants(context: ValidateContext): Promise<void> {
  const { db, clock, log } = context
  await forgetExpired(db, clock.now())
  for (const userId of await grantsToValidate(db, clock.now() - HOUR_MS)) {
    try {
      let valid = await isGood(context, userId, false)
      // A token may die by itself; only when a new one cannot be had is the grant gone.
      if (valid === false) valid = await isGood(context, userId, true)
      if (valid === null) log.warn({ userId }, 'a grant could not be validated: Twitch could not be asked')
      else if (valid) await grantValidated(db, userId, clock.now())
      else await gone(context, userId)
    } catch (error) {
      if (error instanceof Fault && error.kind === 'person') await gone(context, userId)
      else log.warn({ error: errorText(error), userId }, 'a grant could not be validated')
    }
  }
}

async function isGood({ tokenOf, isValid }: ValidateContext, userId: string, force: boolean) {
  const token = await tokenOf(userId, force)
  return token === null ? false : isValid(token)
}

async function gone({ db, clock, log }: ValidateContext, userId: string): Promise<void> {
  await grantRevoked(db, userId, 'twitch', clock.now())
  await endSessionsOf(db, userId)
  log.info({ userId }, 'a grant at Twitch is gone: signed out')
}
