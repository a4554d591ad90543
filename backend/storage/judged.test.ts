/** What a bucket's trouble is taken for. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { kindOf } from '../../shared/fault.ts'
import { judgedStorage } from './judged.ts'
import { storageOf } from './open.ts'
import { s3Storage } from './s3.ts'

const kindOfTrouble = async (endpoint: string) => {
  const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
  const url = `s3://bucket?endpoint=${endpoint}`
  const storage = storageOf({ url, before: null, keys }, mkdtempSync(join(tmpdir(), 'judged-')))
  return storage.has('recaps/r/recap.mp4').then(
    () => null,
    (error: unknown) => kindOf(error),
  )
}

async function answering(status: number): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(status).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('a bucket that is down or overloaded passes; keys that are wrong are ours to mend', async () => {
  expect(await kindOfTrouble('http://127.0.0.1:9')).toBe('transient')
  expect(await kindOfTrouble(await answering(503))).toBe('transient')
  expect(await kindOfTrouble(await answering(403))).toBe('bug')
}, 60_000)

it('a bucket that takes a question and falls silent is left, also in the middle of a file', async () => {
  const server = createServer((request, answer) => {
    if (request.url?.includes('silent')) return
    answer.writeHead(200, { 'content-length': '1000', etag: '"x"' })
    if (request.method === 'HEAD') answer.end()
    else answer.write(Buffer.alloc(10))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const storage = judgedStorage(
    s3Storage({
      bucket: 'bucket',
      prefix: '',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      localDir: mkdtempSync(join(tmpdir(), 'silent-')),
      silenceMs: 100,
    }),
  )
  await expect(storage.has('recaps/silent.mp4')).rejects.toMatchObject({ kind: 'transient' })
  await expect(storage.localFile('recaps/half.mp4')).rejects.toMatchObject({ kind: 'transient' })
}, 60_000)
