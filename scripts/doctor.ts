/**
 * `npm run doctor`: looks whether everything Echoes needs is there and answers, and says what to do where it does not.
 * Changes nothing. Exit code 1 when something must be mended.
 *
 *   --json  print what was found as one line of JSON, last
 */
import { access, constants, mkdir, writeFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { createTransport } from 'nodemailer'
import { bytesText } from '../shared/bytes-text.ts'
import { readConfig, type Config } from '../backend/config.ts'
import { twitchTokenStore } from '../backend/connections.ts'
import { systemClock } from '../shared/clock.ts'
import { lookAtDatabase, type Database } from '../backend/db/database.ts'
import { allGrants } from '../backend/db/grants.ts'
import { stripeBilling } from '../backend/billing/stripe.ts'
import { openDepartures } from '../backend/db/departures.ts'
import { overdueMessages } from '../backend/db/outbox.ts'
import { OVERDUE_MS } from '../backend/jobs/departures.ts'
import { hasFfmpeg } from '../backend/media/look.ts'
import { openStorage } from '../backend/storage/open.ts'
import { freeBytes } from '../backend/storage/free-space.ts'
import { tokenBox } from '../backend/token-box.ts'
import { helix } from '../backend/twitch/helix.ts'
import { storedAuthProvider } from '../backend/twitch/tokens.ts'
import { EVENTSUB_PATH } from '../backend/web/eventsub.ts'

export interface Finding {
  about: string
  /** `note`: works, with less. */
  state: 'fine' | 'note' | 'wrong'
  sentence: string
  /** What to do; empty where nothing is. */
  advice: string
}

const TIMEOUT_MS = 10_000
const MOST_DRIFT_MS = 5_000
const SHORT_OF_ROOM = 5
const BOT_SILENT_MS = 2 * 60_000
const NEWS_OVERDUE_MS = 60 * 60_000

type Found = Omit<Finding, 'about'>
type Look = (config: Config) => Promise<Found>
const fine = (sentence: string) => ({ state: 'fine' as const, sentence, advice: '' })
const note = (sentence: string, advice: string) => ({ state: 'note' as const, sentence, advice })
const wrong = (sentence: string, advice: string) => ({ state: 'wrong' as const, sentence, advice })

const LOOKS: Record<string, Look> = {
  'Node.js': async () => {
    const major = Number(process.versions.node.split('.')[0])
    return major >= 22
      ? fine(process.version)
      : wrong(`${process.version} is too old`, 'Start by `npm start`, which brings its own Node.')
  },
  Disk: async ({ dataDir, diskReserveBytes }) => {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK)
    const probe = join(dataDir, '.doctor-disk')
    await writeFile(probe, 'x')
    await rm(probe)
    const free = await freeBytes(dataDir)
    const text = `${bytesText(free)} free at ${dataDir}`
    if (free < diskReserveBytes)
      return wrong(
        `${text}, less than DISK_RESERVE_MB keeps free`,
        'Recaps wait until there is room: make some.',
      )
    return free < SHORT_OF_ROOM * diskReserveBytes
      ? note(text, 'A long recap in high quality takes a few gigabytes while it is made.')
      : fine(text)
  },
  Storage: async ({ storage: { url, before, keys }, dataDir }) => {
    const storage = openStorage(url, keys, join(dataDir, 'storage'))
    const file = join(dataDir, '.doctor-storage')
    const key = `doctor/${Date.now()}`
    await writeFile(file, 'x')
    await storage.put(key, file)
    const digest = await storage.digest(key)
    await storage.delete(key)
    if (!digest)
      return wrong('what is put there is not there', 'Look whether the bucket and its keys are right.')
    let [count, bytes] = [0, 0]
    for await (const object of storage.list()) {
      count++
      bytes += object.bytes
    }
    const text = `${count} files, ${bytesText(bytes)}, at ${url.split('?')[0]}`
    return before
      ? note(
          text,
          'STORAGE_URL_BEFORE is set: move what still lies there (`npm run storage -- move`), and take it away.',
        )
      : fine(text)
  },
  Billing: async ({ billing }) => {
    if (!billing) return fine('off: no keys of Stripe')
    const { name, amount, currency } = await stripeBilling(billing).price()
    return fine(`Stripe answers; the plan is “${name}”, ${amount ?? '?'} ${currency} in its smallest unit`)
  },
  'Deleted accounts': ({ databaseUrl }) =>
    inDatabase(databaseUrl, async (db) => {
      const open = await openDepartures(db)
      const late = open.filter((d) => Date.now() - d.askedAtMs > OVERDUE_MS)
      return late.length > 0
        ? wrong(
            `${late.length} should be gone by now`,
            'The log says what fails; the policies allow seven days.',
          )
        : fine(open.length > 0 ? `${open.length} under way` : 'none under way')
    }),
  'Mail and other news': ({ databaseUrl }) =>
    inDatabase(databaseUrl, async (db) => {
      const overdue = await overdueMessages(db, Date.now() - NEWS_OVERDUE_MS)
      return overdue > 0
        ? wrong(
            `${overdue} have waited for over an hour`,
            'The log says what the mail server, or the address, answers.',
          )
        : fine('nothing has waited for long')
    }),
  Database: ({ databaseUrl, tokenKeys }) =>
    inDatabase(databaseUrl, async (db) => {
      await sql`select 1`.execute(db)
      const box = tokenBox(tokenKeys)
      const grants = await allGrants(db)
      let unreadable = 0
      for (const grant of grants)
        await box.open(grant.tokens, `grant:${grant.provider}:${grant.channelId}`).catch(() => unreadable++)
      return unreadable > 0
        ? wrong(
            `${unreadable} of ${grants.length} grants cannot be read with TOKEN_KEYS`,
            'Add the key that sealed them behind the newest; without it their owners must connect again.',
          )
        : fine(`it answers, its tables are of this version, all ${grants.length} grants can be read`)
    }),
  Clock: async ({ twitch }) => {
    const before = Date.now()
    const answer = await fetch(`${twitch.addresses.id}/validate`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const date = answer.headers.get('date')
    if (!date) return note('Twitch did not say what time it is', '')
    const driftMs = Math.abs((before + Date.now()) / 2 - new Date(date).getTime() - 500)
    return driftMs > MOST_DRIFT_MS
      ? wrong(
          `${Math.round(driftMs / 1000)} s off`,
          'Events are refused and moments are off. Turn time synchronisation on.',
        )
      : fine('within seconds of Twitch’s')
  },
  'This address': async ({ siteUrl }) => {
    const secure = siteUrl.startsWith('https://')
    const answer = await fetch(`${siteUrl}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
      () => null,
    )
    if (!answer?.ok)
      return wrong(
        `${siteUrl} does not answer`,
        'Start Echoes (`npm start`), and let your proxy pass this name to HOST and PORT.',
      )
    return secure
      ? fine(`${siteUrl} answers`)
      : wrong(`${siteUrl} answers without https`, 'Twitch delivers events to https on port 443 only.')
  },
  Twitch: async (config) => {
    const { bot } = await twitchOf(config)
    return bot
      ? fine(`the application is known, and the bot is ${bot.displayName}`)
      : wrong('TWITCH_BOT_USER_ID is nobody’s', 'Look the account’s numeric id up once more.')
  },
  'Bot in chat': ({ databaseUrl }) =>
    inDatabase(databaseUrl, async (db) => {
      const heard = await db.selectFrom('chat_heard').select('at').executeTakeFirst()
      if (!heard)
        return note('no bot has been in chat yet', 'It joins when it runs and a streamer has signed in.')
      const silentMs = Date.now() - heard.at
      return silentMs > BOT_SILENT_MS
        ? wrong(
            `no bot has heard chat for ${Math.round(silentMs / 60_000)} min`,
            'Start one (`npm start`, or `-- --role bot`), and look at its log and /healthz.',
          )
        : fine('it hears')
    }),
  'Twitch’s events': async (config) => {
    const { api } = await twitchOf(config)
    const ours: { status: string }[] = []
    for await (const page of api.allSubscriptions())
      ours.push(...page.filter((s) => s.callback === `${config.siteUrl}${EVENTSUB_PATH}`))
    const dead = ours.filter((s) => s.status !== 'enabled')
    if (ours.length === 0)
      return note(
        'there are no subscriptions for this address yet',
        'They come when the first streamer signs in.',
      )
    return dead.length > 0
      ? note(
          `${dead.length} of ${ours.length} subscriptions do not work (${[...new Set(dead.map((s) => s.status))].join(', ')})`,
          'The worker makes them anew within minutes. If they stay: is the address reachable from outside?',
        )
      : fine(`${ours.length} subscriptions work`)
  },
  Google: async ({ google }) => {
    const answer = await fetch(google.addresses.token, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'doctor',
        client_id: google.clientId,
        client_secret: google.clientSecret,
      }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const { error } = (await answer.json().catch(() => ({}))) as { error?: string }
    // A client it knows is told that the code is none; one it does not know is not even asked for it.
    return error === 'invalid_client' || error === 'unauthorized_client'
      ? wrong(
          'Google does not know GOOGLE_CLIENT_ID and its secret',
          'Compare both at console.cloud.google.com.',
        )
      : fine('the client is known')
  },
  Mail: async ({ mail }) => {
    const transport = createTransport({
      url: mail.url,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
    })
    return transport.verify().then(
      () => fine('the server lets us in'),
      (error: unknown) => {
        const { code, responseCode } = error as { code?: string; responseCode?: number }
        return wrong(
          `the server said ${responseCode ?? code ?? 'nothing'}`,
          'Compare SMTP_URL with your provider’s words.',
        )
      },
    )
  },
  Extension: async ({ extension }) =>
    extension
      ? extension.secrets.every((secret) => Buffer.from(secret, 'base64').length >= 32)
        ? fine('its secret has the form of one')
        : wrong('a secret is too short', 'Copy "Extension Secret" from the developer console, whole.')
      : note(
          'there is none',
          'Chat works without it. The panel needs EXTENSION_CLIENT_ID and its two fellows.',
        ),
  ffmpeg: async () =>
    (await hasFfmpeg())
      ? fine('cards, fades, loudness and shorts can be made')
      : note('there is none', 'Recaps are plain without it: `apt-get install ffmpeg`.'),
}

/** Only looks: bringing tables up to date is for a start of the service, after a backup. */
async function inDatabase(url: string, look: (db: Database) => Promise<Found>): Promise<Found> {
  const found = await lookAtDatabase(url)
  if (!found) return note('there is none yet', 'The first start makes it.')
  const { db, isBehind } = found
  try {
    if (isBehind)
      return wrong(
        'its tables are of an older version',
        'Make a backup (`npm run backup`), then start the service: it brings them up to date.',
      )
    return await look(db)
  } finally {
    await db.destroy()
  }
}

async function twitchOf(config: Config) {
  const { clientId, clientSecret, botUserId, eventsubSecret: secret } = config.twitch
  const found = await lookAtDatabase(config.databaseUrl)
  if (!found || found.isBehind) throw new Error('that needs the database of this version')
  const { db } = found
  try {
    const store = twitchTokenStore(db, tokenBox(config.tokenKeys), systemClock)
    const api = helix({
      authProvider: storedAuthProvider(clientId, clientSecret, store),
      botUserId,
      eventsub: { callback: `${config.siteUrl}${EVENTSUB_PATH}`, secret },
    })
    return { api, bot: await api.userById(botUserId) }
  } finally {
    await db.destroy()
  }
}

/** Each look by itself: one that fails stops none of the others. */
export async function examine(config: Config): Promise<Finding[]> {
  return Promise.all(
    Object.entries(LOOKS).map(async ([about, look]) => {
      const found = await look(config).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'no reason given'
        return wrong(
          `it could not be looked at (${reason})`,
          'Is the network there, and are the settings right?',
        )
      })
      return { about, ...found }
    }),
  )
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  const read = readConfig(process.env)
  const findings = read.ok
    ? await examine(read.config)
    : read.reason.map((sentence) => ({ about: 'Settings', ...wrong(sentence, 'Write it into .env.') }))
  for (const { about, state, sentence, advice } of findings) {
    console.log(`${{ fine: '✓', note: '–', wrong: '✗' }[state]} ${about.padEnd(16)} ${sentence}`)
    if (advice) console.log(`  ${' '.repeat(16)} ${advice}`)
  }
  const bad = findings.filter((f) => f.state === 'wrong').length
  console.log(bad === 0 ? '\nNothing must be mended.' : `\n${bad} to mend.`)
  if (values.json) console.log(JSON.stringify(findings))
  process.exit(bad === 0 ? 0 : 1)
}

if (process.argv[1] === import.meta.filename) await main()
