/** The outside world on loopback: separate small servers, and the environment with which Echoes talks to them. */
import { randomBytes } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { SITE_CSS } from '../../backend/web/site/style.ts'
import { MovableClock } from './clock.ts'
import { Faults, type Service } from './faults.ts'
import { GoogleWorld } from './google/world.ts'
import { listen } from './http.ts'
import { startRig, type Rig } from './rig/rig.tsx'
import { startMail, type MailServer } from './mail.ts'
import { stripeApi } from './stripe/api.ts'
import { stripePages } from './stripe/pages.tsx'
import { StripeWorld } from './stripe/world.ts'
import { startChat, type ChatServer } from './twitch/chat.ts'
import { ClipShop } from './twitch/clips.ts'
import { EventSub } from './twitch/eventsub.ts'
import { helixRoutes } from './twitch/helix.ts'
import { TwitchId } from './twitch/id.tsx'
import { videoServer, type VideoServer } from './twitch/video.ts'
import { TwitchWorld } from './twitch/world.ts'

export interface Sandbox {
  clock: MovableClock
  /** What is wrong with which service just now. */
  faults: Faults
  twitch: TwitchWorld
  twitchId: TwitchId
  eventsub: EventSub
  /** How often Helix was asked what, and how often it said 429. */
  asked: Map<string, number>
  clips: ClipShop
  chat: ChatServer
  video: VideoServer
  google: GoogleWorld
  stripe: StripeWorld
  mail: MailServer
  rig: Rig
  addresses: Record<'rig' | 'twitch' | 'video' | 'google' | 'stripe' | 'chat' | 'smtp', string>
  /** The settings of Echoes against this world; waits are short. */
  /** @param billing Stripe's settings, too: then only who pays gets recaps */
  environment(site: { port: number; dataDir: string; billing?: boolean }): Record<string, string>
  close(): Promise<void>
}

/** People every sandbox has. The streamer's channel knows a moderator; who is approved is Echoes' to say. */
export const PEOPLE = {
  streamer: 'sunny',
  moderator: 'modesto',
  approved: 'appolonia',
  viewers: ['vera', 'victor', 'vilma'],
  bot: 'echoesbot',
}

/** The sandbox's own pages look like the site's. */
const siteCss = (c: Context) => c.body(SITE_CSS, 200, { 'content-type': 'text/css' })

