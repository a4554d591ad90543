/** Storage in a folder. */
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Storage } from './storage.ts'

export function diskStorage(root: string): Storage {
  const base = resolve(root)
  const pathOf = (key: string) => {
    if (!/^[\w.-]+(\/[\w.-]+)*$/.test(key) || key.split('/').includes('..'))
      throw new Error(`not a storage key: ${key}`)
    return join(base, key)
  }
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
      await rename(file, path)
    },
    async localFile(key) {
      if (!(await has(key))) throw new Error(`there is no ${key} in storage`)
      return pathOf(key)
    },
    delete: (key) => rm(pathOf(key), { recursive: true, force: true }),
  }
}
