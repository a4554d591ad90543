/** Echoes → moments: requests that overlap or nearly touch are votes for one moment. */

/** An echo as a span of the show's runtime (see timeline.ts). */
export interface EchoSpan {
  id: string
  userId: string
  displayName: string
  label: string | null
  startMs: number
  endMs: number
}

export interface Moment {
  /** The id of its first echo. */
  id: string
  /** Half-open, in show runtime. */
  startMs: number
  endMs: number
  echoIds: string[]
  /** Each person once, in the order in which they come in the moment. */
  people: { userId: string; displayName: string }[]
  /** Each label once (compared without case), the most used first. */
  labels: string[]
}

export interface MergeRules {
  mergeGapMs: number
  maxMomentMs: number
}

/** What is left of an echo beside the moment before is a moment of its own only from this length on. */
const SHORTEST_REST_MS = 5_000

/**
 * The moments of a show, in order and without overlap. The order of `echoes` does not matter.
 *
 * A moment grows by merging up to `maxMomentMs`, so that an hour of steady requests is not one hour of recap; the
 * echo that would make it longer begins the next moment where this one ends.
 */
export function momentsOf(echoes: readonly EchoSpan[], rules: MergeRules): Moment[] {
  const sorted = [...echoes]
    .filter((e) => e.endMs > e.startMs)
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.id < b.id ? -1 : 1))
  const groups: { startMs: number; endMs: number; echoes: EchoSpan[] }[] = []
  for (const echo of sorted) {
    const last = groups.at(-1)
    if (!last || echo.startMs > last.endMs + rules.mergeGapMs) {
      groups.push({ startMs: echo.startMs, endMs: echo.endMs, echoes: [echo] })
      continue
    }
    const endMs = Math.max(last.endMs, echo.endMs)
    const startMs = Math.max(last.endMs, echo.startMs)
    if (endMs - last.startMs <= rules.maxMomentMs || echo.endMs - startMs < SHORTEST_REST_MS) {
      // Of a rest that is too short to stand alone, the vote counts and the moment stays as long as it may be.
      last.endMs = endMs - last.startMs <= rules.maxMomentMs ? endMs : last.endMs
      last.echoes.push(echo)
    } else {
      groups.push({ startMs, endMs: echo.endMs, echoes: [echo] })
    }
  }
  return groups.map(({ startMs, endMs, echoes: votes }) => ({
    id: votes[0]?.id ?? '',
    startMs,
    endMs,
    echoIds: votes.map((e) => e.id),
    people: peopleOf(votes),
    labels: labelsOf(votes),
  }))
}

function peopleOf(echoes: EchoSpan[]): Moment['people'] {
  return [...new Map(echoes.map(({ userId, displayName }) => [userId, { userId, displayName }])).values()]
}

function labelsOf(echoes: EchoSpan[]): string[] {
  const uses = new Map<string, { label: string; count: number }>()
  for (const { label } of echoes) {
    if (!label) continue
    const key = label.toLowerCase()
    const use = uses.get(key) ?? { label, count: 0 }
    uses.set(key, { ...use, count: use.count + 1 })
  }
  return [...uses.values()].sort((a, b) => b.count - a.count).map((u) => u.label)
}
