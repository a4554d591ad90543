/**
 * Brings the parts of a VOD to a folder: in parallel, each once, retried with back-off, checked, and kept when the
 * work is started again. A file is there under its name only when it is whole.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import PQueue from 'p-queue'
import pRetry, { AbortError } from 'p-retry'
import { MediaError } from './av.ts'
import { mutedUrl, type ByteRange, type Part } from './playlist.ts'

export interface FetchOptions {
  /** Downloads at a time. */
  concurrency: number
  /** Time limit of one attempt. */
  timeoutMs: number
  /** Attempts after the first, on 5xx, 429 and broken connections. */
  retries: number
  /** First pause between attempts; doubles each time. */
  retryMinMs: number
  signal?: AbortSignal
  onPart?: (done: { bytes: number; cached: boolean }) => void
}

export const FETCH_DEFAULTS: FetchOptions = { concurrency: 6, timeoutMs: 60_000, retries: 5, retryMinMs: 500 }

export interface FetchedParts {
  /** The file of each part, by the part's index; fMP4 parts follow their initialisation file. */
  fileOf(part: Part): string
  mapOf(part: Part): string | undefined
  bytes: number
}

/**
 * Brings `parts` to `dir`. Parts that are there already are not asked for again.
 * @throws {MediaError} naming the part that could not be had
 */
export async function fetchParts(
  parts: Part[],
  dir: string,
  options: FetchOptions = FETCH_DEFAULTS,
): Promise<FetchedParts> {
  await mkdir(dir, { recursive: true })
  const files = new Map<number, string>()
  const maps = new Map<string, string>()
  let bytes = 0
  const queue = new PQueue({ concurrency: options.concurrency })
  const wanted = [
    ...new Map(parts.flatMap((p) => (p.map ? [[mapKey(p.map), p.map] as const] : []))).entries(),
  ]
  const tasks: (() => Promise<void>)[] = []
  for (const [n, [key, map]] of wanted.entries()) {
    tasks.push(async () => {
      const got = await bring(map.url, map.range, join(dir, `init-${n}.mp4`), options)
      bytes += got.bytes
      maps.set(key, got.file)
    })
  }
  for (const part of parts) {
    tasks.push(async () => {
      const extension = /\.(mp4|m4s)(?:$|\?)/.test(part.url) ? 'mp4' : 'ts'
      const got = await bring(part.url, part.range, join(dir, `${part.index}.${extension}`), options, part)
      bytes += got.bytes
      files.set(part.index, got.file)
      options.onPart?.({ bytes: got.bytes, cached: got.cached })
    })
  }
  const abort = new AbortController()
  try {
    await Promise.all(tasks.map((task) => queue.add(task, { signal: abort.signal })))
  } catch (error) {
    abort.abort() // one part lacking makes the rest useless
    queue.clear()
    throw error
  }
  return {
    fileOf(part) {
      const file = files.get(part.index)
      if (!file) throw new MediaError(`part ${part.index} was not fetched`)
      return file
    },
    mapOf: (part) => (part.map ? maps.get(mapKey(part.map)) : undefined),
    bytes,
  }
}

async function bring(
  url: string,
  range: ByteRange | undefined,
  file: string,
  options: FetchOptions,
  part?: Part,
) {
  const name = part
    ? `part ${part.index} (${new URL(url).pathname.split('/').at(-1)})`
    : 'the initialisation part'
  if (part?.encrypted) throw new MediaError(`${name} is encrypted; only clear VODs can be cut`)
  if (url.startsWith('file:') && !range) {
    const local = fileURLToPath(url)
    const info = await stat(local).catch(() => null)
    if (!info) throw new MediaError(`${name} is missing: ${local}`)
    return { file: local, bytes: info.size, cached: true }
  }
  const there = await stat(file).catch(() => null)
  if (there) return { file, bytes: there.size, cached: true }
  const attempt = (address: string) => {
    const retrying = { retries: options.retries, minTimeout: options.retryMinMs, factor: 2, randomize: true }
    const signal = options.signal ? { signal: options.signal } : {}
    return pRetry(() => download(address, range, file, name, options), { ...retrying, ...signal })
  }
  try {
    await attempt(url)
  } catch (error) {
    const muted = mutedUrl(url)
    const gone = error instanceof MediaError && /answered (403|404)/.test(error.message)
    if (!muted || !gone) throw error
    await attempt(muted)
  }
  return { file, bytes: (await stat(file)).size, cached: false }
}

async function download(
  url: string,
  range: ByteRange | undefined,
  file: string,
  name: string,
  options: FetchOptions,
) {
  const partial = `${file}.${process.pid}.partial`
  try {
    if (url.startsWith('file:')) await copyRange(fileURLToPath(url), range, partial, name)
    else await downloadHttp(url, range, partial, name, options)
    await checkContainer(partial, name)
    await mkdir(dirname(file), { recursive: true })
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    if (error instanceof MediaError || error instanceof AbortError) throw error
    const cause =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    // A network error is a TypeError for p-retry only if it knows the message; ours says what happened and is retried.
    throw new MediaError(`${name} could not be fetched: ${cause}`)
  }
}

async function downloadHttp(
  url: string,
  range: ByteRange | undefined,
  file: string,
  name: string,
  options: FetchOptions,
) {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const response = await fetch(url, {
    signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
    headers: range ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {},
  })
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    const error = new MediaError(`${name} answered ${response.status}`)
    if (response.status < 500 && response.status !== 429) throw new AbortError(error)
    throw error
  }
  const expected = range?.length ?? Number(response.headers.get('content-length') ?? NaN)
  if (range && response.status !== 206)
    throw new AbortError(new MediaError(`${name}: the server ignores byte ranges`))
  await pipeline(
    Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
    createWriteStream(file),
  )
  const { size } = await stat(file)
  if (Number.isFinite(expected) && size !== expected)
    throw new MediaError(`${name} came with ${size} bytes instead of ${expected}`)
}

async function copyRange(
  source: string,
  range: ByteRange | undefined,
  file: string,
  name: string,
): Promise<void> {
  const slice = range ? { start: range.offset, end: range.offset + range.length - 1 } : {}
  await pipeline(createReadStream(source, slice), createWriteStream(file))
  const { size } = await stat(file)
  if (range && size !== range.length)
    throw new AbortError(new MediaError(`${name} lies beyond the end of ${source}`))
}

/** MPEG-TS begins with its sync byte each 188 bytes; MP4 with a box whose name is four letters. */
async function checkContainer(file: string, name: string): Promise<void> {
  const handle = await open(file)
  try {
    const head = Buffer.alloc(189)
    const { bytesRead } = await handle.read(head, 0, 189, 0)
    const isTs = head[0] === 0x47 && (bytesRead < 189 || head[188] === 0x47)
    const isMp4 = /^[a-z]{4}$/.test(head.toString('latin1', 4, 8))
    if (!isTs && !isMp4) throw new MediaError(`${name} is neither MPEG-TS nor MP4`)
  } finally {
    await handle.close()
  }
}

function mapKey(map: NonNullable<Part['map']>): string {
  return `${map.url}@${map.range?.offset ?? ''}`
}
