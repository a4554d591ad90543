/**
 * Compares what Twitch says with what we have and repairs the difference: event subscriptions that are missing or
 * dead, streams that are live without our knowing, streams we hold for live that are not.
 *
 * Who is live is asked of all channels at each round (a request for each hundred). What costs a request for each channel
 * goes round: those of which nothing is known yet first, then those that were looked at longest ago.
 */
import PQueue from 'p-queue'
import { listChannels } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { takeEarlyEchoes } from '../db/early-echoes.ts'
import { inTransaction } from '../db/together.ts'
import { showsWithoutRecording, takeUpAgain } from '../db/recap-again.ts'
import {
  channelsOnSince,
  endOfStream,
  liveStreams,
  nameStream,
  saveVodSample,
  showOfStream,
  streamsOf,
  streamEnded,
  streamStarted,
  streamWasOnUntil,
} from '../db/shows.ts'
import { errorText, type Log } from '../log.ts'
import type { Clock } from '../../shared/clock.ts'
import type { TwitchPort, VodSource } from './context.ts'
import { archivesNow, endOf, endStreamsBefore } from './missed-ends.ts'

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

interface SubscriptionFacts {
  id: string
  type: string
  status: string
  channelId: string | null
  callback: string | null
}

export interface SubscriptionPort {
  /** Of one channel. */
  subscriptionsOf(channelId: string): Promise<SubscriptionFacts[]>
  subscriptionsTo(type: typeof REVOCATIONS): Promise<SubscriptionFacts[]>
  /** All of the application, page by page. */
  allSubscriptions(): AsyncIterable<SubscriptionFacts[]>
  /** One that is there already is no error. */
  subscribe(type: (typeof WANTED_EVENTS)[number] | typeof REVOCATIONS, channelId: string): Promise<void>
  /** One that is gone already is no error. */
  unsubscribe(id: string): Promise<void>
}

export interface ReconcileContext {
  db: Database
  clock: Clock
  log: Log
  twitch: TwitchPort & SubscriptionPort
  vods: Pick<VodSource, 'measure' | 'recordings'>
  /** The address that events must go to. */
  callback: string
  showEnded(showId: string): Promise<void>
}

export interface Reconciler {
  /** One look at everybody; what costs a request for each channel, at some of them. */
  round(): Promise<void>
  /** One channel, now: its event subscriptions and its recordings. */
  channel(channelId: string): Promise<void>
  /** Ends the event subscriptions of a channel that is gone: some may have been made while it went. */
  endEventsOf(channelId: string): Promise<void>
}

/** Twitch's list of live streams is minutes behind its events. */
const LISTING_LAG_MS = 5 * 60_000
const COMPARED_ARCHIVES = 2
/** Each waits for Twitch most of the time; twurple keeps to its limits. */
const CHANNELS_AT_ONCE = 8
/**
 * At most so many channels a round are asked of by themselves, for their subscriptions and for their recordings: with
 * those that are on or have just ended, that stays below the 800 requests a minute that Twitch takes.
 */
const CHANNELS_A_ROUND = 60
/** After a stream has ended, its recordings are looked at each round for so long: an end may have been none. */
const ATTENTION_MS = 3 * 60 * 60_000
/** Subscriptions of channels that are gone. */
const STRANGERS_EVERY_MS = 24 * 60 * 60_000
/** A recording ends within seconds of its stream. */
const FALSE_END_MS = 60_000
/** Twitch keeps recordings of most channels for a week or two. */
const OLDEST_ARCHIVE_MS = 7 * 24 * 60 * 60_000
const ALIVE = new Set(['enabled', 'webhook_callback_verification_pending'])

