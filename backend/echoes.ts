/** Constructs Echoes from its configuration: the only place where the parts are put together. */
import { serve } from '@hono/node-server'
import { sql } from 'kysely'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { MailKind } from '../shared/settings.ts'
import { systemClock, type Clock } from '../shared/clock.ts'
import { chatHandler, makeBot } from './bot/bot.ts'
import { chatPeople } from './bot/people.ts'
import { isCommand } from './bot/commands.ts'
import { channelWords } from './bot/words.ts'
import type { Config, RoleName } from './config.ts'
import { twitchTokenStore, youtubePublisher, youtubeTokens } from './connections.ts'
import { clipOrders } from './db/clip-orders.ts'
import { openDatabase, type Database } from './db/database.ts'
import { wakeEvents } from './db/inbox.ts'
import { makeEngine } from './jobs/engine.ts'
import { makeExtension } from './extension.ts'
import { startOps } from './ops.ts'
import { durationOf } from './media/probe.ts'
import { Downloads } from './media/downloads.ts'
import { clipsSource } from './jobs/sources/clips.ts'
import { fileSource } from './jobs/sources/file.ts'
import { hlsSource } from './jobs/sources/hls.ts'
import { makeReconciler } from './jobs/reconcile.ts'
import { makeTimers } from './jobs/timers.ts'
import { errorText, type Log } from './log.ts'
import { makeMetrics } from './metrics.ts'
import { smtpMailer } from './mail/mailer.ts'
import { roundsOf } from './rounds.ts'
import { makeSite } from './site.ts'
import { unsubscribeUrl } from './unsubscribe-links.ts'
import { freeBytes } from './storage/free-space.ts'
import { storageOf, storageOrigin } from './storage/open.ts'
import { stripeBilling, stripePages } from './billing/stripe.ts'
import { makeSubscribers } from './subscribers.ts'
import { tokenBox } from './token-box.ts'
import { lineOfEvent } from './twitch/chat.ts'
import { ircTransport } from './twitch/irc.ts'
import { twitchClips } from './twitch/clips.ts'
import { helix } from './twitch/helix.ts'
import { twitchSignIn } from './twitch/sign-in.ts'
import { storedAuthProvider } from './twitch/tokens.ts'
import { vodMasterUrl } from './twitch/vod-hls.ts'
import { makeApp } from './web/app.ts'
import { TWITCH_CALLBACK, YOUTUBE_CALLBACK } from './web/connect.ts'
import { EVENTSUB_PATH, eventsubRoutes } from './web/eventsub.ts'
import { stripeRoutes } from './web/stripe-events.ts'
import { youtubeConnect } from './youtube/connect.ts'

/** A bot that hears more is better two. */
const MOST_ROOMS = 2_000
/** Of what lies in a bucket, a copy stays on this machine for so long after it was used last. */
const COPIES_LAST_MS = 60 * 60_000

export interface Echoes {
  db: Database
  /** The port the web role listens on; null without it. */
  port: number | null
  /** The port of `/metrics` and `/healthz`; null where none is wanted. */
  opsPort: number | null
  /** What the web role answers. */
  routes: { method: string; path: string }[]
  stop(): Promise<void>
}

export interface EchoesOptions {
  config: Config
  roles: readonly RoleName[]
  log: Log
  clock?: Clock
}

