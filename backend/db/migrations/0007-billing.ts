/** What billing adds: who is which customer of Stripe, what Stripe told, and who had a trial. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('subscribers')
    .addColumn('channel_id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.unique())
    .addColumn('subscription', 'text')
    .addColumn('version', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('synced_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await schema
    .createTable('stripe_events')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .addColumn('handled_at', 'bigint')
    .execute()
  await schema.createIndex('stripe_events_open').on('stripe_events').columns(['handled_at']).execute()
  await schema
    .createTable('trials')
    .addColumn('user_hash', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('installation')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute()
}
