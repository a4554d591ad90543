/** The environment → typed configuration. Every variable stands in `.env.example`; all faults are told at once. */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { GOOGLE, type GoogleAddresses } from './youtube/connect.ts'
import { TWITCH_HLS, type HlsAddresses } from './twitch/vod-hls.ts'
import { TWITCH, type TwitchAddresses } from './twitch/sign-in.ts'
import type { Result } from '../shared/result.ts'
import { DISCORD, type HookOptions } from './notify/hooks.ts'
import { storageProblem, type StorageKeys } from './storage/open.ts'
import { KEY_LIST } from './token-box.ts'
import type { Waits } from './jobs/context.ts'
import type { WatchAddresses } from './panel-state.ts'

export type RoleName = 'web' | 'bot' | 'worker'

export interface Config {
  siteUrl: string
  host: string
  port: number
  logLevel: string
  dataDir: string
  databaseUrl: string
  engineUrl: string
  tokenKeys: string
  twitch: {
    clientId: string
    clientSecret: string
    botUserId: string
    /** For people. */
    botName: string
    eventsubSecret: string
    addresses: TwitchAddresses
    hls: HlsAddresses
    ircServer: string | undefined
  }
  /** Null: billing is off, and everybody may everything. */
  billing: BillingConfig | null
  /** Null: this installation has no extension inside Twitch. */
  extension: ExtensionConfig | null
  google: { clientId: string; clientSecret: string; addresses: GoogleAddresses; watch: WatchAddresses }
  mail: { url: string; from: string }
  waits: Waits
  rounds: {
    eventsMs: number
    outboxMs: number
    sweepMs: number
    reconcileMs: number
    mediaMs: number
    channelsMs: number
    pushMs: number
    heardMs: number
    harvestMs: number
    grantsMs: number
    resealMs: number
    billingMs: number
    plansMs: number
    departuresMs: number
  }
  hooks: HookOptions
  /** Who runs this installation, for the privacy and terms pages. */
  operator: { name: string; email: string }
  /** What the build made for browsers. */
  siteFiles: string
  /** Several bots share the channels; else each hears all of them. */
  shareRooms: boolean
  /** Port of `/metrics` and `/healthz` on this machine, one for each process; null: none. */
  opsPort: number | null
  outboxHoldMs: number
  retention: { workMaxAgeMs: number; recapMaxAgeMs: number }
  concurrentRecaps: number
  vods: VodConfig
  /** While the stream runs, a moment is fetched once nobody has asked for more of it for this long. */
  harvestQuietMs: number
  storage: StorageConfig
  /** Kept free on the disk for everything else. */
  diskReserveBytes: number
}

export interface BillingConfig {
  secretKey: string
  webhookSecret: string
  priceId: string
  apiUrl: string | undefined
  trialDays: number
  /** How long access continues after a failed payment. */
  graceMs: number
}

export interface StorageConfig {
  /** A folder, or `s3://bucket…`. */
  url: string
  /** Where things lay before, until all are moved; null: nowhere. */
  before: string | null
  keys: StorageKeys | null
}

export interface VodConfig {
  source: 'clips' | 'hls' | 'file'
  /** For `file`: a folder for each channel lies here. */
  recordingsDir: string
  clipPollMs: number
  clipWaitMs: number
  clipLostMs: number
}

export interface ExtensionConfig {
  clientId: string
  /** Base64, the newest first. */
  secrets: string[]
  ownerId: string
  /** Where its pages come from. */
  origins: string[]
}

/** What a required variable is for and where it comes from: shown when it is missing. */
const REQUIRED = {
  PUBLIC_URL: 'the address under which Twitch and browsers reach this server, as https://echoes.example.org',
  TWITCH_CLIENT_ID: 'your application at dev.twitch.tv/console/apps',
  TWITCH_CLIENT_SECRET: 'the secret of that application (same page, "New Secret")',
  TWITCH_BOT_USER_ID: 'the numeric user id of the Twitch account that speaks in chat',
  EVENTSUB_SECRET: 'signs Twitch’s events: 10 to 100 characters of your own, as from `openssl rand -hex 32`',
  TOKEN_KEYS: 'encrypts tokens at rest: `k1:` followed by the output of `openssl rand -base64 32`',
  GOOGLE_CLIENT_ID:
    'an OAuth client of type "web" at console.cloud.google.com, with the YouTube Data API enabled',
  GOOGLE_CLIENT_SECRET: 'the secret of that client (same page)',
  SMTP_URL: 'your mail server, as smtp://user:password@mail.example.org:587',
  MAIL_FROM: 'the sender of mails, as Echoes <echoes@example.org>',
  VOD_SOURCE:
    'where VODs are read from: "clips" (Twitch’s documented way), "hls" (its player addresses, undocumented: your choice to make) or "file" (the streamers’ own recordings, in RECORDINGS_DIR)',
} as const

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ms = (fallback: number) => z.coerce.number().int().min(0).default(fallback)
const url = z.url({ protocol: /^https?$/ })

