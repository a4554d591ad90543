/**
 * Kills Echoes (`kill -9`) while it takes echoes, makes a recap, uploads it and mails, and looks what is left of it.
 *
 * Each instance is a streamer with a sandbox, an Echoes and a database of their own; they run side by side because a
 * run whose worker died is taken up again after the 30 s of its lease. A kill comes at a {@link Point}: at the
 * boundary of a step as the engine records it, at an act that the outside world sees, or shortly after one of them.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { recapsOf } from '../../backend/db/recaps.ts'
import { countingEchoes } from '../../backend/db/echoes.ts'
import { messageCounts } from '../../backend/db/outbox.ts'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { WANTED_EVENTS } from '../../backend/jobs/reconcile.ts'
import { freePort, startProcess, until, type EchoesProcess } from '../sandbox/process.ts'
import { PEOPLE, startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { setUpStreamer } from '../sandbox/visitor.ts'
import { watchSteps, type StepWatch } from './steps.ts'

/** In the order in which a show meets them. */
export const POINTS = [
  'a command is said',
  'the bot answers',
  'the end is told',
  'confirm running',
  'confirm completed',
  'locate-0 running',
  'locate-0 completed',
  'render running',
  'parts are fetched',
  'render completed',
  'decision-0 completed',
  'an upload session opens',
  'half the video is there',
  'the whole video is there',
  'publish-0 completed',
  'the mail is there',
] as const
export type Point = (typeof POINTS)[number]

export interface KillsOptions {
  /** For each instance the points at which it is killed, in their order. */
  plans: Point[][]
  /** After a point is seen, a random wait up to this before the kill; 0: exactly there. */
  jitterMs: (kill: number) => number
  footageDir: string
  /** A fresh PostgreSQL database for an instance; null: SQLite. */
  databaseUrl: (instance: number) => Promise<string | null>
  onKill?: (instance: number, point: Point) => void
}

export interface KillsReport {
  instances: number
  kills: number
  /** Echoes that were accepted in the undisturbed run and are missing, and recaps or mails that never came. */
  lost: number
  /** Echoes, videos and mails (by Message-ID) that are there more than once. */
  doubled: number
  uploadsPerRecap: number
  mailsPerRecap: number
  /** Deliveries of mails, repetitions with the same Message-ID included: SMTP cannot do better when killed between. */
  mailDeliveries: number
  /** Recaps that are not byte for byte the undisturbed one. */
  different: number
  /** Half-written files that nobody cleared away. */
  leftovers: number
  killedAt: Partial<Record<Point, number>>
  seconds: number
}

/** What people say in the stream, by seconds from its start; all of it is accepted. */
const LINES: [atSec: number, who: string, text: string][] = [
  [33, PEOPLE.streamer, '!echo 10 first blood'],
  [80, PEOPLE.moderator, '!echo 20'],
  [103, PEOPLE.streamer, '!ECHO 15'],
]
const STREAM_SEC = 150
/** Lease of a dead worker, EventSub's retries, and the wait for a turn on a busy machine. */
/** Each starts a process after every kill; with many more, what they wait for is mostly each other. */
const INSTANCES_AT_ONCE = 8
const PATIENCE_MS = 300_000
/** Longer than the lease of a round whose process was killed in it. */
const TIDY_PATIENCE_MS = 60_000

export async function soakKills(options: KillsOptions): Promise<KillsReport> {
  const began = Date.now()
  // The first instance is left in peace: the others must end like it.
  const queue = new PQueue({ concurrency: INSTANCES_AT_ONCE })
  const instances = await queue.addAll(
    [[], ...options.plans].map((plan, n) => () => runInstance(n, plan, options)),
  )
  const [undisturbed, ...killed] = instances
  if (!undisturbed) throw new Error('no instance ran')
  const sum = (of: (i: (typeof killed)[number]) => number) => killed.reduce((total, i) => total + of(i), 0)
  const over = (count: number, wanted: number) => Math.max(0, count - wanted)
  const killedAt: KillsReport['killedAt'] = {}
  for (const point of killed.flatMap((i) => i.killedAt)) killedAt[point] = (killedAt[point] ?? 0) + 1
  return {
    instances: killed.length,
    kills: sum((i) => i.killedAt.length),
    lost: sum((i) => over(LINES.length, i.echoes) + over(1, i.videos.length) + over(1, i.mails)),
    doubled: sum((i) => over(i.echoes, LINES.length) + over(i.videos.length, 1) + over(i.mails, 1)),
    uploadsPerRecap: sum((i) => i.videos.length) / killed.length,
    mailsPerRecap: sum((i) => i.mails) / killed.length,
    mailDeliveries: sum((i) => i.deliveries),
    different: sum((i) => i.videos.filter((sha256) => sha256 !== undisturbed.videos[0]).length),
    leftovers: sum((i) => i.leftovers),
    killedAt,
    seconds: Math.round((Date.now() - began) / 1000),
  }
}

