/** While a recap is made: how far it is goes into the database, and the streamer's "drop" comes out of it. */
import { findRecap, noteStep, type Progress, type Recap } from '../db/recaps.ts'
import { errorText } from '../log.ts'
import type { JobContext } from './context.ts'

export interface RenderWatch {
  /** Aborted when the streamer drops the recap, or another worker has gone on with it. */
  signal: AbortSignal
  /** Tells how far a step is; written once a second at most. */
  note(step: string, done: number, total: number, of: Progress['of']): void
  stop(): void
}

const LOOK_EACH_MS = 2_000
const NOTE_EACH_MS = 1_000
/** Before so much is done, nobody knows how long the rest takes. */
const ESTIMATE_FROM = 0.05

export function watchRender(
  { db, clock, log }: Pick<JobContext, 'db' | 'clock' | 'log'>,
  recap: Recap,
): RenderWatch {
  const abort = new AbortController()
  let [step, beganAtMs, notedAtMs] = ['', 0, 0]
  const fail = (error: unknown) => log.warn({ error: errorText(error) }, 'progress was not noted')
  const look = setInterval(() => {
    findRecap(db, recap.id).then((now) => {
      if (!now || now.decision === 'drop' || now.version !== recap.version) abort.abort()
    }, fail)
  }, LOOK_EACH_MS)
  return {
    signal: abort.signal,
    note(next, done, total, of) {
      const now = clock.now()
      if (next !== step) [step, beganAtMs, notedAtMs] = [next, now, 0]
      if (now - notedAtMs < NOTE_EACH_MS && done < total) return
      notedAtMs = now
      const share = done / total
      const endsAtMs = share >= ESTIMATE_FROM ? Math.round(beganAtMs + (now - beganAtMs) / share) : null
      noteStep(db, recap.id, step, { done, total, of, endsAtMs }).catch(fail)
    },
    stop: () => clearInterval(look),
  }
}
