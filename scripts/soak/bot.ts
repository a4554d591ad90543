/**
 * Two bots in every room, restarted again and again, while chat of a real channel's timing goes over many channels by
 * both transports. Every command is one that must be accepted: each is to be there once, whatever the bots do.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { changeSettings, saveChannel, setMode } from '../../backend/db/channels.ts'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { WANTED_EVENTS } from '../../backend/jobs/reconcile.ts'
import { EVENTSUB_PATH } from '../../backend/web/eventsub.ts'
import { freePort, startProcess, until, type EchoesProcess } from '../sandbox/process.ts'
import { PEOPLE, startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import type { TimedLine } from './chat-timing.ts'

export interface BotSoakOptions {
  channels: number
  /** How long chat goes on. */
  seconds: number
  restarts: number
  timing: readonly TimedLine[]
  random: () => number
  footageDir: string
  onProgress?: (what: string) => void
}

export interface BotSoakReport {
  channels: number
  /** Chat lines of all kinds. */
  lines: number
  /** Commands among them. */
  sent: number
  accepted: number
  lost: number
  doubled: number
  restarts: number
  /** Times in which no bot heard, as measured by the bots themselves; EventSub heard all the same. */
  gaps: number
  replies: number
  /** People who were answered more often than they asked. */
  answeredTwice: number
  /** Lines said sooner than the limits allow. */
  repliesTooSoon: number
  seconds: number
}

const VIEWERS = 400
const ROOMS_PATIENCE_MS = 180_000
const SETTLE_PATIENCE_MS = 120_000
/** Twitch's limit for an account without a moderator's badge. */
const TWITCH = { lines: 20, windowMs: 30_000 }
/** Our own gap in a channel; a line of a bot that is killed while it is on its way arrives a little later than allowed. */
const GAP_MS = 10_000 - 1_000

