/**
 * Compares what Twitch says with what we have and repairs the difference: event subscriptions that are missing or
 * dead, streams that are live without our knowing, streams we hold for live that are not.
 */
import PQueue from 'p-queue'
import { listChannels } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { takeUpAgain } from '../db/recap-again.ts'
import {
  endOfStream,
  liveStreams,
  saveVodSample,
  showOfStream,
  streamEnded,
  streamStarted,
  streamWasOnUntil,
} from '../db/shows.ts'
import { errorText, type Log } from '../log.ts'
import type { Clock } from '../../shared/clock.ts'
import type { TwitchPort, VodSource } from './context.ts'
import { endOf, endStreamsBefore } from './missed-ends.ts'

/** For each channel. */
export const WANTED_EVENTS = [
  'stream.online',
  'stream.offline',
  'channel.update',
  'channel.chat.message',
  'channel.chat.message_delete',
  'channel.chat.clear_user_messages',
  'channel.chat.clear',
] as const
/** Once, about everybody who uses the application. */
const REVOCATIONS = 'user.authorization.revoke'

export interface SubscriptionPort {
  subscriptions(): Promise<
    { id: string; type: string; status: string; channelId: string | null; callback: string | null }[]
  >
  subscribe(type: (typeof WANTED_EVENTS)[number] | typeof REVOCATIONS, channelId: string): Promise<void>
  unsubscribe(id: string): Promise<void>
}

export interface ReconcileContext {
  db: Database
  clock: Clock
  log: Log
  twitch: TwitchPort & SubscriptionPort
  vods: Pick<VodSource, 'measure'>
  /** The address that events must go to. */
  callback: string
  showEnded(showId: string): Promise<void>
}

/** Twitch's list of live streams is minutes behind its events. */
const LISTING_LAG_MS = 5 * 60_000
const COMPARED_ARCHIVES = 2
/** Each waits for Twitch most of the time; twurple keeps to its limits. */
const CHANNELS_AT_ONCE = 8
/** A recording ends within seconds of its stream. */
const FALSE_END_MS = 60_000
/** Twitch keeps recordings of most channels for a week or two. */
const OLDEST_ARCHIVE_MS = 7 * 24 * 60 * 60_000
const ALIVE = new Set(['enabled', 'webhook_callback_verification_pending'])

export async function reconcile(context: ReconcileContext): Promise<void> {
  await reconcileSubscriptions(context)
  await reconcileStreams(context)
}

async function reconcileSubscriptions({ db, log, twitch, callback }: ReconcileContext): Promise<void> {
  const ours = (await twitch.subscriptions()).filter((s) => s.callback === callback)
  const channels = await listChannels(db)
  const known = new Set(channels.map((channel) => channel.id))
  const alive = new Set<string>()
  for (const { id, type, status, channelId } of ours) {
    // Of a channel that is gone, one may have been made while it went.
    const isWanted = channelId === null || known.has(channelId)
    if (ALIVE.has(status) && isWanted) alive.add(`${type}:${channelId}`)
    else await twitch.unsubscribe(id)
  }
  if (channels.length > 0 && !alive.has(`${REVOCATIONS}:null`))
    await twitch.subscribe(REVOCATIONS, '').catch((error: unknown) => {
      log.warn({ error: errorText(error) }, 'could not subscribe to revocations')
    })
  for (const { id: channelId } of channels) {
    for (const type of WANTED_EVENTS) {
      if (alive.has(`${type}:${channelId}`)) continue
      await twitch.subscribe(type, channelId).catch((error: unknown) => {
        // One channel without, say, the chat grant must not keep the others waiting.
        log.warn({ error: errorText(error), type, channelId }, 'could not subscribe')
      })
    }
  }
}

async function reconcileStreams(context: ReconcileContext): Promise<void> {
  const { db, clock, log, twitch, showEnded } = context
  const channels = await listChannels(db)
  const live = await twitch.liveStreams(channels.map((c) => c.id))
  for (const stream of live) {
    if ((await showOfStream(db, stream.streamId)) !== null) continue
    await endStreamsBefore(context, stream.channelId, stream)
    await streamStarted(db, stream, clock.now())
  }
  const queue = new PQueue({ concurrency: CHANNELS_AT_ONCE })
  await queue.addAll(
    channels.map(({ id: channelId }) => async () => {
      await reconcileArchives(context, channelId, live).catch((error: unknown) => {
        log.warn({ error: errorText(error), channelId }, 'the recordings could not be compared')
      })
    }),
  )
  for (const { streamId, channelId, startedAtMs } of await liveStreams(db)) {
    const young = clock.now() - startedAtMs < LISTING_LAG_MS
    if (young || live.some((l) => l.streamId === streamId)) continue
    const archives = await twitch.recentArchives(channelId).catch(() => [])
    const endedAtMs = endOf(streamId, archives) ?? clock.now()
    const ended = await streamEnded(db, { channelId, streamId, endedAtMs }, clock.now())
    if (ended) await showEnded(ended)
  }
}

/**
 * The last two recordings of a channel: a stream of which we heard nothing at all is noted, and one whose recap was given
 * up for want of the recording is taken up again.
 */
async function reconcileArchives(
  { db, clock, log, twitch, vods, showEnded }: ReconcileContext,
  channelId: string,
  live: readonly { streamId: string }[],
): Promise<void> {
  const archives = (await twitch.recentArchives(channelId)).slice(0, COMPARED_ARCHIVES)
  for (const vod of archives) {
    const old = clock.now() - vod.createdAtMs - vod.durationMs > OLDEST_ARCHIVE_MS
    if (live.some((l) => l.streamId === vod.streamId)) {
      // Looked at while it grows, a recording tells how far it runs away from the clock.
      const sample = await vods.measure(vod.vodId).catch((error: unknown) => {
        log.info({ error: errorText(error), vodId: vod.vodId }, 'the drift of a recording was not measured')
        return null
      })
      if (sample) await saveVodSample(db, vod.vodId, sample)
      continue
    }
    if (old) continue
    const show = await showOfStream(db, vod.streamId)
    if (show === null) {
      // Twitch's list of who is live may be behind: what may still be on is left for the next round.
      const endedAtMs = vod.createdAtMs + vod.durationMs
      if (clock.now() - endedAtMs < LISTING_LAG_MS) continue
      const start = { channelId, streamId: vod.streamId, startedAtMs: vod.createdAtMs, title: '' }
      await streamStarted(db, start, clock.now(), endedAtMs)
      continue
    }
    // A flap that was taken for the end: the recording goes on long after it.
    const knownEndMs = await endOfStream(db, vod.streamId)
    const vodEndMs = vod.createdAtMs + vod.durationMs
    if (knownEndMs !== null && vodEndMs - knownEndMs > FALSE_END_MS)
      await streamWasOnUntil(db, vod.streamId, vodEndMs)
    const again = await takeUpAgain(db, show, clock.now())
    if (again) await showEnded(show)
  }
}
