/** How long a file plays, found in a process of its own: it may be of any kind. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Fault } from '../../shared/fault.ts'
import { MediaError } from './av.ts'
import { isOwnFault } from './crash.ts'

const TIMEOUT_MS = 30_000
const CHILD = fileURLToPath(new URL('./probe-child.ts', import.meta.url))
/** The child's exit code where the machine lacked something (`EX_TEMPFAIL`). */
export const MACHINE_LACKS = 75

/**
 * @returns seconds
 * @throws {MediaError} when it is no video, has no length yet, or takes too long; {@link Fault} `transient` where the machine
 * is at fault
 */
export async function durationOf(file: string): Promise<number> {
  const args = [...process.execArgv, CHILD, file]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS }).catch(
    (error: unknown) => {
      throw faultOf(file, error as Ended)
    },
  )
  const seconds = Number(stdout)
  if (!(seconds > 0)) throw new MediaError(`${file} does not say how long it is`)
  return seconds
}

/** How `execFile` says that a process ended: by itself with a code, or by a signal; or that it could not be started. */
interface Ended extends Error {
  code?: number | string | null
  signal?: string | null
  /** By us, for its time. */
  killed?: boolean
}

function faultOf(file: string, { message, code, signal, killed }: Ended): Error {
  const text = `${file} cannot be read: ${message}`
  const isItsFault = killed || isOwnFault(signal) || (typeof code === 'number' && code !== MACHINE_LACKS)
  return isItsFault ? new MediaError(text) : new Fault(text, 'transient')
}
