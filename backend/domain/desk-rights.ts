/** Who may do what at the desk. Editors edit; what becomes public, for whom, and whether at all, is the streamer's alone. */
import type { Change } from '../../shared/desk.ts'

export type DeskRole = 'streamer' | 'editor'

export type DeskAction =
  | { do: 'publish' | 'drop' }
  /** Made anew, or tried again; `dropped`: the streamer had dropped it. */
  | { do: 'again'; dropped: boolean }
  | { do: 'edit'; change: Change }

export function mayDo(role: DeskRole, action: DeskAction): boolean {
  if (role === 'streamer') return true
  switch (action.do) {
    case 'publish':
    case 'drop':
      return false
    case 'again':
      return !action.dropped
    case 'edit': {
      const { change } = action
      if (!('words' in change)) return true
      return change.words.privacy === undefined && change.words.madeForKids === undefined
    }
  }
}

/**
 * Whether a recap is as it was made, so that it may go up by itself: not when somebody else than the streamer has changed
 * anything, whenever that was (an editor whose account is deleted has no name), nor when the streamer has since it was ready.
 */
export function isTouched(
  edits: readonly { author: string; atMs: number }[],
  streamerId: string,
  readyAtMs: number,
): boolean {
  return edits.some((edit) => edit.author !== streamerId || edit.atMs >= readyAtMs)
}