/** All of these, or none. */
const TOGETHER = [
  ['EXTENSION_CLIENT_ID', 'EXTENSION_SECRETS', 'EXTENSION_OWNER_ID'],
  ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_PRICE_ID'],
] as const

const ENVIRONMENT = z
  .object({
    PUBLIC_URL: url.transform((u) => u.replace(/\/$/, '')),
    TWITCH_CLIENT_ID: z.string().min(1),
    TWITCH_CLIENT_SECRET: z.string().min(1),
    TWITCH_BOT_USER_ID: z.string().regex(/^\d+$/, 'must be a number'),
    TWITCH_BOT_NAME: z.string().default('the bot'),
    EVENTSUB_SECRET: z.string().min(10).max(100),
    TOKEN_KEYS: z
      .string()
      .refine(
        (keys) => keys.startsWith('file:') || KEY_LIST.test(keys),
        'must be k1: and 32 bytes in base64',
      ),
    GOOGLE_CLIENT_ID: z.string().min(1),
    GOOGLE_CLIENT_SECRET: z.string().min(1),
    SMTP_URL: z.string().regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://'),
    MAIL_FROM: z.string().regex(/@/, 'must hold an address'),
    VOD_SOURCE: z.enum(['clips', 'hls', 'file'], 'must be "clips", "hls" or "file"'),
    RECORDINGS_DIR: z.string().default('recordings'),
    CLIP_POLL_MS: ms(5_000),
    CLIP_WAIT_MS: ms(10 * MINUTE),
    CLIP_LOST_MS: ms(HOUR),
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    DATA_DIR: z.string().default('.echoes'),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    SETTLE_MS: ms(3 * MINUTE),
    VOD_POLL_MS: ms(30_000),
    VOD_WAIT_MS: ms(6 * HOUR),
    DECISION_POLL_MS: ms(MINUTE),
    PROCESSING_POLL_MS: ms(10_000),
    ROOM_POLL_MS: ms(MINUTE),
    DAMAGED_AFTER_MS: ms(15 * MINUTE),
    RETRY_MS: ms(2_000),
    LONGEST_RETRY_MS: ms(15 * MINUTE),
    RESTART_MS: ms(15 * MINUTE),
    HARVEST_EVERY_MS: ms(30_000),
    GRANTS_EVERY_MS: ms(5 * MINUTE),
    RESEAL_EVERY_MS: ms(MINUTE),
    BILLING_EVERY_MS: ms(10_000),
    PLANS_EVERY_MS: ms(10 * MINUTE),
    DEPARTURES_EVERY_MS: ms(MINUTE),
    OPERATOR_NAME: z.string().optional(),
    OPERATOR_EMAIL: z.string().regex(/@/, 'must hold an address').optional(),
    DISCORD_WEBHOOKS_URL: url.default(DISCORD),
    HOOKS_LOCAL: z.enum(['yes', 'no']).default('no'),
    SITE_FILES: z.string().default(join(import.meta.dirname, '../dist/site')),
    HARVEST_QUIET_MS: ms(90_000),
    DISK_RESERVE_MB: z.coerce.number().min(0).default(1_000),
    EVENTS_EVERY_MS: ms(2_000),
    OUTBOX_EVERY_MS: ms(5_000),
    OUTBOX_HOLD_MS: ms(90_000),
    SWEEP_EVERY_MS: ms(MINUTE),
    RECONCILE_EVERY_MS: ms(5 * MINUTE),
    MEDIA_EVERY_MS: ms(10 * MINUTE),
    CHANNELS_EVERY_MS: ms(30_000),
    PUSH_EVERY_MS: ms(1_000),
    HEARD_EVERY_MS: ms(5_000),
    BOT_ROOMS: z.enum(['all', 'shared']).default('all'),
    OPS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    RECAP_KEEP_DAYS: z.coerce.number().min(0).default(7),
    CONCURRENT_RECAPS: z.coerce.number().int().min(1).default(2),
    TWITCH_ID_URL: url.default(TWITCH.id),
    TWITCH_API_URL: url.default(TWITCH.api),
    TWITCH_GQL_URL: url.default(TWITCH_HLS.gql),
    TWITCH_USHER_URL: url.default(TWITCH_HLS.usher),
    TWITCH_IRC_SERVER: z.string().optional(),
    GOOGLE_AUTHORIZE_URL: url.default(GOOGLE.authorize),
    GOOGLE_TOKEN_URL: url.default(GOOGLE.token),
    GOOGLE_REVOKE_URL: url.default(GOOGLE.revoke),
    YOUTUBE_API_URL: url.default(GOOGLE.api),
    YOUTUBE_WATCH_URL: url.default('https://www.youtube.com/watch?v='),
    YOUTUBE_IMAGES_URL: url.default('https://i.ytimg.com'),
    STORAGE_URL: z.string().optional(),
    STORAGE_URL_BEFORE: z.string().optional(),
    AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
    AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
    STRIPE_SECRET_KEY: z.string().min(1).optional(),
    STRIPE_WEBHOOK_SECRET: z.string().startsWith('whsec_', 'must begin with whsec_').optional(),
    STRIPE_PRICE_ID: z.string().min(1).optional(),
    STRIPE_API_URL: url.optional(),
    TRIAL_DAYS: z.coerce.number().int().min(0).max(730).default(14),
    PAST_DUE_DAYS: z.coerce.number().min(0).default(7),
    EXTENSION_CLIENT_ID: z.string().min(1).optional(),
    EXTENSION_SECRETS: z
      .string()
      .regex(/^[A-Za-z0-9+/]{20,}={0,2}(,[A-Za-z0-9+/]{20,}={0,2})*$/, 'must be base64, as Twitch shows it')
      .optional(),
    EXTENSION_OWNER_ID: z.string().regex(/^\d+$/, 'must be a number').optional(),
    EXTENSION_ORIGINS: z.string().optional(),
  })
  .superRefine((e, context) => {
    for (const name of ['STORAGE_URL', 'STORAGE_URL_BEFORE'] as const) {
      const problem = e[name] === undefined ? null : storageProblem(e[name], keysOf(e))
      if (problem) context.addIssue({ code: 'custom', path: [name], message: problem })
    }
    for (const names of TOGETHER) {
      const given = names.filter((name) => e[name] !== undefined)
      if (given.length === 0) continue
      const message = `needed together with ${given.join(' and ')}`
      for (const name of names)
        if (e[name] === undefined) context.addIssue({ code: 'custom', path: [name], message })
    }
  })

