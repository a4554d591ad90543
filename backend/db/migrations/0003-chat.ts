/** What the chat bot adds: moved echoes, games played, times at which no bot heard, names of long echoes,
 * and how long VODs were while they grew. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('nudges')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('echo_id', 'text', (c) => c.notNull())
    .addColumn('by_ms', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('nudges_by_echo').on('nudges').column('echo_id').execute()
  await schema
    .createTable('categories')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('category_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('title', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('categories_pk', ['channel_id', 'at'])
    .execute()
  await schema
    .createTable('chat_gaps')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('bot', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('to_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('chat_heard')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('bot', 'text', (c) => c.notNull())
    .execute()
  await schema
    .createTable('said')
    .addColumn('channel_id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('recent', 'text', (c) => c.notNull())
    .execute()
  await schema
    .createTable('vod_samples')
    .addColumn('vod_id', 'text', (c) => c.notNull())
    .addColumn('written_at', 'bigint', (c) => c.notNull())
    .addColumn('duration_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('vod_samples_pk', ['vod_id', 'written_at'])
    .execute()
  await schema
    .createTable('bots')
    .addColumn('bot', 'text', (c) => c.primaryKey())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('bot_rooms')
    .addColumn('channel_id', 'text', (c) => c.primaryKey())
    .addColumn('bot', 'text', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('chat_gaps_by_time').on('chat_gaps').column('to_at').execute()
  await schema.alterTable('long_echoes').addColumn('label', 'text').execute()
  await schema
    .alterTable('shows')
    .addColumn('shift_ms', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
}