export function makeReconciler(context: ReconcileContext): Reconciler {
  const { db, clock, log, twitch } = context
  const subscriptionsTurn = new Turn()
  const archivesTurn = new Turn()
  /** Streams that Twitch's list of live ones lacks, and since when. */
  const absentSince = new Map<string, number>()
  let strangersAtMs: number | null = null

  /** One channel must not keep the others waiting. */
  const apart = (channelId: string, what: string, work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      log.warn({ error: errorText(error), channelId }, what)
    })

  const eachOf = async (channelIds: readonly string[], what: string, work: (id: string) => Promise<void>) => {
    const queue = new PQueue({ concurrency: CHANNELS_AT_ONCE })
    await queue.addAll(
      channelIds.map((channelId) => async () => {
        await apart(channelId, what, () => work(channelId))
      }),
    )
  }

  const subscriptionsRound = async (channelIds: readonly string[]) => {
    const now = clock.now()
    const due = subscriptionsTurn.take(channelIds, CHANNELS_A_ROUND, now)
    await eachOf(due, 'the event subscriptions could not be compared', (channelId) =>
      reconcileSubscriptions(context, channelId),
    )
    if (channelIds.length === 0) return
    await reconcileRevocations(context).catch((error: unknown) => {
      log.warn({ error: errorText(error) }, 'could not subscribe to revocations')
    })
    if (strangersAtMs !== null && now - strangersAtMs < STRANGERS_EVERY_MS) return
    strangersAtMs = now
    await endStrangers(context, new Set(channelIds)).catch((error: unknown) => {
      log.warn({ error: errorText(error) }, 'the event subscriptions could not be listed')
    })
  }

  const archivesRound = async (channelIds: readonly string[], live: readonly LiveStream[]) => {
    const now = clock.now()
    const on = await channelsOnSince(db, now - ATTENTION_MS)
    const watched = channelIds.filter((id) => on.has(id))
    const due = archivesTurn.take(channelIds, CHANNELS_A_ROUND, now)
    await eachOf(
      [...new Set([...watched, ...due])],
      'the recordings could not be compared',
      async (channelId) => {
        await lookForOwnRecordings(context, channelId)
        await reconcileArchives(context, channelId, live)
      },
    )
  }

  /** Who is no longer live, though nobody said so. Twitch's list lags: what it lacks once, it may merely not list yet. */
  const missedEnds = async (live: readonly LiveStream[]) => {
    const now = clock.now()
    const listed = new Set(live.map((l) => l.streamId))
    const missing = (await liveStreams(db)).filter(
      (s) => !listed.has(s.streamId) && now - s.startedAtMs >= LISTING_LAG_MS,
    )
    for (const streamId of absentSince.keys())
      if (!missing.some((s) => s.streamId === streamId)) absentSince.delete(streamId)
    for (const { streamId, channelId } of missing) {
      const since = absentSince.get(streamId) ?? now
      absentSince.set(streamId, since)
      if (now - since < LISTING_LAG_MS) continue
      await apart(channelId, 'the end of a stream could not be noted', async () => {
        const archives = await archivesNow(context, channelId)
        const end = { channelId, streamId, endedAtMs: endOf(streamId, archives) ?? since }
        const ended = await streamEnded(db, end, now)
        absentSince.delete(streamId)
        if (ended) await context.showEnded(ended)
      })
    }
  }

  return {
    async channel(channelId) {
      await reconcileSubscriptions(context, channelId)
      await reconcileRevocations(context)
      await lookForOwnRecordings(context, channelId)
      await reconcileArchives(context, channelId, await twitch.liveStreams([channelId]))
    },
    async endEventsOf(channelId) {
      for (const { id, channelId: whose, callback } of await twitch.subscriptionsOf(channelId))
        if (whose === channelId && callback === context.callback) await twitch.unsubscribe(id)
    },
    async round() {
      const channelIds = (await listChannels(db)).map((channel) => channel.id)
      const live = await twitch.liveStreams(channelIds)
      for (const stream of live)
        await apart(stream.channelId, 'a live stream could not be noted', async () => {
          if ((await showOfStream(db, stream.streamId)) === null) {
            await endStreamsBefore(context, stream.channelId, stream)
            await streamStarted(db, stream, clock.now())
          }
          await takeEarlyEchoes(db, stream.channelId, clock.now())
          await nameStream(db, stream.streamId, stream.title)
        })
      await subscriptionsRound(channelIds)
      await archivesRound(channelIds, live)
      await missedEnds(live)
    },
  }
}

