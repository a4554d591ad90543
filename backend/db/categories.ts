/** What a channel plays, as Twitch tells: a new game is a boundary between moments. */
import type { Database } from './database.ts'

export interface Category {
  atMs: number
  categoryId: string
  name: string
}

/** Notes what a channel plays from `atMs` on; the same again is no news. */
export async function saveCategory(
  db: Database,
  channelId: string,
  category: Category & { title: string },
): Promise<void> {
  const { atMs, categoryId, name, title } = category
  const row = { category_id: categoryId, name, title }
  await db
    .insertInto('categories')
    .values({ channel_id: channelId, at: atMs, ...row })
    .onConflict((c) => c.columns(['channel_id', 'at']).doUpdateSet(row))
    .execute()
}

/** The instants between two at which a show's channel changed what it plays (UTC milliseconds), in order. */
export async function categoryChanges(
  db: Database,
  showId: string,
  fromMs: number,
  toMs: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('categories')
    .innerJoin('shows', 'shows.channel_id', 'categories.channel_id')
    .select(['categories.at', 'categories.category_id'])
    .where('shows.id', '=', showId)
    .where('categories.at', '<', toMs)
    .orderBy('categories.at')
    .execute()
  return rows
    .filter((row, n) => row.at > fromMs && n > 0 && rows[n - 1]?.category_id !== row.category_id)
    .map((row) => row.at)
}

/** What a channel played at an instant, or first after it; empty where nobody knows. */
export async function gameAt(db: Database, channelId: string, fromMs: number, toMs: number): Promise<string> {
  const named = db.selectFrom('categories').select('name').where('channel_id', '=', channelId)
  const before = await named.where('at', '<=', fromMs).orderBy('at', 'desc').executeTakeFirst()
  const after = await named.where('at', '>', fromMs).where('at', '<', toMs).orderBy('at').executeTakeFirst()
  return before?.name ?? after?.name ?? ''
}