export async function startEchoes({
  config,
  roles,
  log,
  clock = systemClock,
}: EchoesOptions): Promise<Echoes> {
  mkdirSync(config.dataDir, { recursive: true })
  const db = await openDatabase(config.databaseUrl)
  const box = tokenBox(config.tokenKeys)
  const { siteUrl, twitch: t } = config
  const callback = `${siteUrl}${EVENTSUB_PATH}`
  const authProvider = storedAuthProvider(t.clientId, t.clientSecret, twitchTokenStore(db, box, clock))
  const twitch = helix({
    authProvider,
    botUserId: t.botUserId,
    eventsub: { callback, secret: t.eventsubSecret },
  })
  const google = youtubeConnect({ ...config.google, redirectUri: `${siteUrl}${YOUTUBE_CALLBACK}` })
  const storage = storageOf(config.storage, `${config.dataDir}/storage`)
  const downloads = new Downloads({ overall: 12, perHost: 6 })
  const {
    clipPollMs: pollMs,
    clipWaitMs: patienceMs,
    clipLostMs: lostMs,
    recordingsDir: folder,
  } = config.vods
  const vods = {
    hls: () => hlsSource({ masterUrl: (vodId) => vodMasterUrl(vodId, t.hls), downloads }),
    clips: () =>
      clipsSource({
        clips: twitchClips(authProvider),
        orders: clipOrders(db),
        downloads,
        pollMs,
        patienceMs,
        lostMs,
        now: () => clock.now(),
      }),
    file: () => fileSource({ folder, durationOf, now: () => clock.now() }),
  }[config.vods.source]()
  const publisher = youtubePublisher(db, box, clock, google, config.google.addresses.api)
  const youtubeToken = youtubeTokens(db, box, clock, google)
  const room = {
    reserveBytes: config.diskReserveBytes,
    free: () => freeBytes(config.dataDir),
  }
  const toEndMails = (channelId: string, kind: MailKind) => unsubscribeUrl(db, siteUrl, channelId, kind)
  const subscribers =
    config.billing &&
    makeSubscribers(db, {
      ...config.billing,
      clock,
      log,
      siteUrl,
      stripe: stripeBilling(config.billing),
      notices: { db, unsubscribeUrl: toEndMails },
    })
  const mayRender = async (channelId: string) =>
    subscribers ? (await subscribers.accessOf(channelId)).mayRender : true
  const fetching = { db, clock, log, twitch, vods, storage, room, mayRender }
  const engine = await makeEngine(config.engineUrl, {
    ...fetching,
    waits: config.waits,
    publisher,
    siteUrl,
    unsubscribeUrl: toEndMails,
  })
  const decided = (recapId: string) => {
    engine
      .decided(recapId)
      .catch((error: unknown) => log.warn({ error: errorText(error) }, 'a signal was not sent'))
  }
  const metrics = makeMetrics(roles.join('+'))
  const chat = {
    db,
    clock,
    log,
    people: chatPeople(db, log, twitch),
    say: async (channelId: string, text: string) => {
      await twitch.say(channelId, text).catch((error: unknown) => {
        metrics.replies.inc({ outcome: 'failed' })
        throw error
      })
      metrics.replies.inc({ outcome: 'said' })
    },
    onCommand: () => metrics.commands.inc(),
  }
  const heard = chatHandler(chat)
  const wordsOf = channelWords(db, clock)
  const mailer = smtpMailer(config.mail.url, config.mail.from)
  const extension =
    config.extension && makeExtension(config.extension, { db, clock, log, config, twitch, mayRender })
  const signIn = twitchSignIn({ ...t, redirectUri: `${siteUrl}${TWITCH_CALLBACK}` })
  const tokenOf = async (userId: string, force: boolean) => {
    const token = force
      ? await authProvider.refreshAccessTokenForUser?.(userId)
      : await authProvider.getAccessTokenForUser(userId)
    return token?.accessToken ?? null
  }
  const reconciler = makeReconciler({
    ...fetching,
    callback,
    showEnded: (showId) => engine.showEnded(showId),
  })
  const timers = makeTimers(
    db,
    clock,
    log,
    roundsOf({
      ...fetching,
      config,
      box,
      publisher,
      engine,
      heard,
      mailer,
      subscribers,
      metrics,
      reconciler,
      signIn,
      tokenOf,
      google,
      youtubeToken,
      extension: extension?.timer ?? null,
    }),
  )
  const bot = makeBot({
    ...chat,
    refreshMs: config.rounds.channelsMs,
    heardMs: config.rounds.heardMs,
    sharing: config.shareRooms ? { leaseMs: 3 * config.rounds.channelsMs, most: MOST_ROOMS } : null,
    onRooms: (count) => metrics.rooms.set(count),
    onGap: ({ fromMs, toMs }) => metrics.unheardMs.inc(toMs - fromMs),
    transport: (events) =>
      ircTransport({
        ...events,
        ...(t.ircServer ? { server: t.ircServer } : {}),
        onState: (state) =>
          state === 'heard' || state === 'passed-over'
            ? metrics.chatLines.inc({ state })
            : metrics.connections.inc({ state }),
      }),
  })

  const begin = (what: string, work: Promise<void>) =>
    void work.catch((error: unknown) => log.warn({ error: errorText(error) }, what))
  const site = makeSite({
    db,
    clock,
    log,
    config,
    box,
    twitch,
    twitchSignIn: signIn,
    youtube: google,
    vods,
    storage,
    room,
    mayRender,
    subscribers,
    callback,
    onDecision: decided,
    onLeaving: () => timers.nudge('departures'),
    onAgain: (showId) => begin('a recap was not begun anew', engine.makeAgain(showId)),
    onOwnVideo: (showId, longEchoId) => begin('a video was not begun', engine.ownVideo(showId, longEchoId)),
    onChannel: (channelId) => {
      begin('the events of a channel were not subscribed to', reconciler.channel(channelId))
      if (roles.includes('bot')) begin('the bot did not join', bot.refresh())
    },
  })
  const app = makeApp({
    siteUrl,
    log,
    ready: async () => void (await sql`select 1`.execute(db)),
    extension: extension?.routes ?? null,
    events: eventsubRoutes({
      db,
      clock,
      log,
      secret: t.eventsubSecret,
      isWanted: async (message) => {
        if (message.subscriptionType !== 'channel.chat.message') return true
        const line = lineOfEvent(JSON.parse(message.payload), message.sentAtMs)
        return line !== null && isCommand(line.text, await wordsOf(line.channelId))
      },
      onStored: () => timers.nudge('events'),
    }),
    ...site,
    stripeEvents: subscribers && stripeRoutes({ log, subscribers, onStored: () => timers.nudge('billing') }),
    formTargets: config.billing ? stripePages(config.billing.apiUrl) : [],
    media: [config.storage.url, config.storage.before ?? ''].flatMap((url) => storageOrigin(url) ?? []),
    pictures: ['https://yt3.ggpht.com', 'https://yt3.googleusercontent.com', config.google.watch.images],
  })

  const tidying = setInterval(
    () => begin('copies were not tidied up', storage.tidy(COPIES_LAST_MS)),
    config.rounds.mediaMs,
  )
  tidying.unref()
  let server: ReturnType<typeof serve> | undefined
  let port: number | null = null
  if (roles.includes('web')) {
    port = await new Promise<number>((resolve, reject) => {
      server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, (info: AddressInfo) =>
        resolve(info.port),
      )
      server.on('error', reject)
    })
    log.info({ port }, 'web: listening')
  }
  if (roles.includes('worker')) {
    await wakeEvents(db)
    await engine.startWorker(config.concurrentRecaps)
    timers.start()
    log.info('worker: started')
  }
  if (roles.includes('bot')) {
    await bot.start()
    log.info('bot: started')
  }
  const ops =
    config.opsPort === null
      ? null
      : await startOps(config.opsPort, {
          metrics,
          troubles: () => (roles.includes('bot') ? bot.troubles() : []),
        })
  if (ops) log.info({ port: ops.port }, 'ops: /metrics and /healthz')
  return {
    db,
    port,
    opsPort: ops?.port ?? null,
    routes: app.routes.map(({ method, path }) => ({ method, path })),
    async stop() {
      ops?.stop()
      clearInterval(tidying)
      if (roles.includes('bot')) await bot.stop()
      if (server) await new Promise((resolve) => server?.close(resolve))
      if (roles.includes('worker')) await timers.stop()
      await engine.stop()
      await db.destroy()
    },
  }
}
