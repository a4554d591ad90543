/** Moving house: from one storage to another, while the service reads from both and writes to the new one. */
import { sha256Of } from './disk.ts'
import type { Storage, StoredObject } from './storage.ts'

/** Storage that was moved to `current` and may still have things at `before`. */
export function movingStorage(current: Storage, before: Storage): Storage {
  const holding = async (key: string) =>
    (await current.has(key)) || !(await before.has(key)) ? current : before
  const fromEither = async <T>(key: string, read: (storage: Storage) => Promise<T>): Promise<T> => {
    try {
      const found = await read(await holding(key))
      if (found !== null) return found
    } catch (error) {
      if (!(await current.has(key))) throw error
    }
    // Moved since we looked where it is.
    return read(current)
  }
  return {
    ...current,
    has: async (key) => (await current.has(key)) || (await before.has(key)),
    localFile: (key) => fromEither(key, (storage) => storage.localFile(key)),
    digest: (key) => fromEither(key, (storage) => storage.digest(key)),
    link: async (key, options) => (await holding(key)).link(key, options),
    async *list(prefix) {
      const seen = new Set<string>()
      // The old place first: what is moved meanwhile is found in the new one.
      for (const storage of [before, current])
        for await (const object of storage.list(prefix))
          if (!seen.has(object.key)) {
            seen.add(object.key)
            yield object
          }
    },
    // The old place first: whoever moves a thing looks there last.
    async delete(key) {
      await before.delete(key)
      await current.delete(key)
    },
    async tidy(unusedMs) {
      await current.tidy(unusedMs)
      await before.tidy(unusedMs)
    },
  }
}

export interface MoveReport {
  moved: number
  bytes: number
  /** Deleted by the service while they were moved. */
  deleted: number
}

/**
 * Moves each object: copied, read back and compared, and only then removed from where it was. Can be ended at any moment and
 * repeated; what the service deletes meanwhile does not come back.
 */
export async function moveObjects(
  from: Storage,
  to: Storage,
  onObject: (object: StoredObject) => void = () => undefined,
): Promise<MoveReport> {
  const report = { moved: 0, bytes: 0, deleted: 0 }
  for await (const object of from.list()) {
    if (await moveObject(from, to, object.key)) {
      report.moved++
      report.bytes += object.bytes
    } else report.deleted++
    onObject(object)
  }
  return report
}

const TRIES = 3

/** @returns false when it was deleted meanwhile */
async function moveObject(from: Storage, to: Storage, key: string): Promise<boolean> {
  try {
    const file = await from.localFile(key)
    const sha256 = await sha256Of(file)
    for (let attempt = 1; (await to.digest(key)) !== sha256; attempt++) {
      if (attempt > TRIES) throw new Error(`${key} does not arrive as it was sent`)
      await to.delete(key)
      await to.copyIn(key, file)
    }
  } catch (error) {
    // What is deleted while it is read is no trouble.
    if (await from.has(key)) throw error
  }
  const still = await from.has(key)
  if (still) await from.delete(key)
  else await to.delete(key)
  return still
}
