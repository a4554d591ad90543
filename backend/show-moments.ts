/** The moments of a show with what the streamer made of them, computed from its facts. Nothing of it is stored. */
import type { ChannelSettings } from '../shared/settings.ts'
import { categoryChanges } from './db/categories.ts'
import type { Database } from './db/database.ts'
import { askedEchoes, countingEchoes } from './db/echoes.ts'
import { editLog } from './db/edits.ts'
import { votesOf } from './db/votes.ts'
import { standingEdits } from './domain/edit-log.ts'
import { cardsOf, droppedOf, type Card } from './domain/edits.ts'
import { momentsOf, type Anchor, type EchoSpan, type Moment } from './domain/moments.ts'
import { echoSpan, type StreamTimes } from './domain/timeline.ts'

export interface ShowMoments {
  /** In the order of the show. */
  moments: Moment[]
  /** What the streamer made of them, in the order of the recap. */
  cards: Card[]
  /** Ids of those that the streamer does not want. */
  dropped: Set<string>
  /** Which moment an echo is in. */
  momentOfEcho: Map<string, string>
  /** Moments with an echo of a person, by their id. */
  askedBy: Map<string, string[]>
}

/**
 * @param streams of the show, in order; a stream that goes on lasts until now
 * @param wanted which echoes count; all of them without it
 */
export async function showMoments(
  db: Database,
  showId: string,
  streams: readonly StreamTimes[],
  settings: ChannelSettings,
  wanted: (echoId: string) => boolean = () => true,
): Promise<ShowMoments> {
  const echoes = (await countingEchoes(db, showId)).filter((echo) => wanted(echo.id))
  const spans = echoes.flatMap((echo): EchoSpan[] => {
    const span = echoSpan(echo, streams, settings.latencyMs)
    const { id, userId, displayName, label } = echo
    return span ? [{ id, userId, displayName, label, ...span }] : []
  })
  const [votes, edits] = [await votesOf(db, showId), standingEdits(await editLog(db, showId))]
  const asked = votes.length + edits.length > 0 ? await askedEchoes(db, showId) : new Map()
  const anchorOf = (echoId: string): Anchor[] => {
    const echo = asked.get(echoId)
    const span = echo && echoSpan(echo, streams, settings.latencyMs)
    return span ? [{ echoId, ...span }] : []
  }
  const moments = momentsOf(
    spans,
    settings,
    votes.flatMap(({ userId, displayName, echoId }) =>
      anchorOf(echoId).map((anchor) => ({ userId, displayName, ...anchor })),
    ),
    await boundariesOf(db, showId, streams),
  )
  const cards = cardsOf(
    moments,
    edits.flatMap(({ echoId, part, atMs, change }) =>
      anchorOf(echoId).map((anchor) => ({ ...anchor, part, atMs, change })),
    ),
  )
  const momentOfEcho = new Map(moments.flatMap((m) => m.echoIds.map((id) => [id, m.id] as const)))
  const askedBy = new Map<string, string[]>()
  for (const { id, userId } of spans) {
    const moment = momentOfEcho.get(id)
    if (moment) askedBy.set(userId, [...(askedBy.get(userId) ?? []), moment])
  }
  return { moments, cards, dropped: droppedOf(cards), momentOfEcho, askedBy }
}

/** Where in the show another game began. */
async function boundariesOf(
  db: Database,
  showId: string,
  streams: readonly StreamTimes[],
): Promise<number[]> {
  const [first, last] = [streams[0], streams.at(-1)]
  if (!first || !last) return []
  const changes = await categoryChanges(db, showId, first.startedAtMs, last.endedAtMs)
  return changes.map((at) => at - first.startedAtMs)
}
