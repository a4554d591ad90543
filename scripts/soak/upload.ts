/**
 * Uploads that are killed at random bytes and moments, over a server that fails, cuts connections, loses answers and lets
 * sessions expire. Each must end as one video, whole.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../backend/db/database.ts'
import { findUpload, uploadOf } from '../../backend/db/uploads.ts'
import { MovableClock } from '../sandbox/clock.ts'
import { GoogleWorld } from '../sandbox/google/world.ts'
import { listen } from '../sandbox/http.ts'

export interface UploadReport {
  uploads: number
  kills: number
  /** Server faults beside the kills. */
  faults: number
  /** Uploads that ended without a video. */
  lost: number
  /** Videos beyond one for each upload. */
  doubled: number
  /** Videos whose bytes are others. */
  damaged: number
}

const BYTES = 3_000_000
const KILLS_EACH = 4
const MOST_STARTS = 40
const CHILD = join(import.meta.dirname, 'upload-child.ts')

type Kill = { at: 'bytes'; count: number } | { at: 'session' | 'video' } | { at: 'time'; ms: number }

/** @param kills at least so many */
export async function soakUpload(
  kills: number,
  random: () => number,
  onProgress: (what: string) => void = () => {},
): Promise<UploadReport> {
  const dir = mkdtempSync(join(tmpdir(), 'soak-upload-'))
  const report: UploadReport = { uploads: 0, kills: 0, faults: 0, lost: 0, doubled: 0, damaged: 0 }
  const database = join(dir, 'echoes.sqlite')
  const db = await openDatabase(database)
  try {
    while (report.kills < kills) {
      await oneUpload({ dir, database, db, random, report })
      onProgress(`${report.uploads} uploads, ${report.kills} kills`)
    }
  } finally {
    await db.destroy()
    rmSync(dir, { recursive: true, force: true })
  }
  return report
}

async function oneUpload(context: {
  dir: string
  database: string
  db: Awaited<ReturnType<typeof openDatabase>>
  random: () => number
  report: UploadReport
}): Promise<void> {
  const { dir, database, db, random, report } = context
  const google = new GoogleWorld(new MovableClock())
  const server = await listen(google.routes())
  const recapId = `recap-${report.uploads++}`
  const file = join(dir, `${recapId}.mp4`)
  const content = randomBytes(BYTES)
  writeFileSync(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  await uploadOf(db, recapId, { bytes: BYTES, sha256 }, Date.now())
  const old = google.tokenFor()
  if (random() < 0.5) {
    google.expireTokens()
    report.faults++
  }
  const token = google.tokenFor()
  const planned = Array.from({ length: KILLS_EACH }, () => anyKill(random))
  for (let start = 0; start < MOST_STARTS; start++) {
    report.faults += addFaults(google, random)
    const killed = await run([database, recapId, file, `${server.url}/`, old, token], google, planned[start])
    if (!killed) break
    report.kills++
    // A session may have expired until somebody looks again.
    if (random() < 0.15) {
      for (const session of google.sessions.values()) session.expired = true
      report.faults++
    }
  }
  const { videoId } = (await findUpload(db, recapId)) ?? {}
  const video = google.videos.find((v) => v.id === videoId)
  if (!video) report.lost++
  else if (video.sha256 !== sha256) report.damaged++
  report.doubled += Math.max(0, google.videos.length - 1)
  rmSync(file)
  await server.close()
}

function anyKill(random: () => number): Kill {
  const kind = random()
  if (kind < 0.5) return { at: 'bytes', count: Math.floor(random() * BYTES) }
  if (kind < 0.65) return { at: 'session' }
  if (kind < 0.8) return { at: 'video' }
  return { at: 'time', ms: 300 + Math.floor(random() * 1_200) }
}

function addFaults(google: GoogleWorld, random: () => number): number {
  const { faults } = google
  const storm = Math.floor(random() * 3)
  for (let n = 0; n < storm; n++)
    faults.uploadStatuses.push([500, 502, 503, 504][Math.floor(random() * 4)] ?? 503)
  if (random() < 0.2) faults.cutAfterBytes.push(Math.floor(random() * BYTES))
  if (random() < 0.2) faults.answersLost++
  return storm
}

/** @returns whether the child was killed before it was done */
function run(args: string[], google: GoogleWorld, kill: Kill | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('tsx', [CHILD, ...args], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    // The whole group: tsx runs Node in a process of its own.
    const end = () => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    const onBytes = (stored: number) => kill?.at === 'bytes' && stored >= kill.count && end()
    google.happened.on('bytes', onBytes)
    if (kill?.at === 'session' || kill?.at === 'video') google.happened.once(kill.at, end)
    const timer = kill?.at === 'time' ? setTimeout(end, kill.ms) : undefined
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      google.happened.removeAllListeners()
      if (signal !== null) return resolve(true)
      // Where the storm outlasts its attempts, the worker's step is tried again: so is this.
      if (code !== 0 && !said.includes('attempts')) return reject(new Error(said.slice(-800)))
      resolve(code !== 0)
    })
  })
}
