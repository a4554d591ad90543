/** What the streamer changed about moments: kept or dropped so far. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { touchChannel, type Database } from './database.ts'

const CHANGE = z.object({ kept: z.boolean() })

export interface StoredEdit {
  echoId: string
  atMs: number
  kept: boolean
}

export async function saveEdit(
  db: Database,
  edit: { channelId: string; showId: string; echoId: string; kept: boolean },
  now: number,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await touchChannel(tx, edit.channelId, now)
    const change = JSON.stringify({ kept: edit.kept })
    await tx
      .insertInto('edits')
      .values({ id: randomUUID(), show_id: edit.showId, echo_id: edit.echoId, change, at: now })
      .execute()
  })
}

/** In the order in which they were made. */
export async function editsOf(db: Database, showId: string): Promise<StoredEdit[]> {
  const rows = await db.selectFrom('edits').selectAll().where('show_id', '=', showId).orderBy('at').execute()
  return rows.map((r) => ({
    echoId: r.echo_id,
    atMs: r.at,
    kept: CHANGE.parse(JSON.parse(r.change)).kept,
  }))
}
