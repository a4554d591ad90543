import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { Downloads } from './downloads.ts'
import { fetchParts } from './fetch-parts.ts'
import type { Part } from './playlist.ts'

const BODY = Buffer.alloc(188 * 400, 0)
for (let at = 0; at < BODY.length; at += 188) BODY.writeUInt32BE(0x47000010 + at, at)

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: { url: string; range: string | undefined; ifRange: string | undefined }[] = []
  const server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers
    asked.push({ url: request.url ?? '', range, ifRange: ifRange as string | undefined })
    answer(request, response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const part = (url: string, index = 0): Part => ({
  index,
  url,
  startSec: index * 10,
  durationSec: 10,
  discontinuity: false,
  encrypted: false,
  isLast: false,
})
const folder = () => mkdtempSync(join(tmpdir(), 'parts-'))
const options = () => ({
  timeoutMs: 2_000,
  retries: 3,
  retryMinMs: 1,
  downloads: new Downloads({ overall: 4, perHost: 2 }),
})

it('a connection that breaks off is gone on with, if the server still has the same file', async () => {
  const dir = folder()
  const { asked, url } = await serve((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(from > 0 ? 206 : 200, { etag: '"a"', 'content-length': BODY.length - from })
    if (from > 0) return void response.end(BODY.subarray(from))
    response.write(BODY.subarray(0, 50_000))
    // Not before some of it is on the disk.
    void vi
      .waitFor(
        () => expect(readdirSync(dir).some((name) => statSync(join(dir, name)).size > 0)).toBe(true),
        10_000,
      )
      .then(() => response.socket?.end())
  })
  const wanted = part(`${url}/0.ts`)
  const fetched = await fetchParts([wanted], dir, options())
  expect(readFileSync(fetched.fileOf(wanted)).equals(BODY)).toBe(true)
  expect(asked).toHaveLength(2)
  expect(asked[1]).toMatchObject({
    range: expect.stringMatching(/^bytes=\d{3,}-$/) as string,
    ifRange: '"a"',
  })
  expect(readdirSync(dir)).toHaveLength(1)
})

it('two that want the same part at the same time fetch it once; at one host two at a time are asked for', async () => {
  let [now, most] = [0, 0]
  const { asked, url } = await serve((_, response) => {
    most = Math.max(most, ++now)
    setImmediate(() => {
      now--
      response.writeHead(200, { 'content-length': BODY.length }).end(BODY)
    })
  })
  const parts = Array.from({ length: 8 }, (_, n) => part(`${url}/${n}.ts`, n))
  const [dir, shared] = [folder(), options()]
  await Promise.all([fetchParts(parts, dir, shared), fetchParts(parts, dir, shared)])
  expect(asked).toHaveLength(8)
  expect(most).toBeLessThanOrEqual(2)
  expect(await fetchParts(parts, dir, shared)).toMatchObject({ fetched: 0, bytes: 8 * BODY.length })
})

it('an address that has expired is asked for anew, and a muted part is found under its new name', async () => {
  const { asked, url } = await serve((request, response) => {
    const known = ['/1-muted.ts', '/new/2.ts?sig=b'].includes(request.url ?? '')
    if (known) response.writeHead(200, { 'content-length': BODY.length }).end(BODY)
    else response.writeHead(403).end()
  })
  const parts = [part(`${url}/1-unmuted.ts`, 1), part(`${url}/2.ts?sig=a`, 2)]
  const renew = async (old: Part) => ({ ...old, url: `${url}/new/2.ts?sig=b` })
  const fetched = await fetchParts(parts, folder(), { ...options(), renew })
  expect(fetched.fetched).toBe(2)
  expect(asked.map((a) => a.url).sort()).toEqual([
    '/1-muted.ts',
    '/1-unmuted.ts',
    '/2-muted.ts?sig=a',
    '/2.ts?sig=a',
    '/new/2.ts?sig=b',
  ])
})

it('what has grown since, or was muted, is another part: it is fetched again', async () => {
  const { asked, url } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': BODY.length }).end(BODY)
  })
  const dir = folder()
  for (const one of [
    part(`${url}/7.ts`, 7),
    { ...part(`${url}/7.ts`, 7), durationSec: 10.4 },
    part(`${url}/7-muted.ts`, 7),
  ])
    await fetchParts([one], dir, options())
  expect(asked.map((a) => a.url)).toEqual(['/7.ts', '/7.ts', '/7-muted.ts'])
})

it('parts that differ in the query of their address alone are two', async () => {
  const { url } = await serve((request, response) => {
    const body = Buffer.from(BODY)
    body.write(request.url ?? '', 100)
    response.writeHead(200, { 'content-length': body.length }).end(body)
  })
  const parts = [1, 2].map((n) => part(`${url}/part.ts?n=${n}`, n))
  const fetched = await fetchParts(parts, folder(), options())
  for (const each of parts)
    expect(readFileSync(fetched.fileOf(each)).includes(new URL(each.url).search)).toBe(true)
})
