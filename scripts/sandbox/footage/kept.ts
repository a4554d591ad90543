/** Footage that is made once and kept under `.echoes/footage`, by a process of its own. */
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const MAKE = join(import.meta.dirname, 'make.ts')
const KEPT = join(import.meta.dirname, '../../../.echoes/footage')

/** `film`: real footage, its length in minutes; `game`: the same at 1080p60. `clock`: a running clock, its length in seconds. */
export type Wanted = { kind: 'film' | 'game'; minutes: number } | { kind: 'clock'; seconds: number }

/**
 * The folder of the footage; made first where it is not there yet (half a minute or so for a film).
 * @param onMaking told when it has to be made
 */
export async function keptFootage(wanted: Wanted, onMaking: () => void = () => {}): Promise<string> {
  const length = wanted.kind === 'clock' ? wanted.seconds : wanted.minutes
  const dir = join(KEPT, `${wanted.kind}-${length}`)
  // parts.json is written last.
  if (existsSync(join(dir, 'parts.json'))) return dir
  onMaking()
  rmSync(dir, { recursive: true, force: true })
  const make = spawn(process.execPath, ['--import', 'tsx', MAKE, wanted.kind, dir, String(length)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise((resolve) => make.once('exit', resolve))
  if (code !== 0) throw new Error('the footage could not be made')
  return dir
}
