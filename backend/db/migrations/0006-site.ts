/** What the companion site adds: a log of edits, editors, who is signed in, what YouTube makes of a video, keys and hooks. */
import { randomUUID } from 'node:crypto'
import { sql, type Kysely } from 'kysely'

interface Before {
  edits: { id: string; show_id: string; echo_id: string; change: string; at: number; seq: number }
  shows: { id: string; started_at: number; shift_ms: number }
}

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  for (const [name, type, value] of [
    ['seq', 'integer', 0],
    ['part', 'bigint', 0],
    ['author', 'text', ''],
    ['recap_id', 'text', ''],
  ] as const)
    await schema
      .alterTable('edits')
      .addColumn(name, type, (c) => c.notNull().defaultTo(value))
      .execute()
  await numberEdits(db as Kysely<Before>)
  await schema.createIndex('edits_in_order').unique().on('edits').columns(['show_id', 'seq']).execute()
  await schema.alterTable('shows').dropColumn('shift_ms').execute()

  await schema
    .alterTable('sessions')
    .addColumn('user_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await sql`update sessions set user_id = channel_id`.execute(db)
  await schema
    .createTable('editors')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('login', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('editors_pk', ['channel_id', 'user_id'])
    .execute()
  await schema
    .alterTable('consents')
    .addColumn('settings', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute()
  await schema
    .alterTable('grants')
    .addColumn('validated_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  await schema
    .alterTable('grants')
    .addColumn('picture', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await schema.alterTable('recaps').addColumn('ready_at', 'bigint').execute()
  await schema.alterTable('uploads').addColumn('uploaded_at', 'bigint').execute()
  await schema
    .createTable('deck_keys')
    .addColumn('channel_id', 'text', (c) => c.primaryKey())
    .addColumn('key_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('hooks')
    .addColumn('channel_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('failure', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('hooks_pk', ['channel_id', 'kind'])
    .execute()
}

/** What was there gets numbers by its time; a show that was shifted as a whole, an edit that says so. */
async function numberEdits(db: Kysely<Before>): Promise<void> {
  const seq = new Map<string, number>()
  const next = (showId: string) => {
    seq.set(showId, (seq.get(showId) ?? 0) + 1)
    return seq.get(showId) ?? 0
  }
  const edits = await db.selectFrom('edits').select(['id', 'show_id']).orderBy('at').orderBy('id').execute()
  for (const { id, show_id } of edits)
    await db
      .updateTable('edits')
      .set({ seq: next(show_id) })
      .where('id', '=', id)
      .execute()
  const shifted = await db.selectFrom('shows').selectAll().where('shift_ms', '!=', 0).execute()
  for (const { id: show_id, started_at: at, shift_ms } of shifted)
    await db
      .insertInto('edits')
      .values({
        id: randomUUID(),
        show_id,
        echo_id: '',
        change: JSON.stringify({ allByMs: shift_ms }),
        at,
        seq: next(show_id),
      })
      .execute()
}
