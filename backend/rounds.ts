/** What is done again and again: each round by its name, how often, and with what. */
import type { Clock } from '../shared/clock.ts'
import type { ChatHandler } from './bot/bot.ts'
import type { Config } from './config.ts'
import type { Database } from './db/database.ts'
import { stuckEvents } from './db/inbox.ts'
import { hookOutcome } from './db/hooks.ts'
import { overdueMessages, type QueuedMessage } from './db/outbox.ts'
import type { Publisher, VodSource } from './jobs/context.ts'
import type { Engine } from './jobs/engine.ts'
import { handleEvents } from './jobs/events.ts'
import { forgetEndedRuns, forgetRuns } from './jobs/forget-runs.ts'
import { makeHarvest } from './jobs/harvest.ts'
import { sendOutbox } from './jobs/outbox.ts'
import type { Reconciler } from './jobs/reconcile.ts'
import { refreshYoutube } from './jobs/refresh-youtube.ts'
import { reseal } from './jobs/reseal.ts'
import type { Room } from './jobs/room.ts'
import { sweepMedia } from './jobs/sweep-media.ts'
import type { Timer } from './jobs/timers.ts'
import { validateGrants } from './jobs/validate-grants.ts'
import { departuresRound } from './leaving.ts'
import type { Log } from './log.ts'
import type { Mailer } from './mail/mailer.ts'
import { messageSender } from './messages.ts'
import type { Metrics } from './metrics.ts'
import { bucketSender } from './own-bucket.ts'
import type { Storage } from './storage/storage.ts'
import type { Subscribers } from './subscribers.ts'
import type { TokenBox } from './token-box.ts'
import { lineOfEvent, moderationOfEvent } from './twitch/chat.ts'
import { readOffline, readOnline, readUpdate } from './twitch/eventsub.ts'
import type { Helix } from './twitch/helix.ts'
import type { TwitchSignIn } from './twitch/sign-in.ts'
import { youtubeChannel } from './youtube/channel.ts'
import type { YoutubeConnect } from './youtube/connect.ts'

const MAILS_AT_ONCE = 2
/** Addresses of streamers may hang for ten seconds each. */
const HOOKS_AT_ONCE = 8
const BUCKETS_AT_ONCE = 2
const RUNS_EVERY_MS = 24 * 60 * 60_000
/** Longer than anything of a show may still be asked for. */
const RUNS_LAST_MS = 60 * RUNS_EVERY_MS
/** A message that has not got through for so long is the operator's to know of. */
const OVERDUE_MS = 60 * 60_000
/** What YouTube told may be 30 days old. */
const REFRESH_EVERY_MS = 6 * 60 * 60_000

export interface RoundParts {
  db: Database
  clock: Clock
  log: Log
  config: Config
  box: TokenBox
  twitch: Helix
  signIn: TwitchSignIn
  google: YoutubeConnect
  vods: VodSource
  storage: Storage
  room: Room
  mayRender(channelId: string): Promise<boolean>
  publisher: Publisher
  engine: Engine
  heard: ChatHandler
  mailer: Mailer
  /** Null: billing is off. */
  subscribers: Subscribers | null
  metrics: Metrics
  reconciler: Reconciler
  /** A streamer's Twitch token that works; null: there is none. @throws {Fault} */
  tokenOf(userId: string, force: boolean): Promise<string | null>
  /** The same for YouTube. */
  youtubeToken(channelId: string, force: boolean): Promise<string>
  /** The extension's own round; null: there is no extension. */
  extension: Timer | null
}