type LiveStream = Awaited<ReturnType<TwitchPort['liveStreams']>>[number]

/** Whose turn it is: those never seen first, then those seen longest ago. */
class Turn {
  readonly #seenAtMs = new Map<string, number>()

  take(all: readonly string[], most: number, now: number): string[] {
    const known = new Set(all)
    for (const id of this.#seenAtMs.keys()) if (!known.has(id)) this.#seenAtMs.delete(id)
    const seen = (id: string) => this.#seenAtMs.get(id) ?? -Infinity
    const due = [...all].sort((a, b) => seen(a) - seen(b)).slice(0, most)
    for (const id of due) this.#seenAtMs.set(id, now)
    return due
  }
}

async function reconcileSubscriptions(
  { log, twitch, callback }: ReconcileContext,
  channelId: string,
): Promise<void> {
  const alive = new Set<string>()
  for (const each of await twitch.subscriptionsOf(channelId)) {
    // A channel that is somebody else's viewer or bot is named in subscriptions of theirs.
    if (each.callback !== callback || each.channelId !== channelId) continue
    if (ALIVE.has(each.status)) alive.add(each.type)
    else await twitch.unsubscribe(each.id)
  }
  for (const type of WANTED_EVENTS) {
    if (alive.has(type)) continue
    await twitch.subscribe(type, channelId).catch((error: unknown) => {
      // Without, say, the chat grant the others are there all the same.
      log.warn({ error: errorText(error), type, channelId }, 'could not subscribe')
    })
  }
}

async function reconcileRevocations({ twitch, callback }: ReconcileContext): Promise<void> {
  const ours = (await twitch.subscriptionsTo(REVOCATIONS)).filter((s) => s.callback === callback)
  for (const { id, status } of ours) if (!ALIVE.has(status)) await twitch.unsubscribe(id)
  if (!ours.some((s) => ALIVE.has(s.status))) await twitch.subscribe(REVOCATIONS, '')
}

/** Of a channel that is gone, a subscription may have been made while it went. */
async function endStrangers(
  { twitch, callback }: ReconcileContext,
  known: ReadonlySet<string>,
): Promise<void> {
  for await (const page of twitch.allSubscriptions())
    for (const { id, channelId, callback: to } of page)
      if (to === callback && channelId !== null && !known.has(channelId)) await twitch.unsubscribe(id)
}

/** The same for the streamer's own recordings: one that was put there late is found. */
async function lookForOwnRecordings(
  { db, clock, vods, showEnded }: ReconcileContext,
  channelId: string,
): Promise<void> {
  if (!vods.recordings) return
  for (const show of await showsWithoutRecording(db, channelId, clock.now() - OLDEST_ARCHIVE_MS)) {
    const found = await vods.recordings(channelId, await streamsOf(db, show, clock.now()))
    if (found.length > 0 && (await takeUpAgain(db, show, clock.now()))) await showEnded(show)
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
    const title = vod.title ?? ''
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
      const start = { channelId, streamId: vod.streamId, startedAtMs: vod.createdAtMs, title }
      await streamStarted(db, start, clock.now(), endedAtMs)
      await takeEarlyEchoes(db, channelId, clock.now())
      continue
    }
    await nameStream(db, vod.streamId, title)
    // A flap that was taken for the end: the recording goes on long after it.
    const knownEndMs = await endOfStream(db, vod.streamId)
    const vodEndMs = vod.createdAtMs + vod.durationMs
    if (knownEndMs !== null && vodEndMs - knownEndMs > FALSE_END_MS)
      await inTransaction(db, (tx) => streamWasOnUntil(tx, vod.streamId, vodEndMs, clock.now()))
    await takeEarlyEchoes(db, channelId, clock.now())
    const again = await takeUpAgain(db, show, clock.now())
    if (again) await showEnded(show)
  }
}
