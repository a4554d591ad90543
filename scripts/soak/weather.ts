/**
 * Shows under random faults of every service, on a fast clock, while processes and renderings are killed: each recap
 * must end on YouTube exactly once, or its owner is told what to do, does it, and it goes ahead.
 *
 * For each source of recordings there is a world of its own (a sandbox, and Echoes as three processes), in which
 * several streamers play show after show. Streamers and their visitors behave as people would: whoever is told to
 * connect YouTube does so a while later, whoever is asked for a word gives it.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { changeSettings } from '../../backend/db/channels.ts'
import { messageCounts } from '../../backend/db/outbox.ts'
import { WANTED_EVENTS } from '../../backend/jobs/reconcile.ts'
import { assemble } from '../../backend/media/assemble.ts'
import type { Footage } from '../sandbox/footage/parts.ts'
import { MovableClock, type Pace } from '../sandbox/clock.ts'
import { freePort, until } from '../sandbox/process.ts'
import { startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { playWeather, type Weather } from '../sandbox/weather.ts'
import { Keeper } from './weather/keeper.ts'
import { judge, type Verdict } from './weather/judge.ts'
import { Streamer } from './weather/streamer.ts'

export const SOURCES = ['hls', 'clips', 'file'] as const
export type Source = (typeof SOURCES)[number]

export interface WeatherOptions {
  /** In all worlds together. */
  shows: number
  /** In each world. */
  streamers: number
  sources: readonly Source[]
  /** How many seconds of the world pass in one of ours. */
  speed: number
  footageDir: string
  /** The same numbers do not make the same run: worlds and their timers draw from it as they come. */
  random: () => number
  onProgress?: (what: string) => void
}

export interface WeatherReport extends Verdict {
  /** Faults that came, and how long they were together, in seconds of the world. */
  faults: number
  faultSeconds: number
  /** Times at which a streamer changed what they had agreed to. */
  changedMinds: number
  /** Processes killed by us, and processes that ended by themselves. */
  kills: number
  renderKills: number
  crashes: number
  /** Seconds of the world that passed. */
  worldSeconds: number
  seconds: number
}

/** How long it may take, once the weather is fine again, until all that waits is through; of our clock. */
const PATIENCE_MS = 10 * 60_000
const REVOKE_EVERY_SHOWS = 9
/** So often a streamer wants recaps to go up by themselves no more, or again. */
const CHANGE_EVERY_SHOWS = 5
/** On average, of the world's clock: from one fault of some service to the next. */
const FAULT_EVERY_MS = 3 * 60_000
/** Of our clock. */
const KILL_EVERY_MS = 15_000
const RENDER_KILL_EVERY_MS = 1_000
/** Of those that are under way just then. */
const RENDERS_KILLED = 0.2
const SERVICES = ['helix', 'twitch-id', 'video', 'chat', 'youtube', 'google', 'stripe', 'mail'] as const

export async function soakWeather(options: WeatherOptions): Promise<WeatherReport> {
  const { shows, streamers, sources } = options
  const began = Date.now()
  const pace: Pace = { sinceMs: began, speed: options.speed }
  const perStreamer = Math.ceil(shows / (streamers * sources.length))
  const reports = await Promise.all(sources.map((source) => playWorld(source, pace, perStreamer, options)))
  const sum = (of: (report: WorldReport) => number) => reports.reduce((total, r) => total + of(r), 0)
  return {
    shows: sum((r) => r.shows),
    recaps: sum((r) => r.recaps),
    published: sum((r) => r.published),
    told: sum((r) => r.told),
    resumedAutomatically: sum((r) => r.resumedAutomatically),
    resumedByOwner: sum((r) => r.resumedByOwner),
    lost: sum((r) => r.lost),
    doubled: sum((r) => r.doubled),
    publicWithoutConsent: sum((r) => r.publicWithoutConsent),
    faults: sum((r) => r.faults),
    faultSeconds: sum((r) => r.faultSeconds),
    changedMinds: sum((r) => r.changedMinds),
    kills: sum((r) => r.kills),
    renderKills: sum((r) => r.renderKills),
    crashes: sum((r) => r.crashes),
    worldSeconds: Math.round(((Date.now() - began) / 1000) * options.speed),
    seconds: Math.round((Date.now() - began) / 1000),
    complaints: reports.flatMap((r) => r.complaints),
  }
}

type WorldReport = Omit<WeatherReport, 'worldSeconds' | 'seconds'>

