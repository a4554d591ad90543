/**
 * Random plans over a VOD whose server has faults: each must end in a right recap, or in an error that names the part that
 * cannot be had; and nothing half-written may be left.
 */
import fc from 'fast-check'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietFfmpeg } from '../../backend/media/av.ts'
import { assemble } from '../../backend/media/assemble.ts'
import { checkRecap } from '../../backend/media/check-recap.ts'
import type { CutMode } from '../../backend/media/cut.ts'
import { Downloads } from '../../backend/media/downloads.ts'
import { fetchParts, spanOf } from '../../backend/media/fetch-parts.ts'
import { loadPlaylist } from '../../backend/media/load-playlist.ts'
import { partsOf, windowsOf } from '../../backend/media/windows.ts'
import { decode } from '../sandbox/footage/decode.ts'
import type { Footage } from '../sandbox/footage/parts.ts'

export interface RenderReport {
  plans: number
  recaps: number
  /** Plans that ended in an error naming the right part. */
  refused: number
  wrong: number
  leftovers: number
  faults: number
  /** Bytes sent ÷ bytes of the parts: what broken connections cost. */
  sentRatio: number
}

const FPS = 30
const GOP_SEC = 2
const RETRIES = 4
const STALL_MS = 400

/** What befalls one request for a part. */
type Fault = 'error' | 'busy' | 'cut' | 'stall' | 'short' | 'page' | 'slow'
/** What befalls a part for good. */
type Fate = 'missing' | 'muted'

interface Plan {
  spans: { startSec: number; endSec: number }[]
  cut: CutMode
  faults: Record<number, Fault[]>
  fates: Record<number, Fate>
}

function anyPlan(parts: number, totalSec: number): fc.Arbitrary<Plan> {
  const fault = fc.constantFrom<Fault>('error', 'busy', 'cut', 'cut', 'short', 'page', 'slow', 'stall')
  const faults = fc.array(fault, { maxLength: RETRIES + 2, size: 'max' })
  const perPart = <T>(some: fc.Arbitrary<T>, share: number) =>
    fc
      .array(
        fc.oneof(
          { arbitrary: fc.constant(undefined), weight: 100 - share },
          { arbitrary: some, weight: share },
        ),
        { minLength: parts, maxLength: parts },
      )
      .map((all) => Object.fromEntries(all.flatMap((one, n) => (one === undefined ? [] : [[n, one]]))))
  const span = fc
    .tuple(fc.integer({ min: 0, max: (totalSec - 1) * 1000 }), fc.integer({ min: 500, max: 8_000 }))
    .map(([atMs, lengthMs]) => ({
      startSec: atMs / 1000,
      endSec: Math.min(totalSec, (atMs + lengthMs) / 1000),
    }))
  return fc.record({
    spans: fc.array(span, { minLength: 1, maxLength: 4, size: 'max' }),
    cut: fc.constantFrom<CutMode>('keyframe', 'exact'),
    faults: perPart(faults, 50),
    // One part in ten is muted, one in thirty gone.
    fates: perPart(fc.constantFrom<Fate>('missing', 'muted', 'muted', 'muted'), 13),
  })
}

export async function soakRender(clockVod: string, plans: number, seed?: number): Promise<RenderReport> {
  quietFfmpeg()
  const footage = JSON.parse(readFileSync(join(clockVod, 'parts.json'), 'utf8')) as Footage
  const server = await faultyServer(clockVod, footage)
  const report: RenderReport = {
    plans: 0,
    recaps: 0,
    refused: 0,
    wrong: 0,
    leftovers: 0,
    faults: 0,
    sentRatio: 0,
  }
  const bytes = { sent: 0, needed: 0 }
  const totalSec = footage.parts.reduce((a, b) => a + b, 0)
  try {
    await fc.assert(
      fc.asyncProperty(anyPlan(footage.parts.length, totalSec), async (plan) => {
        report.plans++
        const dir = mkdtempSync(join(tmpdir(), 'render-soak-'))
        try {
          server.play(plan)
          const problem = await runPlan(server.url, plan, dir, report)
          report.faults += server.happened()
          bytes.sent += server.sentBytes()
          bytes.needed += server.neededBytes()
          report.leftovers += readdirSync(dir, { recursive: true }).filter((f) =>
            String(f).endsWith('.partial'),
          ).length
          if (problem) report.wrong++
          return problem === null || (console.error(problem, JSON.stringify(plan)), false)
        } finally {
          rmSync(dir, { recursive: true, force: true })
        }
      }),
      { numRuns: plans, endOnFailure: true, ...(seed === undefined ? {} : { seed }) },
    )
  } finally {
    server.close()
  }
  return { ...report, sentRatio: bytes.sent / bytes.needed }
}

