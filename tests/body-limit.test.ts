/** What strangers send costs nothing: it is refused before it is read, whatever length it claims. */
import { request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
beforeAll(async () => {
  running = await startRunning()
})
afterAll(() => running?.stop())

/** Sends `megabytes` in pieces, with or without saying so first; ends when it is answered or cut off. */
function send(path: string, megabytes: number, claims: boolean): Promise<{ status: number; sent: number }> {
  const piece = Buffer.alloc(1 << 20, 'a=b&')
  return new Promise((resolve) => {
    let [sent, done] = [0, false]
    const outgoing = request(
      running.site + path,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: running.site,
          ...(claims ? { 'content-length': String(megabytes << 20) } : {}),
        },
      },
      (answer) => {
        answer.resume()
        done = true
        resolve({ status: answer.statusCode ?? 0, sent })
        answer.once('close', () => outgoing.destroy())
      },
    )
    outgoing.on('error', () => done || resolve({ status: 0, sent }))
    const more = () => {
      if (done || sent >= megabytes) return outgoing.end()
      sent++
      if (outgoing.write(piece)) setImmediate(more)
      else outgoing.once('drain', more)
    }
    more()
  })
}

it.each([
  ['/agreement', true],
  ['/agreement', false],
  ['/recaps/unknown/edits', false],
  ['/unsubscribe/no-such-link', false],
])(
  'a form of 200 MB to %s (its length told: %s) is refused, and others are served meanwhile',
  async (path, claims) => {
    const before = process.memoryUsage().rss
    const sending = send(path, 200, claims)
    for (let n = 0; n < 20; n++) expect((await fetch(`${running.site}/healthz`)).status).toBe(200)
    const { status } = await sending
    expect([0, 401, 403, 404, 413]).toContain(status)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20)
  },
)

it('what is just small enough is taken, also in pieces; one byte more is not', async () => {
  const visitor = new Visitor()
  await signIn(visitor, running.site, PEOPLE.streamer)
  const cookie = visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const post = (bytes: number, as = cookie) =>
    fetch(`${running.site}/agreement`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: running.site, cookie: as, 'content-type': 'application/x-www-form-urlencoded' },
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.alloc(bytes, 'x'))
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)
  expect((await post(64 * 1024)).status).toBe(303)
  expect((await post(64 * 1024 + 1)).status).toBe(413)
  // Whoever is not signed in hears that before anything is read.
  expect((await post(64 * 1024 + 1, '')).status).toBe(401)
})