export async function soakBot(options: BotSoakOptions): Promise<BotSoakReport> {
  const { channels, seconds, restarts, random, footageDir, onProgress = () => {} } = options
  const began = Date.now()
  const dataDir = mkdtempSync(join(tmpdir(), 'echoes-bot-'))
  const sandbox = await startSandbox({ footageDir })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const environment = {
    ...sandbox.environment({ port, dataDir }),
    LOG_LEVEL: 'fatal',
    HEARD_EVERY_MS: '1000',
    // The list of 200 channels is looked up once; what is subscribed to is there from the start.
    RECONCILE_EVERY_MS: '3600000',
    CHANNELS_EVERY_MS: '5000',
  }
  const processes: EchoesProcess[] = [startProcess(environment, ['web', 'worker'])]
  let db: Database | undefined
  try {
    await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
    db = await openDatabase(join(dataDir, 'echoes.sqlite'))
    const rooms = await openChannels(sandbox, db, channels, environment, site)
    const bots = [startProcess(environment, ['bot']), startProcess(environment, ['bot'])]
    onProgress(`${channels} channels live; two bots join all of them (Twitch allows 20 joins in 10 s)`)
    const inAll = () => [...sandbox.chat.clients].reduce((sum, c) => sum + c.rooms.size, 0) >= 2 * channels
    await until('both bots are in every room', inAll, ROOMS_PATIENCE_MS)

    onProgress(`chat goes on for ${seconds} s, ${restarts} restarts`)
    const restarting = restartBots(bots, environment, { restarts, seconds, random, onProgress })
    const { lines, sent } = await talk(sandbox, rooms, options)
    await restarting
    processes.push(...bots)
    const database = db
    await until('the commands are dealt with', () => isSettled(database, sent.length), SETTLE_PATIENCE_MS)
    const stored = await database.selectFrom('echoes').select('source_key').execute()
    const times = Map.groupBy(stored, (e) => e.source_key)
    const bot = sandbox.twitch.userOf(PEOPLE.bot)
    const replies = sandbox.twitch.chat.filter((l) => l.user.id === bot.id)
    return {
      channels,
      lines,
      sent: sent.length,
      accepted: times.size,
      lost: sent.filter((line) => !times.has(line.id)).length,
      doubled: [...times.values()].filter((same) => same.length > 1).length + stored.length - times.size,
      restarts,
      gaps: (await database.selectFrom('chat_gaps').select('id').execute()).length,
      replies: replies.length,
      answeredTwice: answeredTwice(replies, sent),
      repliesTooSoon: tooSoon(replies),
      seconds: Math.round((Date.now() - began) / 1000),
    }
  } finally {
    for (const process of processes) process.kill()
    await db?.destroy()
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function openChannels(
  sandbox: Sandbox,
  db: Database,
  count: number,
  environment: Record<string, string>,
  site: string,
): Promise<string[]> {
  const { twitch, twitchId, eventsub } = sandbox
  const bot = twitch.userOf(PEOPLE.bot)
  const rooms: string[] = []
  for (let n = 0; n < VIEWERS; n++) twitch.addUser(`viewer${n}`)
  for (let n = 0; n < count; n++) {
    const { id, login, displayName } = twitch.addUser(`channel${n}`)
    rooms.push(id)
    twitchId.grant(id, ['channel:bot'])
    await saveChannel(db, { id, login, displayName, email: null }, Date.now())
    await setMode(db, id, 'everyone', Date.now())
    await changeSettings(db, id, { cooldownMs: 0 }, Date.now())
    // Reconciling would make the same 1,400 subscriptions, at Twitch's pace.
    for (const type of WANTED_EVENTS)
      eventsub.create({
        type,
        version: type === 'channel.update' ? '2' : '1',
        condition: {
          broadcaster_user_id: id,
          ...(type.startsWith('channel.chat.') ? { user_id: bot.id } : {}),
        },
        callback: `${site}${EVENTSUB_PATH}`,
        secret: environment.EVENTSUB_SECRET ?? '',
      })
  }
  await until('Twitch delivers events', () => rooms.every((id) => eventsub.delivers(id, WANTED_EVENTS)))
  for (const id of rooms) twitch.goLive(id, { startedAtMs: Date.now() - 60_000 })
  const known = async () => (await db.selectFrom('streams').select('id').execute()).length >= count
  await until('all streams are known', known)
  return rooms
}

/** Each channel replays a stretch of its own of the real chat. */
async function talk(
  { twitch }: Sandbox,
  rooms: readonly string[],
  { timing, seconds, random }: BotSoakOptions,
): Promise<{ lines: number; sent: { id: string; login: string }[] }> {
  const sent: { id: string; login: string }[] = []
  const span = (timing.at(-1)?.atSec ?? 0) - seconds
  const due = rooms
    .flatMap((channelId) => {
      const from = Math.max(0, random() * span)
      return timing
        .filter((l) => l.atSec >= from && l.atSec < from + seconds)
        .map((line) => ({ channelId, line, atMs: (line.atSec - from + random()) * 1000 }))
    })
    .sort((a, b) => a.atMs - b.atMs)
  const began = Date.now()
  for (const { channelId, line, atMs } of due) {
    const wait = atMs - (Date.now() - began)
    if (wait > 0) await sleep(wait)
    const login = `viewer${line.user % VIEWERS}`
    const text = line.isCommand
      ? `!echo ${10 + (line.length % 50)} ${'x'.repeat(line.length % 20)}`
      : 'x'.repeat(Math.max(1, line.length))
    const said = twitch.say(channelId, login, text)
    if (line.isCommand) sent.push({ id: said.id, login })
  }
  return { lines: due.length, sent }
}

/** One bot after the other goes down, asked or killed, and comes back at once. */
async function restartBots(
  bots: EchoesProcess[],
  environment: Record<string, string>,
  {
    restarts,
    seconds,
    random,
    onProgress = () => {},
  }: Pick<BotSoakOptions, 'restarts' | 'seconds' | 'random' | 'onProgress'>,
): Promise<void> {
  const at = Array.from({ length: restarts }, () => random() * seconds * 1000).sort((a, b) => a - b)
  const began = Date.now()
  for (const [n, ms] of at.entries()) {
    await sleep(Math.max(0, ms - (Date.now() - began)))
    const which = n % bots.length
    const bot = bots[which]
    const killed = random() < 0.5
    if (killed) bot?.kill()
    else bot?.stop()
    await bot?.ended
    bots[which] = startProcess(environment, ['bot'])
    onProgress(`restart ${n + 1}: bot ${which + 1}, ${killed ? 'killed' : 'asked to stop'}`)
  }
}

/** Every command has come to something, and nothing waits in the inbox. */
async function isSettled(db: Database, commands: number): Promise<boolean> {
  const waiting = await db.selectFrom('inbox').select('message_id').where('handled_at', 'is', null).execute()
  if (waiting.length > 0) return false
  const echoes = await db.selectFrom('echoes').select('id').execute()
  const others = await db.selectFrom('handled_commands').select('message_id').execute()
  return echoes.length + others.length >= commands
}

function answeredTwice(replies: readonly { text: string }[], sent: readonly { login: string }[]): number {
  const asked = Map.groupBy(sent, (s) => s.login)
  const answered = new Map<string, number>()
  for (const { text } of replies)
    for (const [, name = ''] of text.matchAll(/@(\w+) /g))
      answered.set(name.toLowerCase(), (answered.get(name.toLowerCase()) ?? 0) + 1)
  return [...answered].filter(([login, times]) => times > (asked.get(login)?.length ?? 0)).length
}

function tooSoon(replies: readonly { channelId: string; atMs: number }[]): number {
  const lastIn = new Map<string, number>()
  return replies.filter(({ channelId, atMs }, n) => {
    const before = lastIn.get(channelId) ?? -Infinity
    lastIn.set(channelId, atMs)
    const earlier = replies[n - TWITCH.lines]?.atMs ?? -Infinity
    return atMs - before < GAP_MS || atMs - earlier < TWITCH.windowMs
  }).length
}
