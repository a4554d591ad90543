/** What leaving adds: departures with their receipts, and since when what YouTube told is known. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('departures')
    .addColumn('receipt', 'text', (c) => c.primaryKey())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    .addColumn('done', 'text', (c) => c.notNull().defaultTo('[]'))
    .addColumn('failure', 'text')
    .addColumn('finished_at', 'bigint')
    .execute()
  for (const table of ['grants', 'uploads'])
    await schema
      .alterTable(table)
      .addColumn('refreshed_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute()
}
