/** Puts the companion site together: its pages, what is open to everybody with a secret address, and its settings' API. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import type { Clock } from '../shared/clock.ts'
import { Refusal } from '../shared/fault.ts'
import type { Config } from './config.ts'
import { youtubeTokens } from './connections.ts'
import type { Database } from './db/database.ts'
import { findGrant } from './db/grants.ts'
import { recapsOf, type Recap } from './db/recaps.ts'
import { missingOf } from './extension.ts'
import type { VodSource } from './jobs/context.ts'
import { makePreviews } from './jobs/previews.ts'
import { WANTED_EVENTS } from './jobs/reconcile.ts'
import { tryBucket } from './own-bucket.ts'
import { publicRecap, showcase } from './public-page.ts'
import { expectRoom, type Room } from './jobs/room.ts'
import { errorText, type Log } from './log.ts'
import { tryClip } from './media/own-clip.ts'
import type { Storage } from './storage/storage.ts'
import type { Subscribers } from './subscribers.ts'
import type { TokenBox } from './token-box.ts'
import { tryChain } from './try-chain.ts'
import { CLIP_SCOPE } from './twitch/clips.ts'
import type { Helix } from './twitch/helix.ts'
import type { TwitchSignIn } from './twitch/sign-in.ts'
import { connectRoutes } from './web/connect.ts'
import { deckRoutes } from './web/deck.ts'
import { configRoutes } from './web/extension/config.ts'
import { floodGate } from './web/extension/gate.ts'
import { readUnsubscribe } from './unsubscribe-links.ts'
import { makeSessions } from './web/session.ts'
import { accountRoutes } from './web/site/account.tsx'
import { billingRoutes } from './web/site/billing.tsx'
import { deskRoutes } from './web/site/desk.tsx'
import { downloadRoutes } from './web/site/downloads.ts'
import { siteGate } from './web/site/gate.ts'
import { publicRoutes } from './web/site/public.tsx'
import { siteRoutes, unsubscribeRoutes } from './web/site/routes.tsx'
import { settingsRoutes } from './web/site/settings.tsx'
import { youtubeChannel } from './youtube/channel.ts'
import type { YoutubeConnect } from './youtube/connect.ts'

const FLOOD = { person: 120, channel: 600 }
const FACTS_FOR_MS = 60_000
const PAGE_WAITS_MS = 3_000
const ASSET_TYPES: Record<string, string> = { js: 'text/javascript', css: 'text/css' }
export interface SiteParts {
  db: Database
  clock: Clock
  log: Log
  config: Config
  box: TokenBox
  twitch: Helix
  twitchSignIn: TwitchSignIn
  youtube: YoutubeConnect
  vods: VodSource
  storage: Storage
  room: Room
  mayRender(channelId: string): Promise<boolean>
  /** Null: billing is off. */
  subscribers: Subscribers | null
  callback: string
  onChannel(channelId: string): void
  onDecision(recapId: string): void
  onLeaving(): void
  onAgain(showId: string): void
  onOwnVideo(showId: string, longEchoId: string): void
}

