/** A long echo may become a video of its own: a show has one recap, and one for each such span. */
import { sql, type Kysely } from 'kysely'

const COLUMNS = [
  'id',
  'channel_id',
  'show_id',
  'state',
  'version',
  'step',
  'failure',
  'product',
  'title',
  'description',
  'decision',
  'decided_at',
  'created_at',
  'updated_at',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  // SQLite cannot drop the old constraint, so the table is rebuilt on both.
  await schema
    .createTable('recaps_of_spans')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('show_id', 'text', (c) => c.notNull())
    .addColumn('long_echo_id', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('run_id', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('failure', 'text')
    .addColumn('product', 'text')
    .addColumn('title', 'text')
    .addColumn('description', 'text')
    .addColumn('decision', 'text')
    .addColumn('decided_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('recaps_once', ['show_id', 'long_echo_id'])
    .execute()
  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)))
  await sql`insert into recaps_of_spans (${columns}) select ${columns} from recaps`.execute(db)
  await schema.dropTable('recaps').execute()
  await schema.alterTable('recaps_of_spans').renameTo('recaps').execute()
  await schema.createIndex('recaps_by_channel').on('recaps').columns(['channel_id', 'created_at']).execute()
}
