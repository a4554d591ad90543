/** What the streamer changed about a moment. Edits are facts; the latest one about a moment counts. */
import { anchored, type Anchor, type Moment } from './moments.ts'

export interface Edit extends Anchor {
  atMs: number
  kept: boolean
}

/** The ids of the moments that the streamer does not want in the recap. */
export function droppedOf(moments: readonly Moment[], edits: readonly Edit[]): Set<string> {
  const momentAt = anchored(moments)
  const dropped = new Set<string>()
  for (const edit of [...edits].sort((a, b) => a.atMs - b.atMs)) {
    const moment = momentAt(edit)
    if (!moment) continue
    if (edit.kept) dropped.delete(moment.id)
    else dropped.add(moment.id)
  }
  return dropped
}
