/**
 * Deletes accounts, step by step: what is done is recorded, what fails is tried again each round, and a departure that is not
 * through within seven days is told to the operator, as the policies want it (docs/operating.md).
 */
import type { Clock } from '../../shared/clock.ts'
import { findChannel } from '../db/channels.ts'
import { within, type Database } from '../db/database.ts'
import {
  departureFailed,
  departureFinished,
  departureStep,
  openDepartures,
  type Departure,
} from '../db/departures.ts'
import { queueMessage } from '../db/outbox.ts'
import { deletePersonalData, forgetEverywhere, showIdsOf } from '../db/personal-data.ts'
import { farewellLetter } from '../mail/farewell-letter.ts'
import { errorText, type Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'

export interface DepartureContext {
  db: Database
  clock: Clock
  log: Log
  storage: Storage
  /** Ends the subscription at Stripe and forgets the customer there; nothing where billing is off. */
  leaveBilling(channelId: string): Promise<void>
  /** Ends what Twitch sends us of the channel. */
  endEvents(channelId: string): Promise<void>
  /** Gives tokens back to who gave them. A grant that is gone already is no error. */
  revoke(channelId: string, provider: 'twitch' | 'youtube'): Promise<void>
  /** What the durable runs of these shows remember. */
  forgetRuns(showIds: string[]): Promise<void>
  onOverdue(count: number): void
}

const DAY_MS = 24 * 60 * 60_000
export const OVERDUE_MS = 7 * DAY_MS
/** Access that cannot be given back by then, say because the key to a token is lost, keeps the rest no longer. */
const GIVE_BACK_MS = 30 * DAY_MS

/** In this order: what needs the channel's rows comes before they go. */
const STEPS: [name: string, step: (context: DepartureContext, departure: Departure) => Promise<void>][] = [
  ['subscription ended', ({ leaveBilling }, { channelId }) => leaveBilling(channelId)],
  ['events ended', ({ endEvents }, { channelId }) => endEvents(channelId)],
  ['access to Twitch given back', (context, departure) => giveBack(context, departure, 'twitch')],
  ['access to YouTube given back', (context, departure) => giveBack(context, departure, 'youtube')],
  ['videos deleted', deleteMedia],
  ['runs forgotten', async ({ db, forgetRuns }, { channelId }) => forgetRuns(await showIdsOf(db, channelId))],
  ['data deleted', deleteData],
]

export async function handleDepartures(context: DepartureContext): Promise<void> {
  const { db, clock, log, onOverdue } = context
  let overdue = 0
  for (const departure of await openDepartures(db)) {
    try {
      for (const [name, step] of STEPS) {
        if (departure.done.includes(name)) continue
        await step(context, departure)
        await departureStep(db, departure, name)
      }
      // What was under way when the rows went may have left something: once more, and it is over.
      await within(db, (tx) => deletePersonalData(tx, departure.channelId))
      await departureFinished(db, departure.receipt, clock.now())
      log.info({ receipt: departure.receipt }, 'an account was deleted')
    } catch (error) {
      await departureFailed(db, departure.receipt, errorText(error))
      const late = clock.now() - departure.askedAtMs > OVERDUE_MS
      if (late) overdue++
      const what = { receipt: departure.receipt, error: errorText(error), done: departure.done }
      if (late) log.error(what, 'an account should have been deleted by now: see to it')
      else log.warn(what, 'an account could not be deleted yet')
    }
  }
  onOverdue(overdue)
}

async function giveBack(
  { clock, log, revoke }: DepartureContext,
  { channelId, receipt, askedAtMs }: Departure,
  provider: 'twitch' | 'youtube',
): Promise<void> {
  try {
    await revoke(channelId, provider)
  } catch (error) {
    if (clock.now() - askedAtMs < GIVE_BACK_MS) throw error
    const what = { receipt, provider, error: errorText(error) }
    log.error(what, 'access was never given back; the account is deleted all the same')
  }
}

async function deleteMedia({ db, storage }: DepartureContext, { channelId }: Departure): Promise<void> {
  const rows = await db.selectFrom('media').select('key').where('channel_id', '=', channelId).execute()
  for (const { key } of rows) await storage.delete(key)
  await storage.delete(`channels/${channelId}`)
}

/** The last step has the receipt in its transaction: who gets it, has none of the rest left. */
async function deleteData({ db, clock }: DepartureContext, departure: Departure): Promise<void> {
  const { channelId, receipt } = departure
  const channel = await findChannel(db, channelId)
  await forgetEverywhere(db, channelId, clock.now())
  await db.transaction().execute(async (tx) => {
    await deletePersonalData(tx, channelId)
    if (!channel?.email) return
    const payload = { to: channel.email, ...farewellLetter({ receipt, askedAtMs: departure.askedAtMs }) }
    await queueMessage(
      tx,
      { kind: 'mail', uniqueKey: `farewell.${receipt}`, channelId: '', payload },
      clock.now(),
    )
  })
}
