/**
 * What a recap costs, against the usual script (each moment encoded anew by ffmpeg, then joined) and against copying
 * the same bytes; and whether it matters how long the stream was.
 *
 * The source is real footage at 1080p60 and 6 Mbit/s, in blocks of four minutes that follow each other with a
 * discontinuity, as a VOD has where the streamer's connection dropped.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchDefaults, fetchParts, spanOf } from '../../backend/media/fetch-parts.ts'
import { loadPlaylist } from '../../backend/media/load-playlist.ts'
import { PLAIN, type Look } from '../../backend/media/dress.ts'
import { renderRecap } from '../../backend/media/render.ts'
import { partsOf, windowsOf } from '../../backend/media/windows.ts'
import { keptFootage } from '../sandbox/footage/kept.ts'
import type { Footage } from '../sandbox/footage/parts.ts'
import { seeded } from '../soak/seeded.ts'

export interface RenderFigures {
  /** Processor seconds of re-encoding ÷ ours. */
  keyframeRatio: number
  exactRatio: number
  /** Wall time of cutting and assembling ÷ wall time of `cp` of the recap. */
  assembleVsCp: number
  /** Bytes fetched ÷ bytes of the parts that the windows lie in. */
  bytesRatio: number
  /** Parts asked for more than once. */
  fetchedTwice: number
  keyframePeakMb: number
  exactPeakMb: number
  /** Largest ÷ smallest among streams of 1 h, 4 h and 14 h with the same 60 moments. */
  lengthCpu: number
  lengthWall: number
  lengthPeak: number
  lengthBytes: number
  /** From the end of a 14 h stream to the finished recap ÷ the same of 1 h, where parts were fetched while it ran. */
  harvestLength: number
  /** Wall time of a render with a part of the look ÷ one without. */
  lookLabels: number
  lookCards: number
  lookFades: number
  lookLoudness: number
}

const MOMENTS = 20
const MOMENT_SEC = 30
const BLOCK_MIN = 4
/** Of the usual script, so many moments are measured. */
const REENCODED = 2
const ROUNDS = 3
/** In each round: wall time against `cp` moves with how busy the disk is. */
const WALL_RUNS = 3
const LENGTHS_H = [1, 4, 14]
const LENGTH_ROUNDS = 5
const LONG_MOMENTS = 60
const LONG_MOMENT_SEC = 10
const LOOK_MOMENTS = 5