/** @returns the configuration, or one line for each variable that is missing or wrong */
export function readConfig(env: Record<string, string | undefined>): Result<{ config: Config }, string[]> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = ENVIRONMENT.safeParse(given)
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])))
    const lines = [...names].map((name) => {
      const help = (REQUIRED as Record<string, string>)[name]
      const problem = parsed.error.issues.find((issue) => issue.path[0] === name)?.message ?? ''
      return given[name] === undefined
        ? `${name} is missing: ${help ?? problem}`
        : `${name} ${problem}${help ? ` (${help})` : ''}`
    })
    return { ok: false, reason: lines }
  }
  const e = parsed.data
  const config: Config = {
    siteUrl: e.PUBLIC_URL,
    host: e.HOST,
    port: e.PORT,
    logLevel: e.LOG_LEVEL,
    dataDir: e.DATA_DIR,
    databaseUrl: e.DATABASE_URL ?? `${e.DATA_DIR}/echoes.sqlite`,
    engineUrl: e.DATABASE_URL ?? `${e.DATA_DIR}/jobs.sqlite`,
    tokenKeys: e.TOKEN_KEYS,
    twitch: {
      clientId: e.TWITCH_CLIENT_ID,
      clientSecret: e.TWITCH_CLIENT_SECRET,
      botUserId: e.TWITCH_BOT_USER_ID,
      botName: e.TWITCH_BOT_NAME,
      eventsubSecret: e.EVENTSUB_SECRET,
      addresses: { id: e.TWITCH_ID_URL, api: e.TWITCH_API_URL },
      hls: { gql: e.TWITCH_GQL_URL, usher: e.TWITCH_USHER_URL },
      ircServer: e.TWITCH_IRC_SERVER,
    },
    billing: billingOf(e),
    extension: extensionOf(e),
    google: {
      clientId: e.GOOGLE_CLIENT_ID,
      clientSecret: e.GOOGLE_CLIENT_SECRET,
      addresses: {
        authorize: e.GOOGLE_AUTHORIZE_URL,
        token: e.GOOGLE_TOKEN_URL,
        revoke: e.GOOGLE_REVOKE_URL,
        api: e.YOUTUBE_API_URL,
      },
      watch: { watch: e.YOUTUBE_WATCH_URL, images: e.YOUTUBE_IMAGES_URL },
    },
    mail: { url: e.SMTP_URL, from: e.MAIL_FROM },
    waits: {
      settleMs: e.SETTLE_MS,
      vodPollMs: e.VOD_POLL_MS,
      vodWaitMs: e.VOD_WAIT_MS,
      decisionPollMs: e.DECISION_POLL_MS,
      processingPollMs: e.PROCESSING_POLL_MS,
      roomMs: e.ROOM_POLL_MS,
      damagedMs: e.DAMAGED_AFTER_MS,
      retryMs: e.RETRY_MS,
      longestRetryMs: e.LONGEST_RETRY_MS,
      restartMs: e.RESTART_MS,
    },
    rounds: {
      eventsMs: e.EVENTS_EVERY_MS,
      outboxMs: e.OUTBOX_EVERY_MS,
      sweepMs: e.SWEEP_EVERY_MS,
      reconcileMs: e.RECONCILE_EVERY_MS,
      mediaMs: e.MEDIA_EVERY_MS,
      channelsMs: e.CHANNELS_EVERY_MS,
      pushMs: e.PUSH_EVERY_MS,
      heardMs: e.HEARD_EVERY_MS,
      harvestMs: e.HARVEST_EVERY_MS,
      grantsMs: e.GRANTS_EVERY_MS,
      resealMs: e.RESEAL_EVERY_MS,
      billingMs: e.BILLING_EVERY_MS,
      plansMs: e.PLANS_EVERY_MS,
      departuresMs: e.DEPARTURES_EVERY_MS,
    },
    hooks: { allowLocal: e.HOOKS_LOCAL === 'yes', discord: e.DISCORD_WEBHOOKS_URL },
    operator: {
      name: e.OPERATOR_NAME ?? new URL(e.PUBLIC_URL).host,
      email: e.OPERATOR_EMAIL ?? /<([^>]+)>/.exec(e.MAIL_FROM)?.[1] ?? e.MAIL_FROM,
    },
    siteFiles: e.SITE_FILES,
    shareRooms: e.BOT_ROOMS === 'shared',
    opsPort: e.OPS_PORT ?? null,
    outboxHoldMs: e.OUTBOX_HOLD_MS,
    retention: { workMaxAgeMs: 24 * HOUR, recapMaxAgeMs: e.RECAP_KEEP_DAYS * 24 * HOUR },
    concurrentRecaps: e.CONCURRENT_RECAPS,
    vods: {
      source: e.VOD_SOURCE,
      recordingsDir: e.RECORDINGS_DIR,
      clipPollMs: e.CLIP_POLL_MS,
      clipWaitMs: e.CLIP_WAIT_MS,
      clipLostMs: e.CLIP_LOST_MS,
    },
    harvestQuietMs: e.HARVEST_QUIET_MS,
    storage: {
      url: e.STORAGE_URL ?? resolve(e.DATA_DIR, 'storage'),
      before: e.STORAGE_URL_BEFORE ?? null,
      keys: keysOf(e),
    },
    diskReserveBytes: e.DISK_RESERVE_MB * 1e6,
  }
  return { ok: true, config }
}