async function runInstance(instance: number, plan: Point[], options: KillsOptions) {
  const dataDir = mkdtempSync(join(tmpdir(), 'echoes-kills-'))
  const sandbox = await startSandbox({ footageDir: options.footageDir })
  const databaseUrl = await options.databaseUrl(instance)
  const port = await freePort()
  const environment = {
    ...sandbox.environment({ port, dataDir }),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    LOG_LEVEL: 'fatal',
    MEDIA_EVERY_MS: '1000',
  }
  const site = `http://127.0.0.1:${port}`
  let echoes = startProcess(environment)
  const ready = () =>
    until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok, PATIENCE_MS)
  let db: Database | undefined
  let steps: StepWatch | undefined
  try {
    await ready()
    db = await openDatabase(databaseUrl ?? join(dataDir, 'echoes.sqlite'))
    steps = await watchSteps(databaseUrl ?? join(dataDir, 'jobs.sqlite'))
    const channelId = sandbox.twitch.userOf(PEOPLE.streamer).id
    await setUpStreamer(site, PEOPLE.streamer)
    const killer = new Killer(plan, { sandbox, steps, jitterMs: options.jitterMs })
    const killing = killer.run(
      () => echoes,
      async (point) => {
        options.onKill?.(instance, point)
        await echoes.ended
        echoes = startProcess(environment)
        await ready()
      },
    )
    killing.catch(() => {}) // told below, where it is awaited
    await until(
      'Twitch delivers events',
      () => sandbox.eventsub.delivers(channelId, WANTED_EVENTS),
      PATIENCE_MS,
    )
    await play(sandbox, db, channelId, killer)
    await until('the recap is published', () => isPublished(db as Database, channelId), PATIENCE_MS)
    killer.over()
    await killing
    await until(
      'no mail waits',
      async () => (await messageCounts(db as Database)).waiting === 0 && sandbox.mail.mails.length > 0,
      PATIENCE_MS,
    )
    // What a killed process was downloading goes with the rest of the work, once the recap needs it no more.
    const isTidy = () => halfWritten(dataDir) === 0
    await until('what was half-written is cleared away', isTidy, TIDY_PATIENCE_MS).catch(() => undefined)
    const [recap] = await recapsOf(db, channelId)
    return {
      killedAt: killer.killedAt,
      echoes: recap ? (await countingEchoes(db, recap.showId)).length : 0,
      videos: sandbox.google.videos.map((v) => v.sha256),
      mails: new Set(sandbox.mail.mails.map((m) => m.messageId)).size,
      deliveries: sandbox.mail.mails.length,
      leftovers: halfWritten(dataDir),
    }
  } finally {
    echoes.kill()
    await echoes.ended
    await steps?.close()
    await db?.destroy()
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function halfWritten(dir: string): number {
  try {
    return readdirSync(dir, { recursive: true }).filter((file) => /\.partial$|\.render-/.test(String(file)))
      .length
  } catch {
    // A folder was cleared away while we looked.
    return 1
  }
}

async function play(sandbox: Sandbox, db: Database, channelId: string, killer: Killer): Promise<void> {
  const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - STREAM_SEC * 1000
  sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
  const streams = () => db.selectFrom('streams').select('id').execute()
  await until('the stream is known', async () => (await streams()).length > 0, PATIENCE_MS)
  for (const [atSec, who, text] of LINES) {
    sandbox.twitch.say(channelId, who, text, startedAtMs + atSec * 1000)
    killer.saw('a command is said')
  }
  const echoes = () => db.selectFrom('echoes').select('id').execute()
  await until('all echoes are accepted', async () => (await echoes()).length >= LINES.length, PATIENCE_MS)
  sandbox.twitch.end(channelId)
  killer.saw('the end is told')
}

async function isPublished(db: Database, channelId: string): Promise<boolean> {
  const [recap] = await recapsOf(db, channelId)
  if (recap?.state === 'failed') throw new Error(`a recap failed: ${recap.failure}`)
  return recap?.state === 'published'
}

/** Waits for the next point of its plan, and kills there. */
class Killer {
  readonly killedAt: Point[] = []
  readonly #plan: Point[]
  readonly #seen = new Set<Point>()
  readonly #steps: StepWatch
  readonly #jitterMs: KillsOptions['jitterMs']
  #kill: (() => void) | null = null
  /** A kill is on its way, and must be waited for whatever happens meanwhile. */
  #coming = false
  #over = false

  constructor(
    plan: Point[],
    world: { sandbox: Sandbox; steps: StepWatch; jitterMs: KillsOptions['jitterMs'] },
  ) {
    this.#plan = [...plan]
    this.#steps = world.steps
    this.#jitterMs = world.jitterMs
    const { google, mail, twitch, video } = world.sandbox
    google.happened.on('session', () => this.saw('an upload session opens'))
    google.happened.on('half', () => this.saw('half the video is there'))
    google.happened.on('video', () => this.saw('the whole video is there'))
    mail.arrived.on('mail', () => this.saw('the mail is there'))
    video.happened.on('part', () => this.saw('parts are fetched'))
    twitch.on('chat', (line) => {
      if (line.user.login === PEOPLE.bot) this.saw('the bot answers')
    })
  }

  /** At the planned point the kill is immediate, before whoever calls this does anything else. */
  saw(point: Point): void {
    this.#seen.add(point)
    if (this.#plan[0] !== point || !this.#kill) return
    const wait = this.#jitterMs(this.killedAt.length)
    const kill = this.#kill
    this.#kill = null
    this.#coming = true
    if (wait > 0) setTimeout(kill, wait)
    else kill()
  }

  over(): void {
    this.#over = true
  }

  async run(running: () => EchoesProcess, restart: (point: Point) => Promise<void>): Promise<void> {
    for (let point = this.#plan[0]; point; this.#plan.shift(), point = this.#plan[0]) {
      if (this.#seen.has(point)) continue // passed while the one before was on
      const planned = point
      let killed = false
      this.#kill = () => {
        killed = true
        this.#coming = false
        running().kill()
      }
      while (!killed) {
        if (this.#over && !this.#coming && !LATE.has(planned)) return
        for (const step of await this.#steps.seen()) if (isPoint(step)) this.saw(step)
        if (!killed) await sleep(2)
      }
      this.killedAt.push(planned)
      await restart(planned)
    }
  }
}

/** Points that may come after the recap counts as published. */
const LATE: ReadonlySet<Point> = new Set<Point>(['publish-0 completed', 'the mail is there'])

function isPoint(step: string): step is Point {
  return (POINTS as readonly string[]).includes(step)
}
