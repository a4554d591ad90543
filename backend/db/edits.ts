/** The log of what was changed at the desk (and in live config): only ever added to. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { change as changeSchema, type Change } from '../../shared/desk.ts'
import { nextUndo, type LoggedEdit } from '../domain/edit-log.ts'
import { sameThing } from '../domain/edits.ts'
import { within, holdChannel, touchChannel, type Database, type Tx } from './database.ts'

const LOGGED = z.union([
  changeSchema,
  z.object({ undo: z.string() }).strict(),
  z.object({ redo: z.string() }).strict(),
])

export interface StoredEdit extends LoggedEdit {
  /** Grows by one in each show. */
  seq: number
  /** Names the card; empty for the whole recap. */
  echoId: string
  part: number
  /** Which video its words are about. */
  recapId: string
  atMs: number
}

export interface NewEdit {
  channelId: string
  showId: string
  recapId: string
  author: string
  echoId: string
  part: number
  change: Change
}

/**
 * Adds an edit.
 * @param seen the newest edit that its author knew of; omitted: whatever was before
 * @returns null, or the edit of somebody else that changed the same thing since
 */
export async function saveEdit(
  db: Database,
  edit: NewEdit,
  now: number,
  seen = Infinity,
): Promise<StoredEdit | null> {
  return within(db, async (tx) => {
    await holdChannel(tx, edit.channelId)
    const log = await editLog(tx, edit.showId)
    const { echoId, part, author, change } = edit
    const clash = log.find(
      (e) =>
        e.seq > seen &&
        e.author !== author &&
        !('undo' in e.change || 'redo' in e.change) &&
        e.echoId === echoId &&
        e.part === part &&
        sameThing(e.change, change),
    )
    if (clash) return clash
    await append(tx, { ...edit, seq: (log.at(-1)?.seq ?? 0) + 1 }, now)
    return null
  })
}

/** Takes back, or brings back, what this author changed last. @returns false where there is nothing */
export async function undoEdit(
  db: Database,
  at: Omit<NewEdit, 'change' | 'echoId' | 'part'>,
  what: 'undo' | 'redo',
  now: number,
): Promise<boolean> {
  return within(db, async (tx) => {
    await holdChannel(tx, at.channelId)
    const log = await editLog(tx, at.showId)
    const id = nextUndo(log, at.author)[what]
    if (id === null) return false
    const change = what === 'undo' ? { undo: id } : { redo: id }
    await append(tx, { ...at, echoId: '', part: 0, change, seq: (log.at(-1)?.seq ?? 0) + 1 }, now)
    return true
  })
}

/** All entries of a show, in order. */
export async function editLog(db: Database, showId: string): Promise<StoredEdit[]> {
  const rows = await db.selectFrom('edits').selectAll().where('show_id', '=', showId).orderBy('seq').execute()
  return rows.map((r) => ({
    id: r.id,
    seq: r.seq,
    author: r.author,
    echoId: r.echo_id,
    part: r.part,
    recapId: r.recap_id,
    atMs: r.at,
    change: LOGGED.parse(JSON.parse(r.change)),
  }))
}

async function append(
  tx: Tx,
  edit: Omit<NewEdit, 'change'> & { seq: number; change: LoggedEdit['change'] },
  now: number,
): Promise<void> {
  await touchChannel(tx, edit.channelId, now)
  await tx
    .insertInto('edits')
    .values({
      id: randomUUID(),
      show_id: edit.showId,
      seq: edit.seq,
      recap_id: edit.recapId,
      author: edit.author,
      echo_id: edit.echoId,
      part: edit.part,
      change: JSON.stringify(edit.change),
      at: now,
    })
    .execute()
}
