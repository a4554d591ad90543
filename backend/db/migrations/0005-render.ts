/** Parts of recordings belong to a show, not to one of its recaps; and how far a recap is, is seen while it is made. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .alterTable('media')
    .addColumn('show_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await schema.alterTable('recaps').addColumn('progress', 'text').execute()
  await schema.createIndex('media_by_show').on('media').columns(['show_id']).execute()
}
