/** When a renderer that crashes, hangs or is killed is the fault of the moment it was working on, and when it may be chance. */

export interface Crashes {
  /** By moment: how often the renderer crashed or hung over it, and how often it was killed meanwhile. */
  crashes?: Record<string, number>
  kills?: Record<string, number>
  /** By moment: when the renderer first crashed or hung over it; UTC milliseconds. */
  crashedSince?: Record<string, number>
}

/** So often the renderer crashes or hangs over a moment before that is taken for the moment's fault. */
export const MOST_CRASHES = 3
/** What kills it may have other reasons; but a moment that takes more memory than there is must not stop all others for ever. */
export const MOST_KILLS = 24

/**
 * Counts one more end of the renderer.
 * @param byItself it crashed or hung, and was not killed by something else
 * @param patienceMs crashes within so short a time may be chance: a machine that is busy makes anything look hung
 * @returns the new counts, and whether the moment is at fault by now
 */
export function withCrash<T extends Crashes>(
  before: T,
  momentId: string,
  byItself: boolean,
  now: number,
  patienceMs: number,
): { after: T; isAtFault: boolean } {
  if (!byItself) {
    const times = (before.kills?.[momentId] ?? 0) + 1
    return {
      after: { ...before, kills: { ...before.kills, [momentId]: times } },
      isAtFault: times >= MOST_KILLS,
    }
  }
  const times = (before.crashes?.[momentId] ?? 0) + 1
  const since = before.crashedSince?.[momentId] ?? now
  return {
    after: {
      ...before,
      crashes: { ...before.crashes, [momentId]: times },
      crashedSince: { ...before.crashedSince, [momentId]: since },
    },
    isAtFault: times >= MOST_CRASHES && now - since >= patienceMs,
  }
}
