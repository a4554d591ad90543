/** Accounts that are being deleted: how far it is, and the receipt that stays. */
import { randomBytes } from 'node:crypto'
import { revokeConsent } from './consents.ts'
import { holdChannel, within, type Database } from './database.ts'

export interface Departure {
  receipt: string
  channelId: string
  askedAtMs: number
  /** Steps that are done. */
  done: string[]
}

/** The wish to leave, recorded; the same departure where it is recorded already. */
export async function beginDeparture(db: Database, channelId: string, now: number): Promise<string> {
  return within(db, async (tx) => {
    await holdChannel(tx, channelId)
    const open = await tx
      .selectFrom('departures')
      .select('receipt')
      .where('channel_id', '=', channelId)
      .where('finished_at', 'is', null)
      .executeTakeFirst()
    if (open) return open.receipt
    const receipt = `E-${randomBytes(6).toString('hex').toUpperCase()}`
    await tx
      .insertInto('departures')
      .values({ receipt, channel_id: channelId, asked_at: now, failure: null, finished_at: null })
      .execute()
    await tx.deleteFrom('sessions').where('user_id', '=', channelId).execute()
    // No new upload begins from here on.
    await revokeConsent(tx, channelId, now)
    return receipt
  })
}

export async function openDepartures(db: Database): Promise<Departure[]> {
  const rows = await db
    .selectFrom('departures')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('asked_at')
    .execute()
  return rows.map((row) => ({
    receipt: row.receipt,
    channelId: row.channel_id,
    askedAtMs: row.asked_at,
    done: JSON.parse(row.done) as string[],
  }))
}

/** From the wish to leave until all is deleted: nothing may begin for the channel. */
export async function isLeaving(db: Database, channelId: string): Promise<boolean> {
  const open = await db
    .selectFrom('departures')
    .select('receipt')
    .where('channel_id', '=', channelId)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return open !== undefined
}

export async function departureStep(db: Database, departure: Departure, step: string): Promise<void> {
  departure.done.push(step)
  await db
    .updateTable('departures')
    .set({ done: JSON.stringify(departure.done), failure: null })
    .where('receipt', '=', departure.receipt)
    .execute()
}

export async function departureFailed(db: Database, receipt: string, failure: string): Promise<void> {
  await db.updateTable('departures').set({ failure }).where('receipt', '=', receipt).execute()
}

/** The receipt stays, and no longer says whose it is. */
export async function departureFinished(db: Database, receipt: string, now: number): Promise<void> {
  await db
    .updateTable('departures')
    .set({ finished_at: now, channel_id: '', failure: null })
    .where('receipt', '=', receipt)
    .execute()
}