function keysOf(e: {
  AWS_ACCESS_KEY_ID?: string | undefined
  AWS_SECRET_ACCESS_KEY?: string | undefined
}): StorageKeys | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = e
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null
}

function billingOf(e: z.infer<typeof ENVIRONMENT>): BillingConfig | null {
  const {
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_PRICE_ID: priceId,
    STRIPE_API_URL: apiUrl,
    TRIAL_DAYS: trialDays,
  } = e
  if (secretKey === undefined || webhookSecret === undefined || priceId === undefined) return null
  const graceMs = e.PAST_DUE_DAYS * 24 * HOUR
  return { secretKey, webhookSecret, priceId, apiUrl, trialDays, graceMs }
}

function extensionOf(e: z.infer<typeof ENVIRONMENT>): ExtensionConfig | null {
  const { EXTENSION_CLIENT_ID: clientId, EXTENSION_SECRETS: secrets, EXTENSION_OWNER_ID: ownerId } = e
  if (clientId === undefined || secrets === undefined || ownerId === undefined) return null
  const hosted = `https://${clientId}.ext-twitch.tv`
  const origins = e.EXTENSION_ORIGINS?.split(',').map((o) => o.trim()) ?? [hosted]
  return { clientId, secrets: secrets.split(','), ownerId, origins }
}
