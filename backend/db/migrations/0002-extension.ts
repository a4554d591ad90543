/** What the extension inside Twitch adds: viewers known by the panel, their votes, the streamer's edits, long echoes. */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .alterTable('channels')
    .addColumn('revision', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await schema
    .alterTable('channels')
    .addColumn('settings_version', 'bigint', (c) => c.notNull().defaultTo(1))
    .execute()
  await schema.createIndex('channels_by_revision').on('channels').column('revision').execute()
  await schema.createIndex('streams_by_channel').on('streams').columns(['channel_id', 'started_at']).execute()
  await schema.createIndex('recaps_by_channel').on('recaps').columns(['channel_id', 'created_at']).execute()
  await schema
    .createTable('identities')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('opaque_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('login', 'text')
    .addColumn('display_name', 'text')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('identities_pk', ['channel_id', 'opaque_id'])
    .execute()
  await schema.createIndex('identities_by_user').on('identities').columns(['channel_id', 'user_id']).execute()
  await schema
    .createTable('votes')
    .addColumn('show_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('echo_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('votes_pk', ['show_id', 'user_id', 'echo_id'])
    .execute()
  await schema
    .createTable('edits')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('show_id', 'text', (c) => c.notNull())
    .addColumn('echo_id', 'text', (c) => c.notNull())
    .addColumn('change', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('edits_by_show').on('edits').columns(['show_id', 'at']).execute()
  await schema
    .createTable('long_echoes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('stream_id', 'text', (c) => c.notNull())
    .addColumn('show_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .execute()
  // One at a time: a second start finds the first.
  await schema
    .createIndex('long_echoes_open')
    .unique()
    .on('long_echoes')
    .column('stream_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute()
  await schema.createIndex('long_echoes_by_show').on('long_echoes').column('show_id').execute()
}
