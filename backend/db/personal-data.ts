/**
 * What is known about a channel, table by table: by this list it is taken home and deleted. A table that is in neither list
 * here fails a test, so that no new one is forgotten.
 */
import { sql } from 'kysely'
import type { Database, Tx } from './database.ts'
import { forgetPerson } from './withdrawals.ts'
import type { Tables } from './schema.ts'

type Table = keyof Tables

/** Which rows are a channel's: by a column of their own, or by that of the rows they belong to. */
type Belongs = { column: string } | { column: string; in: [table: Table, key: string] }

const SHOWS: [Table, string] = ['shows', 'id']

/** Children before what they belong to. */
const OF_CHANNEL: [Table, Belongs, { secret?: string[]; noExport?: true }?][] = [
  ['votes', { column: 'show_id', in: SHOWS }],
  ['edits', { column: 'show_id', in: SHOWS }],
  ['withdrawals', { column: 'echo_id', in: ['echoes', 'id'] }],
  ['nudges', { column: 'echo_id', in: ['echoes', 'id'] }],
  ['uploads', { column: 'recap_id', in: ['recaps', 'id'] }, { secret: ['session'] }],
  ['vod_samples', { column: 'vod_id', in: ['streams', 'vod_id'] }],
  ['stripe_events', { column: 'customer_id', in: ['subscribers', 'customer_id'] }, { noExport: true }],
  ['echoes', { column: 'channel_id' }],
  ['early_echoes', { column: 'channel_id' }],
  ['long_echoes', { column: 'channel_id' }],
  ['streams', { column: 'channel_id' }],
  ['recaps', { column: 'channel_id' }],
  ['shows', { column: 'channel_id' }],
  ['categories', { column: 'channel_id' }],
  ['clip_orders', { column: 'channel_id' }],
  ['media', { column: 'channel_id' }],
  ['standings', { column: 'channel_id' }],
  ['identities', { column: 'channel_id' }],
  ['editors', { column: 'channel_id' }],
  ['consents', { column: 'channel_id' }],
  ['hooks', { column: 'channel_id' }, { secret: ['target'] }],
  ['deck_keys', { column: 'channel_id' }, { secret: ['key_hash'] }],
  ['grants', { column: 'channel_id' }, { secret: ['tokens'] }],
  ['subscribers', { column: 'channel_id' }],
  // A mail's last line is an address that ends mails: as good as a key.
  ['outbox', { column: 'channel_id' }, { secret: ['payload'] }],
  ['sessions', { column: 'channel_id' }, { noExport: true }],
  ['sign_ins', { column: 'channel_id' }, { noExport: true }],
  ['handled_commands', { column: 'channel_id' }, { noExport: true }],
  ['inbox', { column: 'channel_id' }, { noExport: true }],
  ['bot_rooms', { column: 'channel_id' }, { noExport: true }],
  ['chat_gaps', { column: 'channel_id' }, { noExport: true }],
  ['said', { column: 'channel_id' }, { noExport: true }],
  ['channels', { column: 'id' }],
]

/** Not about a channel, or what must stay: the receipt, and that there was a trial (a hash). */
const OF_NOBODY: Table[] = ['bots', 'chat_heard', 'leases', 'installation', 'trials', 'departures']

/** Every table, by where it stands here. */
export function tablesKnown(): string[] {
  return [...OF_CHANNEL.map(([table]) => table), ...OF_NOBODY].sort()
}

function rowsOf(channelId: string, belongs: Belongs) {
  const column = sql.ref(belongs.column)
  if (!('in' in belongs)) return sql`${column} = ${channelId}`
  const [table, key] = belongs.in
  return sql`${column} in (select ${sql.ref(key)} from ${sql.table(table)} where channel_id = ${channelId})`
}

/** Everything about a channel, table by table, without what is secret. */
export async function* exportOf(
  db: Database,
  channelId: string,
): AsyncGenerator<{ name: string; rows: Record<string, unknown>[] }> {
  for (const [table, belongs, { secret = [], noExport } = {}] of OF_CHANNEL) {
    if (noExport) continue
    const query = sql<
      Record<string, unknown>
    >`select * from ${sql.table(table)} where ${rowsOf(channelId, belongs)}`
    const { rows } = await query.execute(db)
    const open = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !secret.includes(name))),
    )
    yield { name: table, rows: open }
  }
}

/** Shows of a channel, for what lies elsewhere under their ids. */
export async function showIdsOf(db: Database, channelId: string): Promise<string[]> {
  const rows = await db.selectFrom('shows').select('id').where('channel_id', '=', channelId).execute()
  return rows.map((row) => row.id)
}

/** Deletes all rows of a channel, and its owner as a person from other channels. Part of the caller's transaction. */
export async function deletePersonalData(tx: Tx, channelId: string): Promise<void> {
  for (const [table, belongs] of OF_CHANNEL)
    await sql`delete from ${sql.table(table)} where ${rowsOf(channelId, belongs)}`.execute(tx)
  await tx.deleteFrom('sessions').where('user_id', '=', channelId).execute()
  await tx.deleteFrom('editors').where('user_id', '=', channelId).execute()
  // What they changed in other channels stays changed, by nobody that is known.
  await tx.updateTable('edits').set({ author: '' }).where('author', '=', channelId).execute()
  await tx.deleteFrom('leases').where('name', 'like', `%:${channelId}`).execute()
}

/** Takes the person's name out of what they marked in other channels, as `!echo forget` would there. */
export async function forgetEverywhere(db: Database, userId: string, now: number): Promise<void> {
  const elsewhere = await db
    .selectFrom('echoes')
    .select('channel_id')
    .where('user_id', '=', userId)
    .where('channel_id', '!=', userId)
    .union(db.selectFrom('identities').select('channel_id').where('user_id', '=', userId))
    .execute()
  for (const { channel_id } of elsewhere) await forgetPerson(db, channel_id, userId, now)
}
