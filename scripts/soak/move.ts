/** Moves of many objects into a bucket and back, while the service, the network and the mover itself fail at random. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sha256Of } from '../../backend/storage/disk.ts'
import { openStorage } from '../../backend/storage/open.ts'
import type { Storage } from '../../backend/storage/storage.ts'
import { startFaults, type S3Fault } from '../sandbox/s3/faults.ts'
import { startSwift } from '../sandbox/s3/swift.ts'

export interface MoveReport {
  objects: number
  faults: number
  kills: number
  /** Faults by what went wrong. */
  byKind: Record<string, number>
  lost: number
  doubled: number
  damaged: number
}

const FAULTS: S3Fault[] = [500, 503, 'cut', 'cut-answer', 'lost-answer', 'damaged-answer', 'damaged-request']
/** Some of the objects go in several parts. */
const LARGE = 17 * 1024 * 1024
const LARGE_ONES = 2
const COMMAND = join(import.meta.dirname, '../storage.ts')

/** @returns null where no S3 service is installed */
export async function soakMove(
  options: { objects: number; faults: number; random: () => number },
  onProgress: (what: string) => void = () => undefined,
): Promise<MoveReport | null> {
  const { objects, random } = options
  const server = await startSwift()
  if (!server) return null
  await server.bucket('soak-move')
  const faulty = await startFaults(server.endpoint)
  const dir = mkdtempSync(join(tmpdir(), 'soak-move-'))
  const [home, back] = [join(dir, 'home'), join(dir, 'back')]
  const sums = new Map<string, string>()
  for (let n = 0; n < objects; n++) {
    const key = `recaps/${n % 50}/${n}.bin`
    const file = join(home, key)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, randomBytes(n < LARGE_ONES ? LARGE : Math.floor(random() * 20_000)))
    sums.set(key, await sha256Of(file))
  }
  const report: MoveReport = { objects, faults: 0, kills: 0, byKind: {}, lost: 0, doubled: 0, damaged: 0 }
  const count = (kind: string) => {
    report.faults++
    report.byKind[kind] = (report.byKind[kind] ?? 0) + 1
  }
  // Each move has half of the faults, evenly over what it asks for: about five requests an object.
  const rate = options.faults / (objects * 2 * 5)
  let left = 0
  faulty.decide = () => {
    if (left <= 0 || random() > rate) return null
    left--
    const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 500
    count(String(fault))
    return fault
  }
  const bucket = (endpoint: string) => `s3://soak-move/media?endpoint=${endpoint}`
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  }
  /** Until it is through; killed now and then. */
  const move = async (from: string, to: string) => {
    left = Math.ceil(options.faults / 2)
    for (let through = false; !through;) {
      const args = ['--import', 'tsx', COMMAND, 'move', '--from', from, '--to', to, '--json']
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
      child.stderr.resume()
      const kill = left > 0 && report.kills < options.faults / 20
      const passed = faulty.passed.length
      const killAfter = Math.floor(random() * ((objects * 5) / (options.faults / 40)))
      const watch = setInterval(() => {
        if (kill && faulty.passed.length - passed > killAfter && child.exitCode === null) {
          child.kill('SIGKILL')
          clearInterval(watch)
        }
      }, 5)
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
      clearInterval(watch)
      if (code === null) {
        report.kills++
        left--
        count('killed')
      }
      through = code === 0
    }
    onProgress(`moved, ${report.faults} faults so far`)
  }
  try {
    await move(home, bucket(faulty.url))
    const keys = server.credentials
    await compare(openStorage(bucket(server.endpoint), keys, join(dir, 'look')), sums, report)
    await move(bucket(faulty.url), back)
    await compare(openStorage(back, null, dir), sums, report)
    for (const empty of [openStorage(home, null, dir), openStorage(bucket(server.endpoint), keys, dir)])
      for await (const _ of empty.list()) report.doubled++
    return report
  } finally {
    await faulty.close()
    await server.stop()
  }
}

async function compare(
  storage: Storage,
  sums: ReadonlyMap<string, string>,
  report: MoveReport,
): Promise<void> {
  const found = new Set<string>()
  for await (const { key } of storage.list()) {
    if (found.has(key) || !sums.has(key)) report.doubled++
    found.add(key)
    if ((await storage.digest(key)) !== sums.get(key)) report.damaged++
  }
  report.lost += [...sums.keys()].filter((key) => !found.has(key)).length
}