export function makeSite(parts: SiteParts): { pages: Hono[]; open: Hono[] } {
  const { db, clock, log, config, box, twitch, storage, vods } = parts
  const { siteUrl } = config
  const sessions = makeSessions(db, clock, siteUrl)
  const gate = siteGate(db, sessions)
  const facts = twitchFacts(parts)
  const token = youtubeTokens(db, box, clock, parts.youtube)
  const nameOf = async (get: (force: boolean) => Promise<string>) =>
    youtubeChannel(get, config.google.addresses.api).me()
  const common = { db, clock, gate }
  const usersByLogin = (logins: string[]) => twitch.usersByLogin(logins)
  /** What waited for the streamer to let us in looks again. Where it cannot be told, it looks by itself, later. */
  const wake = (channelId: string, state: Recap['state']) =>
    void recapsOf(db, channelId).then(
      (recaps) => {
        for (const recap of recaps) if (recap.state === state) parts.onDecision(recap.id)
      },
      (error: unknown) => log.warn({ error: errorText(error), channelId }, 'waiting recaps were not woken'),
    )
  return {
    pages: [
      assetRoutes(config.siteFiles),
      publicRoutes({
        legal: {
          operator: config.operator,
          keepDays: Math.round(config.retention.recapMaxAgeMs / (24 * 60 * 60_000)),
          billing: parts.subscribers !== null,
        },
        recap: (recapId) => publicRecap(db, recapId, config.google.watch),
      }),
      siteRoutes({
        ...common,
        sessions,
        showcase: () => showcase(db, config.google.watch),
        steps: {
          db,
          twitch: {
            botIsModerator: (id) => forAPage(facts.botIsModerator(id)),
            extensionActive: (id) => forAPage(facts.extensionActive(id)),
            eventsArrive: (id) => forAPage(facts.eventsArrive(id)),
          },
          botName: config.twitch.botName,
          clips: config.vods.source === 'clips',
          clipScope: CLIP_SCOPE,
          plan: (channelId) => parts.subscribers?.planOf(channelId) ?? Promise.resolve(null),
        },
        onDecision: parts.onDecision,
        readUnsubscribe: (link) => readUnsubscribe(db, box, link),
        tryChain: (channelId) =>
          tryChain(
            {
              twitch,
              vods,
              eventsArrive: facts.eventsArrive,
              youtubeName: async (id) => (await nameOf((force) => token(id, force))).title,
            },
            channelId,
          ),
        async makeModerator(channelId) {
          facts.forget(channelId)
          await twitch.makeBotModerator(channelId).catch(() => {
            const sentence =
              'Twitch did not let Echoes make the bot a moderator. Allow it first, or type /mod.'
            throw new Refusal('moderator', sentence)
          })
        },
      }),
      deskRoutes({
        ...common,
        storage,
        previews: makePreviews({ db, clock, storage, vods, room: parts.room, mayRender: parts.mayRender }),
        onDecision: parts.onDecision,
        onAgain: parts.onAgain,
        onOwnVideo: parts.onOwnVideo,
      }),
      downloadRoutes({ gate, storage }),
      accountRoutes({ ...common, storage, onLeaving: parts.onLeaving }),
      ...(parts.subscribers ? [billingRoutes({ ...common, log, subscribers: parts.subscribers })] : []),
      settingsRoutes({
        ...common,
        box,
        storage,
        siteUrl,
        hooks: config.hooks,
        longestKeepMs: config.retention.recapMaxAgeMs,
        billing: parts.subscribers !== null,
        tryBucket: (url, keys) => tryBucket(url, keys, config.hooks),
        expectRoom: (bytes) => expectRoom(parts.room, bytes),
        usersByLogin,
        tryClip,
      }),
      // The same contract as in the extension, for whom the cookie says they are.
      new Hono().route(
        '/site/config',
        configRoutes({
          db,
          now: () => clock.now(),
          siteUrl,
          flood: floodGate(FLOOD),
          async viewerOf(c) {
            const { userId, channelId } = await gate.streamer(c)
            return { channelId, userId, opaqueId: userId, role: 'broadcaster' }
          },
          missing: (channelId) => missingOf(db, channelId, parts.mayRender),
          usersByLogin,
          search: (name) => twitch.searchUsers(name),
        }),
      ),
      connectRoutes({
        db,
        clock,
        log,
        box,
        sessions,
        siteUrl,
        botUserId: config.twitch.botUserId,
        twitch: parts.twitchSignIn,
        youtube: parts.youtube,
        youtubeChannel: (tokens) => nameOf(async () => tokens.accessToken),
        onChannel(channelId) {
          facts.forget(channelId)
          parts.onChannel(channelId)
          wake(channelId, 'preparing')
        },
        onYoutube: (channelId) => wake(channelId, 'rendered'),
      }),
    ],
    open: [
      deckRoutes({ db, clock }),
      unsubscribeRoutes({ db, clock, readUnsubscribe: (link) => readUnsubscribe(db, box, link) }),
    ],
  }
}

/** A page does not wait for Twitch for longer, which may be busy for minutes: null until it has answered. */
async function forAPage<T>(answer: Promise<T | null>): Promise<T | null> {
  const answered = new AbortController()
  try {
    return await Promise.race([answer, sleep(PAGE_WAITS_MS, null, { signal: answered.signal })])
  } finally {
    answered.abort()
  }
}

/** What Twitch says for the steps, remembered for a minute; a question it does not answer is answered with null. */
function twitchFacts({ db, clock, log, config, twitch, callback }: SiteParts) {
  const known = new Map<string, { untilMs: number; fact: Promise<boolean | null> }>()
  const ask = (name: string, channelId: string, question: () => Promise<boolean | null>) => {
    const key = `${channelId}:${name}`
    const before = known.get(key)
    if (before && before.untilMs > clock.now()) return before.fact
    const fact = question().catch((error: unknown) => {
      log.info({ error: errorText(error), channelId, name }, 'Twitch did not answer a question')
      known.delete(key)
      return null
    })
    known.set(key, { untilMs: clock.now() + FACTS_FOR_MS, fact })
    return fact
  }
  return {
    forget(channelId: string) {
      for (const key of known.keys()) if (key.startsWith(`${channelId}:`)) known.delete(key)
    },
    botIsModerator: (channelId: string) =>
      ask('moderator', channelId, async () => {
        const grant = await findGrant(db, channelId, 'twitch')
        return grant?.state === 'ok' ? twitch.botIsModerator(channelId, grant.scopes) : null
      }),
    extensionActive: (channelId: string) =>
      config.extension
        ? ask('extension', channelId, () =>
            twitch.extensionActive(channelId, config.extension?.clientId ?? ''),
          )
        : Promise.resolve(null),
    async eventsArrive(channelId: string) {
      // Not remembered: it is what changes while one waits for it.
      const all = await twitch.subscriptionsOf(channelId).catch(() => null)
      if (!all) return null
      const works = (type: string) =>
        all.some(
          (s) =>
            s.type === type && s.channelId === channelId && s.status === 'enabled' && s.callback === callback,
        )
      return WANTED_EVENTS.every(works)
    },
  }
}

/** What the build made for browsers (scripts/site/build.ts). */
function assetRoutes(dir: string): Hono {
  const app = new Hono()
  app.get('/assets/:file{[\\w-]+\\.(js|css)}', async (c) => {
    const file = c.req.param('file')
    const body = await readFile(join(dir, file)).catch(() => null)
    if (!body) return c.notFound()
    const type = ASSET_TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    return c.body(body, 200, { 'content-type': type, 'cache-control': 'no-cache' })
  })
  return app
}