async function playWorld(
  source: Source,
  pace: Pace,
  perStreamer: number,
  options: WeatherOptions,
): Promise<WorldReport> {
  const { footageDir, random, onProgress = () => {} } = options
  const dataDir = mkdtempSync(join(tmpdir(), `echoes-weather-${source}-`))
  const recordings = join(dataDir, 'recordings')
  const recording = join(dataDir, 'whole.mp4')
  if (source === 'file') await makeRecording(footageDir, recording)
  const sandbox = await startSandbox({ footageDir, clock: new MovableClock(pace) })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const keeper = new Keeper(
    {
      ...sandbox.environment({ port, dataDir, billing: true }),
      VOD_SOURCE: source,
      RECORDINGS_DIR: recordings,
      CLIP_POLL_MS: '500',
      // The engine's pauses are real: for so long a show may go on with another stream.
      SETTLE_MS: String(SAME_SHOW_MS / pace.speed + 500),
      RECONCILE_EVERY_MS: '2000',
      CONCURRENT_RECAPS: '4',
      LOG_LEVEL: 'fatal',
      CLOCK_SINCE_MS: String(pace.sinceMs),
      CLOCK_SPEED: String(pace.speed),
    },
    ['web', 'bot', 'worker'],
  )
  const mayUpload = { units: 1_000_000, uploads: 10_000 }
  Object.assign(sandbox.google.quota, mayUpload)
  let db: Database | undefined
  let weather: Weather | undefined
  const timers: NodeJS.Timeout[] = []
  try {
    await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
    db = await openDatabase(join(dataDir, 'echoes.sqlite'))
    const streamers = await setUpStreamers(source, { sandbox, db, site, recordings, recording }, options)
    const database = db
    weather = playWeather({
      faults: sandbox.faults,
      clock: sandbox.clock,
      random,
      services: SERVICES,
      everyMs: FAULT_EVERY_MS,
    })
    timers.push(
      setInterval(() => streamers.forEach((s) => s.readMail()), 500),
      setInterval(() => random() < 0.5 && keeper.kill(random), KILL_EVERY_MS / 2),
      setInterval(() => random() < RENDERS_KILLED && keeper.killRendering(random), RENDER_KILL_EVERY_MS),
    )
    await Promise.all(
      streamers.map(async (streamer, n) => {
        await sleep(n * 700)
        for (let show = 0; show < perStreamer; show++) {
          if (random() < 1 / REVOKE_EVERY_SHOWS) streamer.revokeGrant()
          if (random() < 1 / CHANGE_EVERY_SHOWS) streamer.changeMind()
          await streamer.play()
          await sleep(GAP_MS / pace.speed)
          onProgress(`${source}: ${streamer.login} has played show ${show + 1} of ${perStreamer}`)
        }
      }),
    )
    weather.stop()
    const [, ...kills] = timers
    kills.forEach((timer) => clearInterval(timer))
    onProgress(`${source}: all shows are played, the weather is fine again`)
    const world = { sandbox, engine: join(dataDir, 'jobs.sqlite'), streamers, db: database }
    const through = async () => (await judge(world)).lost === 0
    await until('every recap is published', through, PATIENCE_MS).catch(() => undefined)
    const told = async () => (await messageCounts(database)).waiting === 0
    await until('all mails are through', told, PATIENCE_MS).catch(() => undefined)
    // What would happen once more, happens by then.
    await sleep(AFTERMATH_MS / pace.speed)
    return {
      ...(await judge(world)),
      faults: weather.faults,
      faultSeconds: Math.round(weather.faultMs / 1000),
      changedMinds: streamers.reduce((total, s) => total + s.changedMinds, 0),
      kills: keeper.kills,
      renderKills: keeper.renderKills,
      crashes: keeper.crashes,
    }
  } finally {
    timers.forEach((timer) => clearInterval(timer))
    weather?.stop()
    await keeper.stop()
    await db?.destroy()
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const AFTERMATH_MS = 15 * 60_000

/** Streams within the first belong together; between two shows is the second. Milliseconds of the world. */
const SAME_SHOW_MS = 4 * 60_000
const GAP_MS = 20 * 60_000

async function setUpStreamers(
  source: Source,
  {
    sandbox,
    db,
    site,
    recordings,
    recording,
  }: { sandbox: Sandbox; db: Database; site: string; recordings: string; recording: string },
  { streamers, random, speed }: WeatherOptions,
): Promise<Streamer[]> {
  const made: Streamer[] = []
  for (let n = 0; n < streamers; n++) {
    const streamer = new Streamer({
      login: `${source}${n}`,
      sandbox,
      db,
      site,
      random,
      speed,
      agreed: n % 3 === 2 ? 'upload' : 'auto_publish',
      record: source === 'file' ? (...of) => putRecording(recordings, recording, ...of) : null,
    })
    await streamer.setUp(source === 'clips')
    await changeSettings(db, streamer.channelId, { sameShowMs: SAME_SHOW_MS }, sandbox.clock.now())
    made.push(streamer)
  }
  await until('Twitch delivers events', () =>
    made.every(({ channelId }) => sandbox.eventsub.delivers(channelId, WANTED_EVENTS)),
  )
  return made
}

/** The footage as one file, as a recording program writes it. */
async function makeRecording(footageDir: string, file: string): Promise<void> {
  const { parts } = JSON.parse(readFileSync(join(footageDir, 'parts.json'), 'utf8')) as Footage
  const files = parts.map((_, n) => join(footageDir, `${n}.ts`))
  const endSec = parts.reduce((sum, sec) => sum + sec, 0)
  const whole = { name: 'the whole stream', files, filesStartSec: 0, startSec: 0, endSec }
  await assemble([whole], file, { cut: 'keyframe' })
}

/** The streamer's own program has written the stream to a file, up to its end. */
function putRecording(
  folder: string,
  recording: string,
  channelId: string,
  streamId: string,
  endedAtMs: number,
): void {
  const own = join(folder, channelId)
  mkdirSync(own, { recursive: true })
  const file = join(own, `${streamId}.mp4`)
  copyFileSync(recording, file)
  utimesSync(file, endedAtMs / 1000, endedAtMs / 1000)
}
