/** A bucket that cannot be reached, or refuses, by the failure policy: whoever needs it knows that it passes. */
import { Fault } from '../../shared/fault.ts'
import { faultOf } from '../domain/failures.ts'
import type { Storage } from './storage.ts'

const NETWORK = /^(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOST|ENET|UND_ERR)/

export function judgedStorage(storage: Storage): Storage {
  const judged = async <T>(asked: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw faultOfStorage(asked, error)
    })
  return {
    workDir: (key) => storage.workDir(key),
    put: (key, file) => judged(`to take ${key}`, storage.put(key, file)),
    copyIn: (key, file) => judged(`to take ${key}`, storage.copyIn(key, file)),
    localFile: (key) => judged(`for ${key}`, storage.localFile(key)),
    has: (key) => judged(`for ${key}`, storage.has(key)),
    async *list(prefix) {
      try {
        yield* storage.list(prefix)
      } catch (error) {
        throw faultOfStorage('what it holds', error)
      }
    },
    digest: (key) => judged(`for ${key}`, storage.digest(key)),
    link: (key, options) => judged(`for a link to ${key}`, storage.link(key, options)),
    delete: (key) => judged(`to delete ${key}`, storage.delete(key)),
    tidy: (unusedMs) => storage.tidy(unusedMs),
  }
}

function faultOfStorage(asked: string, error: unknown): unknown {
  if (error instanceof Fault) return error
  const { name, $metadata, code } = error as {
    name?: string
    $metadata?: { httpStatusCode?: number }
    code?: string
  }
  // The SDK's errors have metadata, those of the network a code; anything else is of this machine, or was not expected.
  if ($metadata === undefined && !NETWORK.test(code ?? '') && name !== 'TimeoutError') return error
  const status = $metadata?.httpStatusCode ?? null
  return faultOf('storage', asked, { status, ...(status === null ? {} : { reason: name }) }, Date.now())
}
