/** How long a file plays, found in a process of its own: it may be of any kind. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MediaError } from './av.ts'

const TIMEOUT_MS = 30_000
const CHILD = fileURLToPath(new URL('./probe-child.ts', import.meta.url))

/** @returns seconds @throws {MediaError} when it is no video, or has no length yet */
export async function durationOf(file: string): Promise<number> {
  const args = [...process.execArgv, CHILD, file]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS }).catch(
    (error: unknown) => {
      throw new MediaError(
        `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      )
    },
  )
  const seconds = Number(stdout)
  if (!(seconds > 0)) throw new MediaError(`${file} does not say how long it is`)
  return seconds
}
