/**
 * The renderer by itself: `npm run recap -- --playlist <address or file> --span 65-95 --span 5:00-5:45 --out recap.mp4`
 *
 *   --exact          cut at the very picture, and not at the key frame before it
 *   --moments DIR    each span as a video of its own, too
 *   --short FILE     an upright short of the spans, too (needs ffmpeg)
 *   --plan   fetch nothing; list the parts, their bytes where the playlist tells them, and the cut points
 *   --json   print the outcome as one line of JSON, last
 *
 * Exit code 2: the request or the playlist is at fault; 1: the work failed; 0: done.
 */
import { positionText } from '../shared/time-text.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bytesOf } from '../backend/media/playlist.ts'
import { cutMoments, cutShort } from '../backend/media/by-products.ts'
import { fetchDefaults, fetchParts, spanOf } from '../backend/media/fetch-parts.ts'
import { loadPlaylist } from '../backend/media/load-playlist.ts'
import { renderRecap } from '../backend/media/render.ts'
import { partsOf, windowsOf, type Span } from '../backend/media/windows.ts'

const USAGE =
  'usage: npm run recap -- --playlist <address or file> --span 65-95 [--span 5:00-5:45 …] --out recap.mp4 [--exact] [--moments DIR] [--short FILE] [--plan] [--json]'

class UsageError extends Error {}

async function main(): Promise<void> {
  const args = readArguments()
  const spans = args.span.map(readSpan)
  const loaded = await loadPlaylist(args.playlist)
  if (!loaded.ok) throw new UsageError(`${args.playlist}: ${loaded.reason}`)
  const { playlist } = loaded
  const cuts = spans.map((span, n) => {
    const windows = windowsOf(playlist, span)
    if (windows.length === 0)
      throw new UsageError(
        `span ${spanText(span)} lies outside the VOD, which is ${positionText(playlist.totalSec)} long`,
      )
    return { name: `span ${n + 1} (${spanText(span)})`, windows }
  })
  const parts = partsOf(cuts.flatMap((c) => c.windows))
  const known = parts.map(bytesOf)
  const bytes = known.every((b) => b !== undefined) ? known.reduce<number>((a, b) => a + (b ?? 0), 0) : null
  if (args.plan) {
    for (const { name, windows } of cuts)
      for (const w of windows) {
        const indexes = w.parts.map((p) => p.index)
        console.log(
          `${name}: cut ${w.startSec.toFixed(3)}–${w.endSec.toFixed(3)} s, parts ${indexes.join(' ')}`,
        )
      }
    for (const part of parts)
      console.log(
        `  part ${part.index}  ${part.startSec.toFixed(3)} s  ${bytesOf(part) ?? '?'} bytes  ${part.url}`,
      )
    console.log(`${parts.length} of ${playlist.parts.length} parts, ${bytes ?? 'an unknown number of'} bytes`)
    const pieces = cuts.flatMap((c) => c.windows.map(({ startSec, endSec }) => ({ startSec, endSec })))
    if (args.json)
      console.log(
        JSON.stringify({
          parts: parts.map((p) => p.index),
          partsTotal: playlist.parts.length,
          bytes,
          pieces,
        }),
      )
    return
  }
  const dir = await mkdtemp(join(tmpdir(), 'echoes-recap-'))
  try {
    const tell = progressLine()
    let done = 0
    const fetched = await fetchParts(parts, join(dir, 'parts'), {
      ...fetchDefaults(),
      onPart: () =>
        tell(`fetching: ${++done} of ${parts.length} parts (the VOD has ${playlist.parts.length})`),
    })
    const pieces = cuts.flatMap(({ name, windows }) => windows.map((w) => ({ name, ...spanOf(w, fetched) })))
    const file = resolve(args.out ?? 'recap.mp4')
    const totalSec = pieces.reduce((sum, p) => sum + p.endSec - p.startSec, 0)
    const cut = args.exact ? 'exact' : 'keyframe'
    const rendered = await renderRecap(
      { pieces, file, stillsDir: join(dir, 'stills'), cut },
      { onProgress: (sec) => tell(`cutting: ${positionText(sec)} of ${positionText(totalSec)}`) },
    )
    tell(null)
    const placed = rendered.pieces.map((p) => ({ ...p, title: p.name }))
    if (args.moments)
      for (const moment of await cutMoments(file, placed, resolve(args.moments))) console.log(moment)
    if (
      args.short &&
      (await cutShort(file, placed, { dir: join(dir, 'short'), out: resolve(args.short), fill: 'blur' }))
    )
      console.log(resolve(args.short))
    for (const p of rendered.pieces)
      console.log(`${positionText(p.atSec)}  ${p.name}, from ${p.sourceStartSec.toFixed(3)} s`)
    console.log(
      `${file}: ${rendered.durationSec.toFixed(2)} s, ${rendered.bytes} bytes, ${rendered.cpuSec.toFixed(2)} s of CPU`,
    )
    if (args.json) {
      const { durationSec, cpuSec } = rendered
      const outcome = { recapPath: file, durationSec, bytes: rendered.bytes, cpuSec, pieces: rendered.pieces }
      console.log(
        JSON.stringify({ ...outcome, partsFetched: parts.length, partsTotal: playlist.parts.length }),
      )
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        playlist: { type: 'string' },
        span: { type: 'string', multiple: true },
        out: { type: 'string' },
        exact: { type: 'boolean', default: false },
        moments: { type: 'string' },
        short: { type: 'string' },
        plan: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const { playlist, span, out, plan, json, exact, moments, short } = values
    if (!playlist) throw new UsageError('--playlist is missing')
    if (!span?.length) throw new UsageError('--span is missing')
    if (!out && !plan) throw new UsageError('--out is missing')
    return { playlist, span, out, plan, json, exact, moments, short }
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

/** One line that is written over, on a terminal; elsewhere nothing. */
function progressLine(): (text: string | null) => void {
  if (!process.stdout.isTTY) return () => {}
  return (text) => process.stdout.write(text === null ? '\r\u001b[K' : `\r\u001b[K${text}`)
}

function readSpan(text: string): Span {
  const match = /^([\d:.]+)\s*[-–]\s*([\d:.]+)$/.exec(text)
  const [startSec, endSec] = [readPosition(match?.[1]), readPosition(match?.[2])]
  if (startSec === undefined || endSec === undefined)
    throw new UsageError(`--span ${text} is not of the form 65-95 or 5:00-5:45`)
  if (endSec <= startSec) throw new UsageError(`--span ${text} ends before it starts`)
  return { startSec, endSec }
}

/** `95`, `95.5`, `1:35`, `1:02:03` → seconds. */
function readPosition(text: string | undefined): number | undefined {
  if (!text || !/^(?:\d+:){0,2}\d+(?:\.\d+)?$/.test(text)) return undefined
  return text.split(':').reduce((sec, field) => sec * 60 + Number(field), 0)
}

function spanText({ startSec, endSec }: Span): string {
  return `${positionText(startSec)}–${positionText(endSec)}`
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(error instanceof UsageError ? 2 : 1)
})
