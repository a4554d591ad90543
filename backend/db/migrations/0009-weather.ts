/**
 * What surviving bad weather adds: echoes that were early, when a grant was given, events that are tried again later, gaps
 * of single rooms; and the indexes that tables need once they are large.
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('early_echoes')
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('source_key', 'text', (c) => c.notNull())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('early_echoes_pk', ['source', 'source_key'])
    .execute()
  await schema.createIndex('early_echoes_channel').on('early_echoes').column('channel_id').execute()
  await schema
    .alterTable('grants')
    .addColumn('granted_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await sql`update grants set granted_at = updated_at`.execute(db)
  await schema
    .alterTable('inbox')
    .addColumn('next_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await schema.alterTable('recaps').addColumn('trouble', 'text').execute()
  await schema
    .alterTable('outbox')
    .addColumn('queued_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await sql`update outbox set queued_at = next_at`.execute(db)
  await lengthsThatAgree(db)
  await schema.alterTable('uploads').addColumn('parked_until', 'bigint').execute()
  await schema.alterTable('uploads').addColumn('asked_privacy', 'text').execute()
  await schema
    .alterTable('chat_gaps')
    .addColumn('channel_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  for (const [name, table, columns] of [
    ['streams_show', 'streams', ['show_id']],
    ['streams_ended', 'streams', ['ended_at']],
    ['outbox_due', 'outbox', ['state', 'next_at']],
    ['consents_channel', 'consents', ['channel_id']],
    ['media_channel', 'media', ['channel_id']],
    ['inbox_due', 'inbox', ['handled_at', 'next_at']],
    ['handled_commands_at', 'handled_commands', ['at']],
    ['early_echoes_asked', 'early_echoes', ['asked_at']],
  ] as const)
    await schema
      .createIndex(name)
      .ifNotExists()
      .on(table)
      .columns([...columns])
      .execute()
}

/** A default length above the longest allowed one made Echoes refuse every bare `!echo`: it is lowered to the longest. */
async function lengthsThatAgree(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ id: string; settings: string }>`select id, settings from channels`.execute(db)
  for (const { id, settings } of rows) {
    const stored = JSON.parse(settings) as Record<string, number | undefined>
    const { maxLengthMs = 300_000, defaultLengthMs = 30_000, longLengthMs = 180_000 } = stored
    if (defaultLengthMs > maxLengthMs) stored.defaultLengthMs = maxLengthMs
    if (longLengthMs > maxLengthMs) stored.longLengthMs = maxLengthMs
    const repaired = JSON.stringify(stored)
    if (repaired !== settings)
      await sql`update channels set settings = ${repaired} where id = ${id}`.execute(db)
  }
}
