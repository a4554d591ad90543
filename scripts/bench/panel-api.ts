/**
 * The panel's API under load, each request by another viewer of one of a few busy channels: ours in a process of its own,
 * and beside it a process with bare Hono handlers: one verifies the token with the same library and inserts one row into
 * the same kind of database, one returns a constant.
 */
import autocannon from 'autocannon'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { changeSettings, saveChannel, setMode } from '../../backend/db/channels.ts'
import { openDatabase } from '../../backend/db/database.ts'
import { streamStarted } from '../../backend/db/shows.ts'
import { freePort, startProcess, until } from '../sandbox/process.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { keptFootage } from '../sandbox/footage/kept.ts'

export interface PanelApiFigures {
  /** Ours ÷ bare: the median of the rounds. */
  postRatio: number
  getRatio: number
  /** Requests that were answered with anything but success. */
  postRefused: number
  rounds: number
}

const CHANNELS = 100
const VIEWERS = 4_000
const CONNECTIONS = 32
const ROUNDS = 3

/** @param seconds of each measurement; ours and the bare one take turns */
export async function benchPanelApi(seconds: number): Promise<PanelApiFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'echoes-bench-'))
  const sandbox = await startSandbox({ footageDir: await keptFootage({ kind: 'clock', seconds: 150 }) })
  const [port, barePort] = [await freePort(), await freePort()]
  const environment = {
    ...sandbox.environment({ port, dataDir: dir }),
    LOG_LEVEL: 'fatal',
    // The invented streams are not live at the sandbox's Twitch, and nobody is to be told of them.
    RECONCILE_EVERY_MS: '600000',
  }
  const ours = startProcess(environment, ['web'])
  const bare = startBare({
    PORT: String(barePort),
    FILE: join(dir, 'bare.sqlite'),
    SECRET: sandbox.rig.extension.secret,
  })
  try {
    const answers = (url: string) => async () => (await fetch(url).catch(() => null))?.ok
    await until('Echoes answers', answers(`http://127.0.0.1:${port}/readyz`))
    await until('the bare handlers answer', answers(`http://127.0.0.1:${barePort}/constant`))
    await fillChannels(join(dir, 'echoes.sqlite'))
    const tokens = await viewerTokens(sandbox.rig.extension.secret)
    const measure = async (url: string, method: 'GET' | 'POST') => {
      const result = await autocannon({
        url,
        connections: CONNECTIONS,
        duration: seconds,
        requests: tokens.map((token) => ({
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(method === 'POST'
            ? {
                setupRequest: (request: autocannon.Request) => ({
                  ...request,
                  body: JSON.stringify({ key: randomUUID(), lengthMs: 30_000, label: 'clutch' }),
                }),
              }
            : {}),
        })),
      })
      return { perSecond: result['2xx'] / result.duration, refused: result.non2xx + result.errors }
    }
    const site = `http://127.0.0.1:${port}`
    const bareSite = `http://127.0.0.1:${barePort}`
    // Once unmeasured: compilers warm up, tokens are seen.
    await measure(`${site}/panel/state`, 'GET')
    await measure(`${bareSite}/constant`, 'GET')
    const [posts, gets]: [number[], number[]] = [[], []]
    let postRefused = 0
    for (let round = 0; round < ROUNDS; round++) {
      const barePost = await measure(`${bareSite}/insert`, 'POST')
      const ourPost = await measure(`${site}/panel/echoes`, 'POST')
      const bareGet = await measure(`${bareSite}/constant`, 'GET')
      const ourGet = await measure(`${site}/panel/state`, 'GET')
      posts.push(ourPost.perSecond / barePost.perSecond)
      gets.push(ourGet.perSecond / bareGet.perSecond)
      postRefused += ourPost.refused
    }
    return { postRatio: median(posts), getRatio: median(gets), postRefused, rounds: ROUNDS }
  } finally {
    ours.kill()
    bare.kill('SIGKILL')
    await sandbox.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

function startBare(environment: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'bare-server.ts')], {
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function fillChannels(database: string): Promise<void> {
  const db = await openDatabase(database)
  const now = Date.now()
  for (let n = 0; n < CHANNELS; n++) {
    const channelId = String(1000 + n)
    await saveChannel(db, { id: channelId, login: `c${n}`, displayName: `C${n}`, email: null }, now)
    await setMode(db, channelId, 'everyone', now)
    // Each request is to be an echo, not a refusal.
    await changeSettings(db, channelId, { cooldownMs: 0 }, now)
    await streamStarted(db, { channelId, streamId: `s${n}`, startedAtMs: now - 60_000, title: 'T' }, now)
  }
  await db.destroy()
}

function viewerTokens(secret: string): Promise<string[]> {
  const key = new Uint8Array(Buffer.from(secret, 'base64'))
  const exp = Math.floor(Date.now() / 1000) + 3600
  const token = (n: number) =>
    new SignJWT({
      exp,
      channel_id: String(1000 + (n % CHANNELS)),
      opaque_user_id: `U${randomBytes(8).toString('hex')}`,
      role: 'viewer',
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(key)
  return Promise.all(Array.from({ length: VIEWERS }, (_, n) => token(n)))
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 1000) / 1000
}