/** @returns what is wrong, or null */
async function runPlan(url: string, plan: Plan, dir: string, report: RenderReport): Promise<string | null> {
  const loaded = await loadPlaylist(url)
  if (!loaded.ok) return loaded.reason
  const windows = plan.spans.flatMap((span) => windowsOf(loaded.playlist, span))
  const parts = partsOf(windows)
  /** Whether a part cannot be had; a short one may do, where it is cut off after what is wanted. */
  const isLost = (index: number, enough: Fault[]) => {
    const tries = plan.faults[index]?.slice(0, RETRIES + 1) ?? []
    return (
      plan.fates[index] === 'missing' || (tries.length > RETRIES && !tries.some((t) => enough.includes(t)))
    )
  }
  const lost = parts.filter((p) => isLost(p.index, ['slow', 'short']))
  const doubtful = parts.filter((p) => isLost(p.index, ['slow']))
  const file = join(dir, 'recap.mp4')
  try {
    const fetched = await fetchParts(parts, join(dir, 'parts'), {
      timeoutMs: STALL_MS,
      retries: RETRIES,
      retryMinMs: 1,
      downloads: new Downloads({ overall: 6, perHost: 6 }),
    })
    const pieces = windows.map((w, n) => ({ name: `moment ${n + 1}`, ...spanOf(w, fetched) }))
    const assembled = await assemble(pieces, file, { cut: plan.cut })
    checkRecap(file, assembled, pieces)
    if (lost.length > 0) return `part ${lost[0]?.index} could not be had, and there is a recap`
    report.recaps++
    // The last part of a VOD may be a little shorter than its playlist says.
    const mayLack = plan.faults[parts.at(-1)?.index ?? 0]?.includes('short') && parts.at(-1)?.isLast ? 2 : 0
    return wrongPicture(file, assembled.pieces, windows, { cut: plan.cut, mayLack })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const isNamed = ({ index }: { index: number }) =>
      message.startsWith(`part ${index} `) || message.endsWith(`asked for part ${index} (${index}.ts)`)
    if (doubtful.some(isNamed)) {
      report.refused++
      return null
    }
    // One that is cut off between two of its packets shows only when it is read.
    const cutOff = parts.find((p) => message.includes(`part ${p.index} (${p.index}.ts) holds less`))
    if (cutOff && plan.faults[cutOff.index]?.includes('short')) {
      report.refused++
      return null
    }
    return `unexpected: ${message}`
  }
}

