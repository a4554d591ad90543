/**
 * Many channels sign up and many of them are live at once: whoever echoes is heard through all rounds of reconciliation, no
 * stream is taken for ended, and each show becomes a recap; within what Twitch allows an application to ask.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { changeSettings } from '../../backend/db/channels.ts'
import { WANTED_EVENTS } from '../../backend/jobs/reconcile.ts'
import { freePort, startProcess, until } from '../sandbox/process.ts'
import { MovableClock } from '../sandbox/clock.ts'
import { startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../sandbox/visitor.ts'

export interface CrowdOptions {
  channels: number
  live: number
  rounds: number
  /** So many of the streams end, and become recaps; the others go on. */
  ending: number
  /** How many seconds of the world pass in one of ours. */
  speed: number
  footageDir: string
  onProgress?: (what: string) => void
}

export interface CrowdReport {
  channels: number
  live: number
  rounds: number
  commands: number
  /** Commands in a live channel that were not taken. */
  refusedWrongly: number
  /** Shows that were taken for ended while they were on, if only for a moment. */
  endedWrongly: number
  recaps: number
  published: number
  /** Videos beyond the one of each recap. */
  doubled: number
  /** Requests to Helix: of a sign-up, of all there is to do in a round of reconciliation, on average; and how often Twitch said that it was too much. */
  requestsPerSignUp: number
  requestsPerRound: number
  tooMany: number
  seconds: number
}

/** How long streams have been on when they are first seen. */
const STREAM_SEC = 150
const ECHO_AT_SEC = [30, 60, 90, 120]
const PATIENCE_MS = 300_000
/** Of the world: two such rounds are longer than any lag of Twitch's list that is waited for. */
const ROUND_MS = 11 * 60_000
const RECAPS_PATIENCE_MS = 20 * 60_000

export async function soakCrowd(options: CrowdOptions): Promise<CrowdReport> {
  const { channels, live, rounds, ending, footageDir, speed, onProgress = () => {} } = options
  const began = Date.now()
  const pace = { sinceMs: began, speed }
  const dataDir = mkdtempSync(join(tmpdir(), 'echoes-crowd-'))
  const sandbox = await startSandbox({ footageDir, clock: new MovableClock(pace) })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const echoes = startProcess(
    {
      ...sandbox.environment({ port, dataDir }),
      RECONCILE_EVERY_MS: '3000',
      LOG_LEVEL: 'fatal',
      CLOCK_SINCE_MS: String(pace.sinceMs),
      CLOCK_SPEED: String(pace.speed),
    },
    ['web', 'bot', 'worker'],
    join(import.meta.dirname, 'fast-main.ts'),
  )
  let db: Database | undefined
  try {
    await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
    db = await openDatabase(join(dataDir, 'echoes.sqlite'))
    const before = asked(sandbox)
    const all: string[] = []
    for (let n = 0; n < channels; n++) all.push(await signUp(sandbox, db, site, `crowd${n}`))
    onProgress(`${channels} channels have signed up`)
    const delivered = () => all.every((id) => sandbox.eventsub.delivers(id, WANTED_EVENTS))
    await until('Twitch delivers the events of all', delivered, PATIENCE_MS)
    const requestsPerSignUp = Math.round((asked(sandbox) - before) / channels)

    const startedAtMs = Math.floor(sandbox.clock.now() / 1000) * 1000 - STREAM_SEC * 1000
    const onAir = all.slice(0, live)
    for (const id of onAir) sandbox.twitch.goLive(id, { startedAtMs, title: 'A crowded evening' })
    const database = db
    const known = async () => (await database.selectFrom('streams').select('id').execute()).length >= live
    await until('all streams are known', known, PATIENCE_MS)
    onProgress(`${live} of them are live`)

    const commands: string[] = []
    const looks = () => (sandbox.asked.get('GET /streams') ?? 0) / Math.ceil(channels / 100)
    const [requestsBefore, looksBefore] = [asked(sandbox), looks()]
    for (let round = 0; round < rounds; round++) {
      const sofar = looks()
      await until(`round ${round + 1} has asked who is live`, () => looks() >= sofar + 1, PATIENCE_MS)
      // A stream that the list lacks is taken for ended after minutes only: as long as that lasts, and longer.
      const untilMs = sandbox.clock.now() + ROUND_MS
      await until('some minutes have passed', async () => sandbox.clock.now() >= untilMs, PATIENCE_MS)
      for (const id of onAir) {
        const atMs = startedAtMs + (ECHO_AT_SEC[round % ECHO_AT_SEC.length] ?? 30) * 1000
        commands.push(sandbox.twitch.say(id, ownerOf(sandbox, id), `!echo 10 round ${round + 1}`, atMs).id)
      }
      onProgress(`round ${round + 1}: ${onAir.length} commands`)
    }
    const taken = async () =>
      new Set((await database.selectFrom('echoes').select('source_key').execute()).map((e) => e.source_key))
    const allTaken = async () => {
      const there = await taken()
      return commands.every((id) => there.has(id))
    }
    await until('all commands are taken', allTaken, 60_000).catch(() => undefined)
    const there = await taken()
    const requestsPerRound = Math.round((asked(sandbox) - requestsBefore) / (looks() - looksBefore))
    // Each end counts, also one that was taken back.
    const ended = await database.selectFrom('shows').select('id').where('endings', '>', 0).execute()

    for (const id of onAir.slice(0, ending)) sandbox.twitch.end(id)
    onProgress(`${ending} streams have ended`)
    const recaps = async () => database.selectFrom('recaps').select('state').execute()
    const published = async () => (await recaps()).filter((r) => r.state === 'published').length
    await until('all are published', async () => (await published()) >= ending, RECAPS_PATIENCE_MS).catch(
      () => undefined,
    )
    return {
      channels,
      live,
      rounds,
      commands: commands.length,
      refusedWrongly: commands.filter((id) => !there.has(id)).length,
      endedWrongly: ended.length,
      recaps: (await recaps()).length,
      published: await published(),
      doubled: sandbox.google.videos.length - (await published()),
      requestsPerSignUp,
      requestsPerRound,
      tooMany: sandbox.asked.get('429') ?? 0,
      seconds: Math.round((Date.now() - began) / 1000),
    }
  } finally {
    echoes.kill()
    await db?.destroy()
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const asked = (sandbox: Sandbox) => [...sandbox.asked.values()].reduce((sum, count) => sum + count, 0)
const ownerOf = ({ twitch }: Sandbox, id: string) => twitch.users.get(id)?.login ?? ''

async function signUp(sandbox: Sandbox, db: Database, site: string, login: string): Promise<string> {
  const { id } = sandbox.twitch.addUser(login)
  const channel = `UC${login.padEnd(22, '0')}`
  sandbox.google.channels.set(channel, login)
  const visitor = new Visitor()
  await signIn(visitor, site, login)
  await connectYoutube(visitor, site, undefined, { channel })
  await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
  await changeSettings(db, id, { cooldownMs: 0, confirmations: false }, Date.now())
  return id
}
