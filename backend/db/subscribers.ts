/** Who is which customer of Stripe, what their subscription was when we last asked, and who had a trial once. */
import type { Subscription } from '../domain/access.ts'
import type { Database } from './database.ts'

export interface Subscriber {
  channelId: string
  /** Null: not made at Stripe yet. */
  customerId: string | null
  /** As Stripe had it when we last asked. */
  subscription: Subscription | null
  /** Grows with each look at Stripe. */
  version: number
  syncedAtMs: number
}

export async function subscriberOf(db: Database, channelId: string): Promise<Subscriber | null> {
  const row = await db
    .selectFrom('subscribers')
    .selectAll()
    .where('channel_id', '=', channelId)
    .executeTakeFirst()
  return row ? fromRow(row) : null
}

export async function subscriberByCustomer(db: Database, customerId: string): Promise<Subscriber | null> {
  const row = await db
    .selectFrom('subscribers')
    .selectAll()
    .where('customer_id', '=', customerId)
    .executeTakeFirst()
  return row ? fromRow(row) : null
}

export async function allSubscribers(db: Database): Promise<Subscriber[]> {
  const rows = await db.selectFrom('subscribers').selectAll().orderBy('synced_at').execute()
  return rows.map(fromRow)
}

/** The channel's customer, as the first who says so has it. @returns the one that counts */
export async function saveCustomer(db: Database, channelId: string, customerId: string): Promise<string> {
  await db
    .insertInto('subscribers')
    .values({ channel_id: channelId, customer_id: customerId, subscription: null })
    .onConflict((c) => c.column('channel_id').doNothing())
    .execute()
  return (await subscriberOf(db, channelId))?.customerId ?? customerId
}

/**
 * Records what Stripe says, unless somebody has recorded something newer since `before` was read.
 * @returns false when somebody has
 */
export async function saveSubscription(
  db: Database,
  before: Subscriber,
  subscription: Subscription | null,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('subscribers')
    .set({ subscription: JSON.stringify(subscription), synced_at: now, version: before.version + 1 })
    .where('channel_id', '=', before.channelId)
    .where('version', '=', before.version)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function forgetSubscriber(db: Database, channelId: string): Promise<void> {
  const subscriber = await subscriberOf(db, channelId)
  if (subscriber?.customerId)
    await db.deleteFrom('stripe_events').where('customer_id', '=', subscriber.customerId).execute()
  await db.deleteFrom('subscribers').where('channel_id', '=', channelId).execute()
}

/** An event of Stripe that we have verified. @returns false when we have it already */
export async function storeStripeEvent(
  db: Database,
  event: { id: string; type: string; customerId: string },
  now: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('stripe_events')
    .values({
      id: event.id,
      type: event.type,
      customer_id: event.customerId,
      received_at: now,
      handled_at: null,
    })
    .onConflict((c) => c.column('id').doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Events that nobody has looked into, by the customer they are about. */
export async function openStripeEvents(db: Database): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom('stripe_events')
    .select(['id', 'customer_id'])
    .where('handled_at', 'is', null)
    .orderBy('received_at')
    .execute()
  const events = new Map<string, string[]>()
  for (const { id, customer_id } of rows) events.set(customer_id, [...(events.get(customer_id) ?? []), id])
  return events
}

export async function stripeEventsHandled(db: Database, ids: string[], now: number): Promise<void> {
  if (ids.length === 0) return
  await db.updateTable('stripe_events').set({ handled_at: now }).where('id', 'in', ids).execute()
}

export async function forgetStripeEvents(db: Database, beforeMs: number): Promise<void> {
  await db.deleteFrom('stripe_events').where('handled_at', '<', beforeMs).execute()
}

export async function hadTrial(db: Database, userHash: string): Promise<boolean> {
  const row = await db.selectFrom('trials').select('at').where('user_hash', '=', userHash).executeTakeFirst()
  return row !== undefined
}

/** Remembered for good: also when the account is deleted here. */
export async function rememberTrial(db: Database, userHash: string, now: number): Promise<void> {
  await db
    .insertInto('trials')
    .values({ user_hash: userHash, at: now })
    .onConflict((c) => c.column('user_hash').doNothing())
    .execute()
}

function fromRow(row: {
  channel_id: string
  customer_id: string | null
  subscription: string | null
  version: number
  synced_at: number
}): Subscriber {
  return {
    channelId: row.channel_id,
    customerId: row.customer_id,
    subscription: row.subscription === null ? null : (JSON.parse(row.subscription) as Subscription | null),
    version: row.version,
    syncedAtMs: row.synced_at,
  }
}