export function roundsOf(parts: RoundParts): Timer[] {
  const { db, clock, log, config, box, twitch, storage, engine, subscribers, metrics, reconciler } = parts
  const { extension, google, heard, mailer, publisher, room, signIn, tokenOf, youtubeToken } = parts
  const showEnded = (showId: string) => engine.showEnded(showId)
  const sendMessage = messageSender({ db, clock, box, mailer, hooks: config.hooks })
  const noteHook = async ({ kind, channelId }: QueuedMessage, failure: string | null) => {
    if (kind !== 'mail') await hookOutcome(db, channelId, kind, failure)
  }
  const sending = (
    name: string,
    what: Pick<Parameters<typeof sendOutbox>[0], 'kinds' | 'holdMs' | 'atOnce' | 'send'>,
  ): Timer => ({
    name,
    everyMs: config.rounds.outboxMs,
    run: () => sendOutbox({ db, clock, log, ...what, onOutcome: noteHook }),
  })
  return [
    {
      name: 'events',
      everyMs: config.rounds.eventsMs,
      run: () =>
        handleEvents({
          db,
          clock,
          log,
          twitch,
          showEnded,
          endEventsOf: (channelId) => reconciler.endEventsOf(channelId),
          read: {
            online: readOnline,
            offline: readOffline,
            update: readUpdate,
            chat: async (type, payload, sentAtMs) => {
              const event: unknown = JSON.parse(payload)
              const line = type === 'channel.chat.message' ? lineOfEvent(event, sentAtMs) : null
              if (line) return heard.line(line)
              const moderation = type === 'channel.chat.message' ? null : moderationOfEvent(event)
              if (moderation) await heard.moderation(moderation)
            },
          },
        }),
    },
    sending('outbox', {
      kinds: ['mail'],
      holdMs: config.outboxHoldMs,
      atOnce: MAILS_AT_ONCE,
      send: sendMessage,
    }),
    sending('hooks', {
      kinds: ['discord', 'webhook'],
      holdMs: config.outboxHoldMs,
      atOnce: HOOKS_AT_ONCE,
      send: sendMessage,
    }),
    sending('buckets', {
      kinds: ['bucket'],
      holdMs: config.outboxHoldMs,
      atOnce: BUCKETS_AT_ONCE,
      send: bucketSender({ db, box, storage, allowLocal: config.hooks.allowLocal }),
    }),
    {
      name: 'grants',
      everyMs: config.rounds.grantsMs,
      run: () => validateGrants({ db, clock, log, tokenOf, isValid: (token) => signIn.validate(token) }),
    },
    {
      name: 'reseal',
      everyMs: config.rounds.resealMs,
      run: async () => void (await reseal({ db, clock, log, box })),
    },
    { name: 'sweep', everyMs: config.rounds.sweepMs, run: () => engine.sweep() },
    {
      name: 'reconcile',
      everyMs: config.rounds.reconcileMs,
      run: () => reconciler.round(),
    },
    {
      name: 'harvest',
      everyMs: config.rounds.harvestMs,
      run: makeHarvest({ ...parts, quietMs: config.harvestQuietMs }),
    },
    {
      name: 'media',
      everyMs: config.rounds.mediaMs,
      run: async () => {
        metrics.freeBytes.set(await room.free())
        metrics.stuckEvents.set(await stuckEvents(db))
        const overdue = await overdueMessages(db, clock.now() - OVERDUE_MS)
        metrics.overdueMessages.set(overdue)
        if (overdue > 0) log.error({ overdue }, 'mails or other news have waited for over an hour')
        const onStored = (bytes: number) => metrics.storedBytes.set(bytes)
        await sweepMedia({ db, clock, log, storage, rules: config.retention, onStored })
      },
    },
    ...(extension ? [extension] : []),
    {
      name: 'refresh',
      everyMs: REFRESH_EVERY_MS,
      run: () =>
        refreshYoutube({
          db,
          clock,
          log,
          publisher,
          channel: (channelId) =>
            youtubeChannel((force) => youtubeToken(channelId, force), config.google.addresses.api).me(),
        }),
    },
    {
      name: 'runs',
      everyMs: RUNS_EVERY_MS,
      run: () => forgetEndedRuns(config.engineUrl, clock.now() - RUNS_LAST_MS),
    },
    {
      name: 'departures',
      everyMs: config.rounds.departuresMs,
      run: departuresRound({
        db,
        clock,
        log,
        storage,
        box,
        subscribers,
        twitch,
        twitchSignIn: signIn,
        twitchToken: (userId) => tokenOf(userId, false),
        youtube: google,
        forgetRuns: (showIds) => forgetRuns(config.engineUrl, showIds),
        onOverdue: (count) => metrics.overdueDepartures.set(count),
      }),
    },
    ...(subscribers
      ? [
          { name: 'billing', everyMs: config.rounds.billingMs, run: () => subscribers.lookIntoEvents() },
          { name: 'plans', everyMs: config.rounds.plansMs, run: () => subscribers.round() },
        ]
      : []),
  ]
}
