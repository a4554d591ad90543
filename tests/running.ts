/** Echoes running on a sandbox of its own, in this process, for whole-system tests. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished, vi, expect } from 'vitest'
import { readConfig, type Config, type RoleName } from '../backend/config.ts'
import { startEchoes, type Echoes } from '../backend/echoes.ts'
import { WANTED_EVENTS } from '../backend/jobs/reconcile.ts'
import { makeLog, type Log } from '../backend/log.ts'
import { freePort } from '../scripts/sandbox/process.ts'
import { PEOPLE, startSandbox, type Sandbox } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'

export interface Running {
  sandbox: Sandbox
  echoes: Echoes
  config: Config
  /** Address of Echoes. */
  site: string
  /** The streamer's. */
  channelId: string
  /** Another process's part in the same database, as far as a test can tell. */
  startMore(roles: RoleName[], otherwise?: Partial<Config>): Promise<Echoes>
  /** Waits until Twitch delivers the channel's events. */
  subscribed(): Promise<void>
  /** Echoes is gone; its sandbox stays. */
  lose(): Promise<void>
  stop(): Promise<void>
}

/** @param settings on top of the sandbox's environment */
export async function startRunning(
  settings: Record<string, string> = {},
  { billing = false, log = makeLog('error') }: { billing?: boolean; log?: Log } = {},
): Promise<Running> {
  const sandbox = await startSandbox({ footageDir: inject('clockVod') })
  const port = await freePort()
  const dataDir = mkdtempSync(join(tmpdir(), 'running-'))
  const environment = { ...sandbox.environment({ port, dataDir, billing }), ...settings }
  // twurple reads it at each call.
  process.env.TWURPLE_MOCK_API_PORT = environment.TWURPLE_MOCK_API_PORT
  const read = readConfig(environment)
  if (!read.ok) throw new Error(read.reason.join('\n'))
  const { config } = read
  const start = (roles: RoleName[], otherwise: Partial<Config> = {}) =>
    startEchoes({
      config: { ...config, ...otherwise },
      roles,
      log,
      // Where plans matter, both live by Stripe's clock, which can be moved.
      ...(billing ? { clock: sandbox.stripe.clock } : {}),
    })
  const echoes = await start(['web', 'bot', 'worker'])
  const others: Echoes[] = []
  let lost = false
  const lose = async () => {
    lost = true
    for (const other of others) await other.stop()
    await echoes.stop()
  }
  return {
    sandbox,
    echoes,
    config,
    site: `http://127.0.0.1:${port}`,
    channelId: sandbox.twitch.userOf(PEOPLE.streamer).id,
    async startMore(roles, otherwise) {
      const other = await start(roles, otherwise)
      others.push(other)
      return other
    },
    subscribed: () =>
      vi.waitFor(() => {
        const { id } = sandbox.twitch.userOf(PEOPLE.streamer)
        expect(sandbox.eventsub.delivers(id, WANTED_EVENTS)).toBe(true)
      }, 10_000),
    lose,
    async stop() {
      if (!lost) await lose()
      await sandbox.close()
    },
  }
}

/** How long the clock's recording is. */
const STREAM_SEC = 150

/**
 * Echoes with a streamer signed in and connected, live for 150 s already, who has said some commands.
 * @param said seconds of the stream → what was said then; each must be taken
 * @param before what is to be done first, told when the stream began
 */
export async function liveStreamer(
  settings: Record<string, string>,
  said: [atSec: number, text: string][],
  before?: (running: Running, startedAtMs: number, visitor: Visitor) => Promise<unknown>,
): Promise<{ running: Running; visitor: Visitor }> {
  const running = await startRunning(settings)
  onTestFinished(() => running.stop())
  const { sandbox, site, channelId, echoes } = running
  const visitor = new Visitor()
  await signIn(visitor, site, PEOPLE.streamer)
  await connectYoutube(visitor, site)
  await running.subscribed()
  const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - STREAM_SEC * 1000
  await before?.(running, startedAtMs, visitor)
  sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
  const streams = () => echoes.db.selectFrom('streams').select('id').execute()
  await vi.waitFor(async () => expect(await streams()).toHaveLength(1), 10_000)
  for (const [atSec, text] of said)
    sandbox.twitch.say(channelId, PEOPLE.streamer, text, startedAtMs + atSec * 1000)
  const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
  await vi.waitFor(async () => expect(await taken()).toHaveLength(said.length), 10_000)
  return { running, visitor }
}