export async function benchRender(onProgress: (what: string) => void): Promise<RenderFigures> {
  const footageDir = await keptFootage({ kind: 'game', minutes: BLOCK_MIN }, () =>
    onProgress('making the footage'),
  )
  const footage = JSON.parse(readFileSync(join(footageDir, 'parts.json'), 'utf8')) as Footage
  const dir = mkdtempSync(join(tmpdir(), 'echoes-bench-'))
  const vod = await serveVod(footageDir, footage)
  try {
    const random = seeded(1)
    const spans = spansOver(MOMENTS, MOMENT_SEC, footage, random)
    onProgress(`${MOMENTS} moments of ${MOMENT_SEC} s`)
    const rounds = { keyframe: [] as Run[], exact: [] as Run[], reencode: [] as number[], cp: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      for (let again = 0; again < WALL_RUNS; again++) {
        const keyframe = await render(vod.url(2), spans, 'keyframe', join(dir, 'keyframe'))
        rounds.keyframe.push(keyframe)
        rounds.cp.push(copySec(keyframe.file))
      }
      rounds.exact.push(await render(vod.url(2), spans, 'exact', join(dir, 'exact')))
      onProgress(`round ${round + 1}: re-encoding ${REENCODED} moments`)
      rounds.reencode.push(
        (reencodeCpuSec(footageDir, footage, spans.slice(0, REENCODED), dir) * MOMENTS) / REENCODED,
      )
    }
    const lengths = await streamsOfLengths(vod, footage, dir, onProgress)
    onProgress('the look')
    const look = await lookCosts(vod.url(2), spans.slice(0, LOOK_MOMENTS), join(dir, 'look'))
    const cpu = (runs: Run[]) => median(runs.map((r) => r.cpuSec))
    const reencoded = median(rounds.reencode)
    const spread = (runs: readonly Run[], of: (run: Run) => number) =>
      Math.max(...runs.map(of)) / Math.min(...runs.map(of))
    const [whole, harvested] = [lengths.map((l) => l.whole), lengths.map((l) => l.harvested)]
    return {
      keyframeRatio: reencoded / cpu(rounds.keyframe),
      exactRatio: reencoded / cpu(rounds.exact),
      assembleVsCp: median(rounds.keyframe.map((r) => r.assembleSec)) / median(rounds.cp),
      bytesRatio: Math.max(...rounds.keyframe.map((r) => r.bytes / r.windowBytes)),
      fetchedTwice: vod.fetchedTwice(),
      keyframePeakMb: Math.max(...rounds.keyframe.map((r) => r.peakMb)),
      exactPeakMb: Math.max(...rounds.exact.map((r) => r.peakMb)),
      lengthCpu: spread(whole, (r) => r.cpuSec),
      lengthWall: spread(whole, (r) => r.wholeSec),
      lengthPeak: spread(whole, (r) => r.peakMb),
      lengthBytes: spread(whole, (r) => r.bytes),
      harvestLength: (harvested.at(-1)?.wholeSec ?? NaN) / (harvested[0]?.wholeSec ?? NaN),
      ...look,
    }
  } finally {
    vod.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Run {
  file: string
  /** Processor seconds of the renderer, start-up included. */
  cpuSec: number
  /** Wall time of cutting and assembling. */
  assembleSec: number
  /** Wall time of reading the playlist, fetching and rendering. */
  wholeSec: number
  bytes: number
  /** Bytes of the parts in which the wanted seconds lie. */
  windowBytes: number
  peakMb: number
}

/** By turns, so that what else the machine does falls on all alike. */
async function streamsOfLengths(
  vod: { url(hours: number): string },
  footage: Footage,
  dir: string,
  onProgress: (what: string) => void,
): Promise<{ whole: Run; harvested: Run }[]> {
  const runs = LENGTHS_H.map(() => ({ whole: [] as Run[], harvested: [] as Run[] }))
  for (let round = 0; round < LENGTH_ROUNDS; round++) {
    onProgress(`round ${round + 1}: streams of ${LENGTHS_H.join(', ')} h with ${LONG_MOMENTS} moments`)
    for (const [n, hours] of LENGTHS_H.entries()) {
      const long = spansOver(LONG_MOMENTS, LONG_MOMENT_SEC, footage, seeded(7), hours * 3600)
      runs[n]?.whole.push(await render(vod.url(hours), long, 'keyframe', join(dir, 'long')))
      runs[n]?.harvested.push(
        await render(vod.url(hours), long, 'keyframe', join(dir, 'long'), { keepParts: true }),
      )
    }
  }
  return runs.map((r) => ({ whole: middle(r.whole), harvested: middle(r.harvested) }))
}

/** The median of each figure by itself. */
function middle(runs: readonly Run[]): Run {
  const of = (figure: Exclude<keyof Run, 'file'>) => median(runs.map((r) => r[figure]))
  const [file, bytes, windowBytes] = [runs[0]?.file ?? '', of('bytes'), of('windowBytes')]
  const times = { cpuSec: of('cpuSec'), assembleSec: of('assembleSec'), wholeSec: of('wholeSec') }
  return { file, bytes, windowBytes, ...times, peakMb: of('peakMb') }
}

async function lookCosts(url: string, spans: BenchSpan[], dir: string) {
  const lines = ['A moment', 'vera, victor']
  const looks: Record<string, Look> = {
    plain: PLAIN,
    lookLabels: { ...PLAIN, labels: spans.map(() => lines) },
    lookCards: { ...PLAIN, title: lines, credits: lines },
    lookFades: { ...PLAIN, transition: 'fade' },
    lookLoudness: { ...PLAIN, loudness: true },
  }
  const took: Record<string, number> = {}
  for (const [name, look] of Object.entries(looks))
    took[name] = (await render(url, spans, 'exact', dir, { keepParts: name !== 'plain', look })).wholeSec
  const ratio = (name: string) => (took[name] ?? NaN) / (took.plain ?? NaN)
  return {
    lookLabels: ratio('lookLabels'),
    lookCards: ratio('lookCards'),
    lookFades: ratio('lookFades'),
    lookLoudness: ratio('lookLoudness'),
  }
}

interface BenchSpan {
  startSec: number
  endSec: number
}

async function render(
  url: string,
  spans: BenchSpan[],
  cut: 'keyframe' | 'exact',
  dir: string,
  { keepParts = false, look = PLAIN }: { keepParts?: boolean; look?: Look } = {},
): Promise<Run> {
  if (!keepParts) rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const began = performance.now()
  const loaded = await loadPlaylist(url)
  if (!loaded.ok) throw new Error(loaded.reason)
  const windows = spans.flatMap((span) => windowsOf(loaded.playlist, span))
  const fetched = await fetchParts(partsOf(windows), join(dir, 'parts'), fetchDefaults())
  const rendered = await renderRecap({
    pieces: windows.map((w, n) => ({ name: `moment ${n + 1}`, ...spanOf(w, fetched) })),
    file: join(dir, 'recap.mp4'),
    stillsDir: dir,
    cut,
    look,
  })
  const own = partsOf(windows.map((w) => ({ ...w, parts: w.parts.filter((p) => p.startSec < w.endSec) })))
  return {
    file: rendered.file,
    cpuSec: rendered.cpuSec,
    assembleSec: rendered.assembleSec,
    wholeSec: (performance.now() - began) / 1000,
    bytes: fetched.bytes,
    windowBytes: own.reduce((sum, p) => sum + statSync(fetched.fileOf(p)).size, 0),
    peakMb: rendered.peakBytes / 1e6,
  }
}

/** The usual script, on a file that begins with the parts that are needed: seeking costs it nothing. */
function reencodeCpuSec(footageDir: string, footage: Footage, spans: BenchSpan[], dir: string): number {
  const list = join(dir, 'list.txt')
  const files: string[] = []
  let cpuSec = 0
  for (const [n, span] of spans.entries()) {
    const inBlock = span.startSec % blockSec(footage)
    const first = Math.floor(inBlock / 10)
    const parts = [0, 1, 2, 3].map((i) => join(footageDir, `${first + i}.ts`))
    const out = join(dir, `moment-${n}.mp4`)
    const from = (inBlock - first * 10).toFixed(3)
    const script = ['-ss', from, '-i', `concat:${parts.join('|')}`, '-t', String(MOMENT_SEC)]
    cpuSec += ffmpegCpuSec([...script, '-c:v', 'libx264', '-preset', 'veryfast', '-c:a', 'aac', out])
    files.push(out)
  }
  writeFileSync(list, files.map((f) => `file '${f}'\n`).join(''))
  return (
    cpuSec + ffmpegCpuSec(['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', join(dir, 'joined.mp4')])
  )
}

function ffmpegCpuSec(args: string[]): number {
  const command = 'TIMEFORMAT="%U %S"; time "$0" "$@" 2>/dev/null'
  const run = spawnSync('bash', ['-c', command, 'ffmpeg', '-y', '-v', 'error', ...args], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error('the usual script needs ffmpeg: apt install ffmpeg')
  const [user = 0, system = 0] = run.stderr.trim().split(' ').map(Number)
  return user + system
}

function copySec(file: string): number {
  const began = performance.now()
  copyFileSync(file, `${file}.copy`)
  const sec = (performance.now() - began) / 1000
  rmSync(`${file}.copy`)
  return sec
}

const blockSec = (footage: Footage) => footage.parts.reduce((a, b) => a + b, 0)

/** Moments at arbitrary times, one a block as far as possible, none over a block's edge. */
function spansOver(
  count: number,
  lengthSec: number,
  footage: Footage,
  random: () => number,
  overSec = 2 * 3600,
) {
  const block = blockSec(footage)
  const slots = Math.floor(overSec / block)
  const perBlock = Math.ceil(count / slots)
  return Array.from({ length: count }, (_, n) => {
    const blockOf = Math.floor((Math.floor(n / perBlock) * slots) / Math.ceil(count / perBlock))
    const room = block / perBlock
    const startSec = blockOf * block + (n % perBlock) * room + random() * (room - lengthSec - 12)
    return { startSec, endSec: startSec + lengthSec }
  })
}

/** The VOD over HTTP: `/<hours>.m3u8`, and its parts `/<block>/<part>.ts`. */
async function serveVod(footageDir: string, footage: Footage) {
  const served = new Map<string, number>()
  const files = footage.parts.map((_, n) => readFileSync(join(footageDir, `${n}.ts`)))
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const hours = /^\/(\d+)\.m3u8$/.exec(path)?.[1]
    if (hours) {
      served.clear()
      return response.end(playlist(footage, Number(hours) * 3600))
    }
    const file = files[Number(/\/(\d+)\.ts$/.exec(path)?.[1])]
    if (!file) return response.writeHead(404).end()
    served.set(path, (served.get(path) ?? 0) + 1)
    twice += (served.get(path) ?? 0) > 1 ? 1 : 0
    response.writeHead(200, { 'content-length': file.length }).end(file)
  })
  let twice = 0
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    url: (hours: number) => `http://127.0.0.1:${port}/${hours}.m3u8`,
    fetchedTwice: () => twice,
    close: () => server.close(),
  }
}

function playlist(footage: Footage, seconds: number): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:10', '#EXT-X-PLAYLIST-TYPE:EVENT']
  for (let block = 0; block * blockSec(footage) < seconds; block++) {
    if (block > 0) lines.push('#EXT-X-DISCONTINUITY')
    for (const [n, sec] of footage.parts.entries())
      lines.push(`#EXTINF:${sec.toFixed(3)},`, `${block}/${n}.ts`)
  }
  return [...lines, '#EXT-X-ENDLIST', ''].join('\n')
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}
