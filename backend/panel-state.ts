/** What all viewers of a channel see in the panel: computed from facts, the same for everybody. */
import type { PanelMoment, PanelRecap, PanelState } from '../shared/api.ts'
import { DEFAULT_SETTINGS, type ChannelSettings } from '../shared/settings.ts'
import { findChannel, type Channel } from './db/channels.ts'
import type { Database } from './db/database.ts'
import { publicRecaps } from './db/recaps.ts'
import { liveShow, streamsOf } from './db/shows.ts'
import { showableLabel } from './domain/label.ts'
import type { Moment } from './domain/moments.ts'
import { showMoments } from './show-moments.ts'

/** What the panel offers, as far as the channel allows. */
const LENGTHS_MS = [15_000, 30_000, 60_000, 90_000]
/** The list shows the newest; the rest is counted. */
const LISTED_MOMENTS = 60
const LISTED_RECAPS = 3

export interface WatchAddresses {
  /** A video's page, before its id. */
  watch: string
  /** Where thumbnails lie: `<images>/vi/<id>/mqdefault.jpg`. */
  images: string
}

export interface ChannelView {
  state: PanelState
  /** Which moment an echo is in. */
  momentOfEcho: Map<string, string>
  /** Moments that a person wanted, by the id that counts for them: with an echo or a vote, and with an echo. */
  wantedBy: Map<string, string[]>
  askedBy: Map<string, string[]>
  /** Null while offline. */
  showId: string | null
}

export async function channelView(
  db: Database,
  channelId: string,
  now: number,
  addresses: WatchAddresses,
): Promise<ChannelView> {
  const channel = await findChannel(db, channelId)
  const nothing = { momentOfEcho: new Map(), wantedBy: new Map(), askedBy: new Map(), showId: null }
  if (!channel) return { state: { ...stateOf(null), setUp: 'unfinished' }, ...nothing }
  const show = await liveShow(db, channelId)
  if (!show)
    return { state: { ...stateOf(channel), recaps: await recapsFor(db, channelId, addresses) }, ...nothing }
  const streams = await streamsOf(db, show.id, now)
  const { moments, dropped, momentOfEcho, askedBy } = await showMoments(
    db,
    show.id,
    streams,
    channel.settings,
  )
  const shown = moments.filter((m) => !dropped.has(m.id)).reverse()
  const wantedBy = new Map<string, string[]>()
  for (const moment of shown)
    for (const { userId } of moment.people) wantedBy.set(userId, [...(wantedBy.get(userId) ?? []), moment.id])
  return {
    state: {
      ...stateOf(channel),
      live: { startedAtMs: show.startedAtMs },
      moments: shown.slice(0, LISTED_MOMENTS).map((m) => panelMomentOf(m, channel.settings)),
      total: shown.length,
    },
    momentOfEcho,
    wantedBy,
    askedBy,
    showId: show.id,
  }
}

export function panelMomentOf(
  { id, startMs, endMs, labels, people }: Moment,
  { bannedWords }: Pick<ChannelSettings, 'bannedWords'>,
): PanelMoment {
  return { id, startMs, endMs, label: showableLabel(labels, bannedWords), people: people.length }
}

function stateOf(channel: Channel | null): PanelState {
  const settings = channel?.settings ?? DEFAULT_SETTINGS
  const lengths = LENGTHS_MS.filter((ms) => ms <= settings.maxLengthMs)
  return {
    revision: channel?.revision ?? 0,
    setUp: 'ready',
    mode: settings.mode,
    minimumRole: settings.minimumRole,
    live: null,
    lengthsMs: lengths.length > 0 ? lengths : [settings.maxLengthMs],
    defaultLengthMs: settings.defaultLengthMs,
    latencyMs: settings.latencyMs,
    votes: settings.votes,
    moments: [],
    total: 0,
    recaps: [],
  }
}

async function recapsFor(
  db: Database,
  channelId: string,
  { watch, images }: WatchAddresses,
): Promise<PanelRecap[]> {
  const recaps = await publicRecaps(db, channelId, LISTED_RECAPS)
  return recaps.map(({ title, videoId, product, publishedAtMs }) => ({
    title,
    url: `${watch}${videoId}`,
    thumbnail: `${images}/vi/${videoId}/mqdefault.jpg`,
    durationMs: Math.round(product.durationSec * 1000),
    moments: product.moments.length,
    people:
      new Set(product.moments.flatMap((m) => m.people)).size +
      Math.max(0, ...product.moments.map((m) => m.unnamed)),
    publishedAtMs,
  }))
}
