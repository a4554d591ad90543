/** Echoes → moments: requests that overlap or nearly touch are votes for one moment, and so is each +1. */

/** An echo as a span of the show's runtime (see timeline.ts). */
export interface EchoSpan {
  id: string
  userId: string
  /** Null for a viewer of the panel who has not told who they are. */
  displayName: string | null
  label: string | null
  startMs: number
  endMs: number
}

/**
 * What names a moment for good, although moments are computed anew each time: one of its echoes, with its span for
 * when that echo has been taken back meanwhile.
 */
export interface Anchor {
  echoId: string
  startMs: number
  endMs: number
}

/** A +1: it adds to the people of a moment, never to its length. */
export interface Vote extends Anchor {
  userId: string
  displayName: string | null
}

export interface Moment {
  /** The id of its first echo. */
  id: string
  /** Half-open, in show runtime. */
  startMs: number
  endMs: number
  echoIds: string[]
  /** Each person once, in the order in which they come in the moment. */
  people: { userId: string; displayName: string | null }[]
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
 *
 * @param boundaries instants of the show's runtime at which another game began: no moment grows over one
 */
export function momentsOf(
  echoes: readonly EchoSpan[],
  rules: MergeRules,
  votes: readonly Vote[] = [],
  boundaries: readonly number[] = [],
): Moment[] {
  const sorted = [...echoes]
    .filter((e) => e.endMs > e.startMs)
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.id < b.id ? -1 : 1))
  const groups: { startMs: number; endMs: number; echoes: EchoSpan[] }[] = []
  for (const echo of sorted) {
    const last = groups.at(-1)
    const crosses = last && boundaries.some((at) => last.startMs < at && at <= echo.startMs)
    if (!last || echo.startMs > last.endMs + rules.mergeGapMs) {
      groups.push({ startMs: echo.startMs, endMs: echo.endMs, echoes: [echo] })
      continue
    }
    const endMs = Math.max(last.endMs, echo.endMs)
    const startMs = Math.max(last.endMs, echo.startMs)
    if (crosses && echo.endMs - startMs >= SHORTEST_REST_MS) {
      groups.push({ startMs, endMs: echo.endMs, echoes: [echo] })
      continue
    }
    if (endMs - last.startMs <= rules.maxMomentMs || echo.endMs - startMs < SHORTEST_REST_MS) {
      // Of a rest that is too short to stand alone, the vote counts and the moment stays as long as it may be.
      last.endMs = endMs - last.startMs <= rules.maxMomentMs ? endMs : last.endMs
      last.echoes.push(echo)
    } else {
      groups.push({ startMs, endMs: echo.endMs, echoes: [echo] })
    }
  }
  const moments = groups.map(({ startMs, endMs, echoes: merged }) => ({
    id: merged[0]?.id ?? '',
    startMs,
    endMs,
    echoIds: merged.map((e) => e.id),
    people: merged.map(({ userId, displayName }) => ({ userId, displayName })),
    labels: labelsOf(merged),
  }))
  const momentAt = anchored(moments)
  for (const vote of votes)
    momentAt(vote)?.people.push({ userId: vote.userId, displayName: vote.displayName })
  return moments.map((moment) => ({ ...moment, people: peopleOf(moment.people) }))
}

/** Finds the moment of an anchor: the one that holds its echo, else the one that overlaps its span the most. */
export function anchored<M extends Pick<Moment, 'echoIds' | 'startMs' | 'endMs'>>(
  moments: readonly M[],
): (anchor: Anchor) => M | undefined {
  const ofEcho = new Map(moments.flatMap((m) => m.echoIds.map((id) => [id, m] as const)))
  const overlap = (m: M, a: Anchor) => Math.min(m.endMs, a.endMs) - Math.max(m.startMs, a.startMs)
  return (anchor) => {
    const held = ofEcho.get(anchor.echoId)
    if (held) return held
    let best: M | undefined
    for (const m of moments) if (overlap(m, anchor) > (best ? overlap(best, anchor) : 0)) best = m
    return best
  }
}

/** Each person once; a name that one of their echoes knows counts for all. */
function peopleOf(people: Moment['people']): Moment['people'] {
  const byId = new Map<string, Moment['people'][number]>()
  for (const person of people) if (!byId.get(person.userId)?.displayName) byId.set(person.userId, person)
  return [...byId.values()]
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