/** @param clock of its whole world; else one that runs as the real one does */
export async function startSandbox({
  footageDir,
  clock: given,
}: {
  footageDir: string
  /** Of all services; without one, Stripe has its own, which can be moved alone. */
  clock?: MovableClock
}): Promise<Sandbox> {
  const clock = given ?? new MovableClock()
  const twitch = new TwitchWorld(clock, footageDir)
  const streamer = twitch.addUser(PEOPLE.streamer)
  const moderator = twitch.addUser(PEOPLE.moderator)
  for (const login of [PEOPLE.approved, ...PEOPLE.viewers]) twitch.addUser(login)
  const bot = twitch.addUser(PEOPLE.bot)
  twitch.giveBadge(streamer.id, moderator.id, 'moderator')
  const rig = await startRig(twitch, PEOPLE.streamer)
  const twitchId = new TwitchId(twitch)
  twitchId.grant(bot.id, ['user:bot', 'user:read:chat', 'user:write:chat'])
  const eventsub = new EventSub(twitch)
  const clips = new ClipShop(twitch)
  const video = videoServer(twitch, clips)
  const asked = new Map<string, number>()
  const count = (what: string) => asked.set(what, (asked.get(what) ?? 0) + 1)
  const helix = helixRoutes({ count, world: twitch, id: twitchId, eventsub, clips, extension: rig.extension })
  const faults = new Faults(clock)
  faults.on('begin', ({ service, fault }) => {
    if (fault !== 'expired') return
    if (service === 'helix' || service === 'twitch-id') twitchId.expireAccess()
    if (service === 'youtube' || service === 'google') google.expireTokens()
  })
  const api = new Hono()
  api.use(faults.gate((path) => (/^\/(oauth2|auth)\//.test(path) ? 'twitch-id' : 'helix')))
  api.get('/site.css', siteCss)
  for (const prefix of ['/oauth2', '/auth']) api.route(prefix, twitchId.routes())
  // twurple's mock mode asks under /mock, except for the subscriptions.
  for (const prefix of ['/helix', '/mock', '/']) api.route(prefix, helix)
  const google = new GoogleWorld(clock)
  const googleApp = new Hono().use(faults.gate(youtubeOrGoogle)).route('/', google.routes())
  googleApp.get('/site.css', siteCss)
  const stripe = new StripeWorld(given)
  const stripeApp = new Hono()
    .use(faults.gate(() => 'stripe'))
    .get('/site.css', siteCss)
    .route('/', stripePages(stripe))
  stripeApp.route(
    '/',
    stripeApi(stripe, () => stripeServer.url),
  )
  const videoApp = new Hono().use(faults.gate(() => 'video')).route('/', video.app)
  const isGone =
    (...services: Service[]) =>
    () =>
      services.some((service) => faults.now(service) === 'refused')
  const [apiServer, videoListening, googleServer, stripeServer] = await Promise.all([
    listen(api, 0, isGone('helix', 'twitch-id')),
    listen(videoApp, 0, isGone('video')),
    listen(googleApp, 0, isGone('youtube', 'google')),
    listen(stripeApp, 0, isGone('stripe')),
  ])
  clips.baseUrl = videoListening.url
  const chat = await startChat(twitch, 0, faults)
  const mail = await startMail(0, faults)
  const secrets = { eventsub: randomBytes(24).toString('hex'), tokens: randomBytes(32).toString('base64') }
  return {
    clock,
    faults,
    asked,
    twitch,
    twitchId,
    eventsub,
    clips,
    chat,
    video,
    google,
    stripe,
    mail,
    rig,
    addresses: {
      rig: rig.url,
      twitch: apiServer.url,
      video: videoListening.url,
      google: googleServer.url,
      stripe: stripeServer.url,
      chat: `ws://127.0.0.1:${chat.port}`,
      smtp: `smtp://127.0.0.1:${mail.port}`,
    },
    environment: ({ port, dataDir, billing = false }) => ({
      ...(billing ? billingSettings(stripe, stripeServer.url, port) : {}),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      PORT: String(port),
      DATA_DIR: dataDir,
      TWITCH_CLIENT_ID: twitchId.client.id,
      TWITCH_CLIENT_SECRET: twitchId.client.secret,
      TWITCH_BOT_USER_ID: bot.id,
      TWITCH_BOT_NAME: PEOPLE.bot,
      EVENTSUB_SECRET: secrets.eventsub,
      TOKEN_KEYS: `k1:${secrets.tokens}`,
      GOOGLE_CLIENT_ID: google.client.id,
      GOOGLE_CLIENT_SECRET: google.client.secret,
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      MAIL_FROM: 'Echoes <echoes@example.com>',
      VOD_SOURCE: 'hls',
      EXTENSION_CLIENT_ID: rig.extension.clientId,
      EXTENSION_SECRETS: rig.extension.secret,
      EXTENSION_OWNER_ID: rig.extension.ownerId,
      EXTENSION_ORIGINS: rig.filesUrl,
      YOUTUBE_WATCH_URL: `${googleServer.url}/watch/`,
      YOUTUBE_IMAGES_URL: googleServer.url,
      TWITCH_ID_URL: `${apiServer.url}/oauth2`,
      TWITCH_API_URL: `${apiServer.url}/helix`,
      TWITCH_GQL_URL: `${videoListening.url}/gql`,
      TWITCH_USHER_URL: videoListening.url,
      TWITCH_IRC_SERVER: `127.0.0.1:${chat.port}`,
      TWURPLE_MOCK_API_PORT: String(apiServer.port),
      GOOGLE_AUTHORIZE_URL: `${googleServer.url}/o/oauth2/v2/auth`,
      GOOGLE_TOKEN_URL: `${googleServer.url}/token`,
      GOOGLE_REVOKE_URL: `${googleServer.url}/revoke`,
      YOUTUBE_API_URL: `${googleServer.url}/`,
      SETTLE_MS: '300',
      VOD_POLL_MS: '300',
      DECISION_POLL_MS: '500',
      PROCESSING_POLL_MS: '500',
      ROOM_POLL_MS: '500',
      DAMAGED_AFTER_MS: '1000',
      RETRY_MS: '300',
      LONGEST_RETRY_MS: '2000',
      RESTART_MS: '3000',
      HARVEST_EVERY_MS: '1000',
      HARVEST_QUIET_MS: '90000',
      DISK_RESERVE_MB: '100',
      EVENTS_EVERY_MS: '200',
      OUTBOX_EVERY_MS: '300',
      OUTBOX_HOLD_MS: '5000',
      SWEEP_EVERY_MS: '1000',
      RECONCILE_EVERY_MS: '60000',
      GRANTS_EVERY_MS: '1000',
      RESEAL_EVERY_MS: '1000',
      BILLING_EVERY_MS: '500',
      PLANS_EVERY_MS: '1000',
      DEPARTURES_EVERY_MS: '500',
      HOOKS_LOCAL: 'yes',
      CHANNELS_EVERY_MS: '1000',
      LOG_LEVEL: 'warn',
    }),
    async close() {
      eventsub.close()
      await Promise.all([
        apiServer.close(),
        videoListening.close(),
        googleServer.close(),
        stripeServer.close(),
        chat.close(),
        mail.close(),
        rig.close(),
      ])
    },
  }
}

function youtubeOrGoogle(path: string): Service {
  return /^\/(upload\/)?youtube\//.test(path) ? 'youtube' : 'google'
}

function billingSettings(stripe: StripeWorld, url: string, port: number): Record<string, string> {
  stripe.endpoint = `http://127.0.0.1:${port}/events/stripe`
  return {
    STRIPE_SECRET_KEY: stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
    STRIPE_PRICE_ID: stripe.price.id,
    STRIPE_API_URL: url,
  }
}
