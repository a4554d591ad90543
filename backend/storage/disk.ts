/** Storage in a folder. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { checkKey, WORK, type Storage, type StoredObject } from './storage.ts'

/** What is not whole yet. */
const UNFINISHED = '.unfinished'

export function diskStorage(root: string): Storage {
  const base = resolve(root)
  const pathOf = (key: string) => join(base, checkKey(key))
  const has = (key: string) =>
    access(pathOf(key)).then(
      () => true,
      () => false,
    )
  return {
    workDir: pathOf,
    has,
    async put(key, file) {
      const path = pathOf(key)
      if (resolve(file) === path) return
      await mkdir(dirname(path), { recursive: true })
      try {
        await rename(file, path)
      } catch (error) {
        if ((error as { code?: string }).code !== 'EXDEV') throw error
        // From another file system it comes by and by, and is there at once when it is whole.
        await copyFile(file, path + UNFINISHED)
        await rename(path + UNFINISHED, path)
        await rm(file)
      }
    },
    async copyIn(key, file) {
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      await copyFile(file, path + UNFINISHED)
      await rename(path + UNFINISHED, path)
    },
    async localFile(key) {
      if (!(await has(key))) throw new Error(`there is no ${key} in storage`)
      return pathOf(key)
    },
    async *list(prefix = '') {
      yield* filesUnder(base, base, prefix)
    },
    digest: async (key) => ((await has(key)) ? sha256Of(pathOf(key)) : null),
    link: () => Promise.resolve(null),
    delete: (key) => rm(pathOf(key), { recursive: true, force: true }),
    tidy: () => Promise.resolve(),
  }
}

/** SHA-256 of a file, hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

async function* filesUnder(base: string, dir: string, prefix: string): AsyncGenerator<StoredObject> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name)
    const key = relative(base, path).split(sep).join('/')
    if (entry.isDirectory()) {
      const inside = `${key}/`
      if (inside !== WORK && (inside.startsWith(prefix) || prefix.startsWith(inside)))
        yield* filesUnder(base, path, prefix)
    } else if (key.startsWith(prefix) && !key.endsWith(UNFINISHED)) {
      // Somebody may delete while we list.
      const found = await stat(path).catch(() => null)
      if (found) yield { key, bytes: found.size }
    }
  }
}
