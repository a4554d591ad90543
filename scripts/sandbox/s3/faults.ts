/** Stands before an S3 service and lets things go wrong: errors of the service, cut connections, bytes damaged either way. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A status to answer with; or the connection is cut before or in the middle of the answer; or a byte of it, or of the request, is changed. */
export type S3Fault = number | 'cut' | 'cut-answer' | 'lost-answer' | 'damaged-answer' | 'damaged-request'

export interface FaultyS3 {
  url: string
  /** What goes wrong with a request; null: nothing. */
  decide: (request: { method: string; url: string }) => S3Fault | null
  /** Requests that had their effect, as `PUT /…`. */
  passed: string[]
  faults: number
  close(): Promise<void>
}

export async function startFaults(endpoint: string): Promise<FaultyS3> {
  const target = new URL(endpoint)
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing))
  const faulty: FaultyS3 = {
    url: '',
    decide: () => null,
    passed: [],
    faults: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming
    const fault = faulty.decide({ method, url })
    if (fault !== null) faulty.faults++
    const body = await buffer(incoming)
    if (fault === 'cut') return void incoming.socket.destroy()
    if (typeof fault === 'number') {
      outgoing.writeHead(fault, { 'content-type': 'application/xml' })
      return void outgoing.end('<Error><Code>SlowDown</Code><Message>Please try again</Message></Error>')
    }
    if (fault === 'damaged-request' && body.length > 0) flip(body)
    let answered = false
    // The name it was asked by stays: it is signed.
    const { hostname, port } = target
    const { expect: _, connection: __, ...kept } = headers
    const forwarded = request(
      { hostname, port, method, path: url, headers: kept, agent: false },
      (answer) => {
        void (async () => {
          // Swift sends a body even with what it answers to HEAD.
          answered = true
          const bytes = method === 'HEAD' ? Buffer.alloc(0) : await buffer(answer)
          if ((answer.statusCode ?? 500) < 300) faulty.passed.push(`${method} ${url}`)
          if (fault === 'lost-answer') return void incoming.socket.destroy()
          if (
            fault === 'damaged-answer' &&
            method === 'GET' &&
            bytes.length > 0 &&
            !url.includes('list-type')
          )
            flip(bytes)
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
          if (fault !== 'cut-answer' || bytes.length < 2) return void outgoing.end(bytes)
          outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => incoming.socket.destroy())
        })()
      },
    )
    forwarded.on('error', () => answered || incoming.socket.destroy())
    forwarded.end(body)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  faulty.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return faulty
}

function flip(bytes: Buffer): void {
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
}
