/** The plan of a video, computed from the show's echoes, edits, settings and where its VODs lie. Nothing of it is stored. */
import { createHash } from 'node:crypto'
import type { Clock } from '../shared/clock.ts'
import type { ChannelSettings } from '../shared/settings.ts'
import { findChannel, type Channel } from './db/channels.ts'
import type { Database } from './db/database.ts'
import { editLog, type StoredEdit } from './db/edits.ts'
import { ownVideosOf } from './db/own-videos.ts'
import type { Recap } from './db/recaps.ts'
import { streamsOf, type ShowStream } from './db/shows.ts'
import { driftOf, type Drift } from './domain/drift.ts'
import { standingEdits, type StandingEdit } from './domain/edit-log.ts'
import { allByOf, type Card } from './domain/edits.ts'
import { planOf, type Plan } from './domain/plan.ts'
import { locate, type VodPiece } from './domain/timeline.ts'
import { showMoments } from './show-moments.ts'

/** Of a video that is one card of the desk: what its `longEchoId` begins with. */
const ONE_CARD = 'card:'

export const oneCardVideo = (cardId: string) => `${ONE_CARD}${cardId}`

export interface ShowPlan extends Plan {
  channel: Channel
  /** In the order of the recap, with what is left out. */
  cards: Card[]
  timing: Drift['source']
  streams: ShowStream[]
  /** All entries, and those that count. */
  log: StoredEdit[]
  edits: StandingEdit<StoredEdit>[]
  budgetMs: number
  allByMs: number
  locate(span: { startMs: number; endMs: number }): VodPiece[]
}

/** @returns null when there is no such channel */
export async function planShow(
  { db, clock }: { db: Database; clock: Clock },
  { showId, channelId, longEchoId }: Pick<Recap, 'showId' | 'channelId' | 'longEchoId'>,
): Promise<ShowPlan | null> {
  const channel = await findChannel(db, channelId)
  if (!channel) return null
  const { settings } = channel
  const streams = await streamsOf(db, showId, clock.now())
  const log = await editLog(db, showId)
  const edits = standingEdits(log)
  const cards = await cardsFor(db, showId, streams, settings, longEchoId)
  const allByMs = allByOf(edits)
  const inVods = ({ startMs, endMs }: { startMs: number; endMs: number }) =>
    locate({ startMs: startMs + allByMs, endMs: endMs + allByMs }, streams, settings.drift)
  const measured = streams.every(
    ({ vod }) => !vod || driftOf(vod.samples ?? [], vod.startsAtMs, []).source === 'measured',
  )
  const budgetMs = longEchoId ? Infinity : settings.budgetMs
  const timing = measured ? 'measured' : 'table'
  return {
    ...planOf(cards, budgetMs, inVods),
    cards,
    timing,
    streams,
    log,
    edits,
    budgetMs,
    allByMs,
    locate: inVods,
    channel,
  }
}

async function cardsFor(
  db: Database,
  showId: string,
  streams: readonly ShowStream[],
  settings: ChannelSettings,
  longEchoId: string | null,
): Promise<Card[]> {
  const own = await ownVideosOf(db, showId)
  if (longEchoId && !longEchoId.startsWith(ONE_CARD)) {
    // A span by itself, as long as it is.
    const alone = { ...settings, maxMomentMs: Infinity }
    return (await showMoments(db, showId, streams, alone, (id) => id === longEchoId)).cards
  }
  const { cards } = await showMoments(db, showId, streams, settings, (id) => !own.has(id))
  if (!longEchoId) return cards
  const cardId = longEchoId.slice(ONE_CARD.length)
  return cards.filter((c) => c.id === cardId).map((c) => ({ ...c, kept: true }))
}

/**
 * Tells plans apart: another key needs another video. Settings of the look count only when a video is made; names count
 * where they are in the picture.
 */
export function videoKeyOf({ moments }: Pick<Plan, 'moments'>, settings: ChannelSettings): string {
  const named = settings.labels || settings.creditsCard
  const shown = moments.map(({ pieces, moment }) => [
    pieces.map((p) => [p.vodId, Math.round(p.startSec * 1000), Math.round(p.endSec * 1000)]),
    named ? [moment.title, moment.labels, moment.people.map((p) => p.displayName)] : [],
  ])
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16)
}
