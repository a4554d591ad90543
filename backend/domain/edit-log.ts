/**
 * The log of what was changed at the desk: nothing is ever taken out of it. Undo and redo are entries, too, so that two
 * people at one desk each take back their own.
 */
import type { Change } from '../../shared/desk.ts'

export interface LoggedEdit {
  id: string
  /** Twitch user id. */
  author: string
  change: Change | { undo: string } | { redo: string }
}

export type StandingEdit<E extends LoggedEdit> = E & { change: Change }

function isChange<E extends LoggedEdit>(edit: E): edit is StandingEdit<E> {
  return !('undo' in edit.change || 'redo' in edit.change)
}

/** The edits that count, in the order in which they were made. */
export function standingEdits<E extends LoggedEdit>(log: readonly E[]): StandingEdit<E>[] {
  const undone = new Set<string>()
  for (const { change } of log) {
    if ('undo' in change) undone.add(change.undo)
    if ('redo' in change) undone.delete(change.redo)
  }
  return log.filter((edit): edit is StandingEdit<E> => isChange(edit) && !undone.has(edit.id))
}

/** What `author` would take back next, and what they would bring back; null where there is nothing. */
export function nextUndo(
  log: readonly LoggedEdit[],
  author: string,
): { undo: string | null; redo: string | null } {
  const done: string[] = []
  const undone: string[] = []
  for (const { id, change, author: by } of log) {
    if (by !== author) continue
    if ('undo' in change) {
      done.splice(done.indexOf(change.undo), 1)
      undone.push(change.undo)
    } else if ('redo' in change) {
      undone.splice(undone.indexOf(change.redo), 1)
      done.push(change.redo)
    } else {
      done.push(id)
      // A new change leaves what was taken back before for good.
      undone.length = 0
    }
  }
  return { undo: done.at(-1) ?? null, redo: undone.at(-1) ?? null }
}
