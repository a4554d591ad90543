/** What every kind of storage does alike. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sha256Of } from './disk.ts'
import type { Storage, StoredObject } from './storage.ts'

const MIB = 1024 * 1024
/** Larger than a part. */
const LARGE = 11 * MIB + 123
const dir = mkdtempSync(join(tmpdir(), 'storage-contract-'))
let files = 0

/** A new local file. */
export function localFile(bytes: number | string): string {
  const file = join(dir, `${files++}.bin`)
  writeFileSync(file, typeof bytes === 'string' ? bytes : randomBytes(bytes))
  return file
}

async function objectsOf(storage: Storage, prefix?: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = []
  for await (const object of storage.list(prefix)) objects.push(object)
  return objects
}

export async function keysOf(storage: Storage, prefix?: string): Promise<string[]> {
  return (await objectsOf(storage, prefix)).map((object) => object.key).sort()
}

export function storageContract(open: () => Storage): void {
  it.each([
    ['nothing', 0],
    ['a little', 1_000],
    ['more than a part', LARGE],
  ])('what was put is read again, %s; the local file is gone', async (_, bytes) => {
    const storage = open()
    const file = localFile(bytes)
    const before = readFileSync(file)
    const sha256 = await sha256Of(file)
    expect(await storage.has('recaps/a/b.mp4')).toBe(false)
    await storage.put('recaps/a/b.mp4', file)
    expect(existsSync(file)).toBe(false)
    expect(await storage.has('recaps/a/b.mp4')).toBe(true)
    expect(readFileSync(await storage.localFile('recaps/a/b.mp4')).equals(before)).toBe(true)
    expect(await storage.digest('recaps/a/b.mp4')).toBe(sha256)
    // Local copies are not what counts.
    await storage.tidy(-1)
    expect(readFileSync(await storage.localFile('recaps/a/b.mp4')).equals(before)).toBe(true)
    expect(await objectsOf(storage)).toEqual([{ key: 'recaps/a/b.mp4', bytes }])
  })

  it('many who ask for the same at once all get it whole', async () => {
    const storage = open()
    const file = localFile(LARGE)
    const before = readFileSync(file)
    await storage.put('recaps/a/b.mp4', file)
    await storage.tidy(-1)
    const copies = await Promise.all(Array.from({ length: 8 }, () => storage.localFile('recaps/a/b.mp4')))
    for (const copy of copies) expect(readFileSync(copy).equals(before)).toBe(true)
  })

  it('a copy leaves the local file; the same again is no error', async () => {
    const storage = open()
    const file = localFile('moments')
    await storage.copyIn('x/1', file)
    await storage.copyIn('x/1', file)
    expect(readFileSync(file, 'utf8')).toBe('moments')
    expect(await keysOf(storage)).toEqual(['x/1'])
  })

  it('lists by prefix, without what is being worked on', async () => {
    const storage = open()
    for (const key of ['a/1', 'a/b/2', 'ab/3']) await storage.put(key, localFile(key))
    mkdirSync(storage.workDir('work/show'), { recursive: true })
    writeFileSync(join(storage.workDir('work/show'), 'part.ts'), '')
    expect(await keysOf(storage)).toEqual(['a/1', 'a/b/2', 'ab/3'])
    expect(await keysOf(storage, 'a/')).toEqual(['a/1', 'a/b/2'])
    expect(await keysOf(storage, 'nothing/')).toEqual([])
  })

  it('deletes a key and all under it, and nothing beside; what is not there is no error', async () => {
    const storage = open()
    for (const key of ['r/1/a', 'r/1/b/c', 'r/10']) await storage.put(key, localFile(key))
    await storage.delete('r/1')
    await storage.delete('r/1')
    await storage.delete('never/there')
    expect(await keysOf(storage)).toEqual(['r/10'])
    expect(await storage.has('r/1/a')).toBe(false)
    await expect(storage.localFile('r/1/a')).rejects.toThrow()
    expect(await storage.digest('r/1/a')).toBeNull()
  })

  it('takes no key that leads elsewhere', async () => {
    const storage = open()
    for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a b', ''])
      await expect((async () => storage.localFile(key))()).rejects.toThrow()
  })
}
