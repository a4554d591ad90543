/** What a bucket's trouble is taken for. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { kindOf } from '../../shared/fault.ts'
import { storageOf } from './open.ts'

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
