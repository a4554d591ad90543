import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaults } from '../../scripts/sandbox/s3/faults.ts'
import { hasSwift, startSwift, type S3Server } from '../../scripts/sandbox/s3/swift.ts'
import { diskStorage, sha256Of } from './disk.ts'
import { moveObjects, movingStorage } from './moving.ts'
import { openStorage, storageProblem } from './open.ts'
import { s3Storage } from './s3.ts'
import type { Storage } from './storage.ts'
import { keysOf, localFile, storageContract } from './storage.contract.ts'

const newDir = () => mkdtempSync(join(tmpdir(), 'storage-'))
const MIB = 1024 * 1024
let server: S3Server | null = null
let prefixes = 0

const inBucket = (prefix = `p${prefixes++}/`) =>
  s3Storage({
    bucket: 'contract',
    prefix,
    region: 'us-east-1',
    endpoint: server?.endpoint,
    credentials: server?.credentials ?? { accessKeyId: '', secretAccessKey: '' },
    localDir: newDir(),
    partBytes: 5 * MIB,
  })

describe('a folder', () => {
  storageContract(() => diskStorage(newDir()))
})

describe('an address', () => {
  it('is a folder or a bucket, and says what is wrong with it', () => {
    const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
    expect(storageProblem('/srv/echoes', null)).toBeNull()
    expect(storageProblem('s3://echoes/media?endpoint=https://s3.example.org', keys)).toBeNull()
    expect(storageProblem('s3://echoes', null)).toMatch(/AWS_ACCESS_KEY_ID/)
    expect(storageProblem('s3://echoes?endpoint=here', keys)).toMatch(/endpoint/)
    expect(storageProblem('echoes', null)).toMatch(/path/)
    expect(() => openStorage('s3://', keys, newDir())).toThrow(/s3:\/\/bucket/)
  })
})

describe.skipIf(!hasSwift())('a bucket of a real service', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    server = await startSwift()
    await server?.bucket('contract')
  }, 60_000)
  afterAll(() => server?.stop())

  storageContract(() => inBucket())

  it('gives links that are good for one object and a time, and for ranges of it', async () => {
    const storage = inBucket()
    await storage.put('r/recap.mp4', localFile('0123456789'))
    await storage.put('r/other.mp4', localFile('secret'))
    const link =
      (await storage.link('r/recap.mp4', { seconds: 60, type: 'video/mp4', filename: 'recap.mp4' })) ?? ''
    const part = await fetch(link, { headers: { range: 'bytes=2-4' } })
    expect([part.status, await part.text()]).toEqual([206, '234'])
    expect(part.headers.get('content-type')).toBe('video/mp4')
    expect(part.headers.get('content-disposition')).toBe('attachment; filename="recap.mp4"')
    expect((await fetch(link.replace('recap.mp4?', 'other.mp4?'))).status).toBe(403)
    expect((await fetch(link.split('?')[0] ?? '')).status).toBeGreaterThanOrEqual(400)
  })

  it('an upload that broke off goes on with the parts that are there, also in another process', async () => {
    const file = localFile(23 * MIB)
    const [prefix, localDir] = [`p${prefixes++}/`, newDir()]
    const options = {
      bucket: 'contract',
      prefix,
      region: 'us-east-1',
      credentials: server?.credentials ?? { accessKeyId: '', secretAccessKey: '' },
      localDir,
      partBytes: 5 * MIB,
    }
    const faults = await startFaults(server?.endpoint ?? '')
    // The third part and everything after it fails until the first process gives up.
    let parts = 0
    faults.decide = ({ method, url }) =>
      method === 'PUT' && url.includes('partNumber') && ++parts > 2 ? 503 : null
    await expect(s3Storage({ ...options, endpoint: faults.url }).copyIn('big', file)).rejects.toThrow()
    const sentBefore = faults.passed.filter((r) => r.includes('partNumber')).length
    faults.decide = () => null
    faults.passed.length = 0
    const storage = s3Storage({ ...options, endpoint: faults.url })
    await storage.copyIn('big', file)
    expect(faults.passed.filter((r) => r.includes('partNumber'))).toHaveLength(5 - sentBefore)
    expect(await storage.digest('big')).toBe(await sha256Of(file))
    expect(readdirSync(join(localDir, 'uploads'))).toEqual([])
    await faults.close()
  })

  it('is moved into while both are read, and what is deleted meanwhile does not come back', async () => {
    const [before, now] = [diskStorage(newDir()), inBucket()]
    for (const key of ['a/1', 'a/2', 'b/1']) await before.put(key, localFile(key))
    const service = movingStorage(now, before)
    await service.put('c/new', localFile('new'))
    expect((await keysOf(service)).sort()).toEqual(['a/1', 'a/2', 'b/1', 'c/new'])
    let first = true
    const report = await moveObjects(
      before,
      {
        ...now,
        async copyIn(key, file) {
          await now.copyIn(key, file)
          if (first) await service.delete(key)
          first = false
        },
      },
      () => undefined,
    )
    expect(report).toMatchObject({ moved: 2, deleted: 1 })
    expect(await keysOf(before)).toEqual([])
    expect(await keysOf(now)).toEqual(['a/2', 'b/1', 'c/new'])
    const back = await moveObjects(now, before)
    expect(back.moved).toBe(3)
    expect(await keysOf(before)).toEqual(['a/2', 'b/1', 'c/new'])
  })
})

it('what is moved just when it is looked for is found all the same', async () => {
  const [from, now] = [diskStorage(newDir()), diskStorage(newDir())]
  const moved = async () => void (await moveObjects(from, now))
  const before: Storage = {
    ...from,
    async has(key) {
      const there = await from.has(key)
      if (there) await moved()
      return there
    },
    async *list(prefix) {
      await moved()
      yield* from.list(prefix)
    },
  }
  const service = movingStorage(now, before)
  const sum = await sha256Of(localFile('hello'))
  await from.put('a/1', localFile('hello'))
  expect(await service.digest('a/1')).toBe(sum)
  await from.put('a/2', localFile('hello'))
  expect(await sha256Of(await service.localFile('a/2'))).toBe(sum)
  await from.put('a/3', localFile('hello'))
  expect((await keysOf(service)).sort()).toEqual(['a/1', 'a/2', 'a/3'])
  await expect(service.localFile('a/4')).rejects.toThrow('there is no a/4')
})