function wrongPicture(
  file: string,
  placed: readonly { atSec: number; durationSec: number }[],
  spans: readonly { startSec: number; endSec: number }[],
  { cut, mayLack }: { cut: CutMode; mayLack: number },
): string | null {
  const { pictures, errors } = decode(file)
  if (errors > 0) return `${errors} errors in decoding`
  for (const [n, { atSec, durationSec }] of placed.entries()) {
    const { startSec, endSec } = spans[n] ?? { startSec: 0, endSec: 0 }
    const shown = pictures.filter(
      (p) => p.atSec > atSec - 0.5 / FPS && p.atSec < atSec + durationSec - 0.5 / FPS,
    )
    const [first, last] = [shown[0]?.frame ?? -1, shown.at(-1)?.frame ?? -1]
    if (shown.some((p, i) => p.frame !== first + i)) return `moment ${n + 1}: a picture lacks or doubles`
    const slack = 0.51 / FPS
    const early = startSec - first / FPS
    const late = (last + 1) / FPS - endSec
    const [mostEarly, mostLate] = cut === 'exact' ? [slack, slack] : [GOP_SEC + slack, 3 / FPS + slack]
    if (early > mostEarly || early < -slack) return `moment ${n + 1} begins ${early.toFixed(3)} s early`
    if (late > mostLate || late < -slack - mayLack) return `moment ${n + 1} ends ${late.toFixed(3)} s late`
  }
  return null
}

async function faultyServer(dir: string, footage: Footage) {
  const files = footage.parts.map((_, n) => readFileSync(join(dir, `${n}.ts`)))
  let plan: Plan = { spans: [], cut: 'keyframe', faults: {}, fates: {} }
  let [faults, sent] = [0, 0]
  const asked = new Set<number>()
  const attempts = new Map<number, number>()
  const stalled = new Set<NodeJS.Timeout>()
  const lines = footage.parts.flatMap((sec, n) => [`#EXTINF:${sec.toFixed(3)},`, `${n}.ts`])
  const playlist = ['#EXTM3U', '#EXT-X-TARGETDURATION:10', ...lines, '#EXT-X-ENDLIST', ''].join('\n')
  const server = createServer((request, response) => {
    const [, name, muted] = /^\/(\d+)(-muted)?\.ts$/.exec(request.url ?? '') ?? []
    if (name === undefined) return response.end(playlist)
    const index = Number(name)
    const fate = plan.fates[index]
    if (fate === 'missing' || (fate === 'muted') !== Boolean(muted)) return response.writeHead(403).end()
    const file = files[index]
    if (!file) return response.writeHead(404).end()
    const attempt = attempts.get(index) ?? 0
    attempts.set(index, attempt + 1)
    asked.add(index)
    const fault = plan.faults[index]?.[attempt]
    if (fault) faults++
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const body = file.subarray(from)
    const headers = { etag: `"${index}"`, 'accept-ranges': 'bytes', 'content-length': String(body.length) }
    const status = from > 0 ? 206 : 200
    const send = (bytes: Buffer) => {
      sent += bytes.length
      return bytes
    }
    const half = body.subarray(0, Math.floor(body.length * 0.6))
    const answers: Record<Fault, () => void> = {
      error: () => response.writeHead(503).end(),
      busy: () => response.writeHead(429).end(),
      cut: () => response.writeHead(status, headers).write(send(half), () => response.destroy()),
      stall: () => {
        response.writeHead(status, headers).write(send(half))
        stalled.add(setTimeout(() => response.destroy(), 4 * STALL_MS))
      },
      // Its length is that of what it sends: only the container tells.
      short: () => response.writeHead(200, { 'content-length': String(half.length) }).end(send(half)),
      page: () => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Please log in</h1>'),
      slow: () => drip(response.writeHead(status, headers), send(body)),
    }
    if (fault) answers[fault]()
    else response.writeHead(status, headers).end(send(body))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.m3u8`,
    play(next: Plan) {
      plan = next
      faults = sent = 0
      asked.clear()
      attempts.clear()
    },
    happened: () => faults,
    sentBytes: () => sent,
    neededBytes: () => [...asked].reduce((sum, index) => sum + (files[index]?.length ?? 0), 0),
    close() {
      for (const timer of stalled) clearTimeout(timer)
      server.closeAllConnections()
      server.close()
    },
  }
}

function drip(response: ServerResponse, body: Buffer): void {
  const step = Math.ceil(body.length / 5)
  const next = (at: number) => {
    if (at >= body.length) return void response.end()
    response.write(body.subarray(at, at + step), () => setTimeout(() => next(at + step), 5))
  }
  next(0)
}
