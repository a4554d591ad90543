/** Clips that were ordered are known by the database, not by files that may be swept away. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('clip_orders')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('vod_id', 'text', (c) => c.notNull())
    .addColumn('start_sec', 'integer', (c) => c.notNull())
    .addColumn('end_sec', 'integer', (c) => c.notNull())
    .addColumn('sent_at', 'bigint', (c) => c.notNull())
    .addColumn('clip_id', 'text')
    .addPrimaryKeyConstraint('clip_orders_pk', ['vod_id', 'start_sec', 'end_sec'])
    .execute()
  for (const column of ['channel_id', 'sent_at'])
    await db.schema.createIndex(`clip_orders_${column}`).on('clip_orders').column(column).execute()
}
