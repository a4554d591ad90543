/**
 * One file from an address, whole and checked: retried with back-off, and gone on with where the connection broke. It is
 * there under its name only when it is complete.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import pRetry, { AbortError } from 'p-retry'
import { Fault } from '../../shared/fault.ts'
import { faultOf } from '../domain/failures.ts'
import { MediaError } from './av.ts'
import type { ByteRange } from './playlist.ts'

export interface DownloadOptions {
  /** Time limit of one attempt. */
  timeoutMs: number
  /** Attempts after the first, on 5xx, 429, broken connections and damaged content. */
  retries: number
  /** First pause between attempts; doubles each time. */
  retryMinMs: number
  signal?: AbortSignal
}

const TS_SYNC = 0x47
const TS_PACKET = 188

/** The server knows the address no more, or not from us: expired, muted, deleted. */
export class Gone extends MediaError {
  override name = 'Gone'
}

/**
 * Brings what lies at `url` (http, https or file) to `file`.
 * @param what names it in errors
 * @returns bytes that came over the network
 * @throws {Gone} on 401, 403, 404 and 410; {@link MediaError} when what comes is damaged each time; else a transient
 * {@link Fault}: what the network, the server or our disk does may pass
 */
export async function download(
  url: string,
  range: ByteRange | undefined,
  file: string,
  what: string,
  options: DownloadOptions,
): Promise<number> {
  const partial = new Partial(`${file}.${process.pid}.partial`)
  const { retries, retryMinMs: minTimeout, signal } = options
  const once = async () => {
    try {
      if (url.startsWith('file:')) await copyRange(fileURLToPath(url), range, partial.path, what)
      else await partial.goOn(url, range, what, options)
      await checkContainer(partial.path, what)
    } catch (error) {
      throw await meaning(error, what, partial)
    }
  }
  // When it is aborted, p-retry does not wait for the attempt that is under way.
  let attempt: Promise<void> = Promise.resolve()
  try {
    await pRetry(() => (attempt = once()), {
      retries,
      minTimeout,
      factor: 2,
      randomize: true,
      ...(signal ? { signal } : {}),
    })
    await rename(partial.path, file)
    return partial.received
  } finally {
    await attempt.catch(() => {})
    await rm(partial.path, { force: true })
  }
}

/** What has come so far, over several attempts. */
class Partial {
  readonly path: string
  received = 0
  /** By which the server tells that it still has the same file. */
  #validator: string | null = null
  #total: number | undefined

  constructor(path: string) {
    this.path = path
  }

  /** Begins anew: what is there is not what it should be. */
  async discard(): Promise<void> {
    await rm(this.path, { force: true })
    this.#validator = null
  }

  async goOn(
    url: string,
    range: ByteRange | undefined,
    what: string,
    options: DownloadOptions,
  ): Promise<void> {
    const had = this.#validator === null ? 0 : await sizeOf(this.path)
    const first = (range?.offset ?? 0) + had
    const headers: Record<string, string> = {}
    if (range) headers.range = `bytes=${first}-${range.offset + range.length - 1}`
    else if (had > 0) headers.range = `bytes=${first}-`
    if (had > 0 && this.#validator) headers['if-range'] = this.#validator
    const timeout = AbortSignal.timeout(options.timeoutMs)
    const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
    const response = await fetch(url, { signal, headers })
    const goesOn = response.status === 206
    if (!response.ok || !response.body || (range && !goesOn)) {
      await response.body?.cancel()
      // 416: the file is shorter than it was. Begun anew, it is what it is.
      if (response.status === 416) await this.discard()
      throw refusal(response, what, range !== undefined)
    }
    const length = Number(response.headers.get('content-length') ?? NaN)
    const kept = goesOn ? had : 0
    this.#total = range?.length ?? (Number.isFinite(length) ? kept + length : undefined)
    // Only a strong one says that not a byte is different.
    const tag = response.headers.get('etag')
    this.#validator = tag && !tag.startsWith('W/') ? tag : response.headers.get('last-modified')
    const before = kept
    try {
      await pipeline(
        Readable.fromWeb(response.body as ReadableStream),
        createWriteStream(this.path, { flags: kept > 0 ? 'a' : 'w' }),
      )
    } finally {
      this.received += (await sizeOf(this.path)) - before
    }
    const size = await sizeOf(this.path)
    if (this.#total === undefined || size === this.#total) return
    if (size > this.#total) await this.discard()
    throw new Fault(`${what} came with ${size} bytes instead of ${this.#total}`, 'transient')
  }
}

function refusal(response: Response, what: string, ranged: boolean): Error {
  const { status } = response
  if (response.ok && ranged) return new AbortError(new MediaError(`${what}: the server ignores byte ranges`))
  if ([401, 403, 404, 410].includes(status)) return new AbortError(new Gone(`${what} answered ${status}`))
  const fault = faultOf('parts', `for ${what}`, { status }, Date.now())
  return fault.kind === 'transient' || status === 416 ? fault : new AbortError(fault)
}

/** What the network says is said in our words; p-retry tries a MediaError or a Fault again, an AbortError not. */
async function meaning(error: unknown, what: string, partial: Partial): Promise<Error> {
  if (error instanceof NotMedia || error instanceof NoPart) await partial.discard()
  if (error instanceof MediaError || error instanceof AbortError || error instanceof Fault) return error
  const cause =
    error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
  return new Fault(`${what} could not be fetched: ${cause}`, 'transient')
}

async function copyRange(
  source: string,
  range: ByteRange | undefined,
  file: string,
  what: string,
): Promise<void> {
  const slice = range ? { start: range.offset, end: range.offset + range.length - 1 } : {}
  await pipeline(createReadStream(source, slice), createWriteStream(file))
  if (range && (await sizeOf(file)) !== range.length)
    throw new AbortError(new MediaError(`${what} lies beyond the end of ${source}`))
}

/** What came is not what was asked for: going on where it ends would not help. */
class NotMedia extends MediaError {}

/** Nothing like a part came: somebody stands between us and the server. */
class NoPart extends Fault {}

/**
 * A part must be whole: MPEG-TS is packets of 188 bytes that begin with their sync byte, MP4 is boxes whose lengths add up
 * to the file. What was cut off where a server stopped early is found here, whatever length it claimed.
 */
async function checkContainer(file: string, what: string): Promise<void> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const head = Buffer.alloc(16)
    const at = async (position: number) => {
      const { bytesRead } = await handle.read(head, 0, 16, position)
      return bytesRead
    }
    if ((await at(0)) > 0 && head[0] === TS_SYNC) {
      const second = await at(TS_PACKET)
      if (size % TS_PACKET !== 0 || (second > 0 && head[0] !== TS_SYNC))
        throw new NotMedia(`${what} is cut off`)
      return
    }
    for (let position = 0; position < size;) {
      const read = await at(position)
      // Somebody else's page, with a status as if all were well.
      if (position === 0 && /^\s*</.test(head.toString('latin1', 0, read)))
        throw new NoPart(`${what} came as a page of text`, 'transient')
      if (read < 8 || !/^[a-zA-Z0-9 ]{4}$/.test(head.toString('latin1', 4, 8)))
        throw new NotMedia(`${what} is neither MPEG-TS nor MP4`)
      const short = head.readUInt32BE(0)
      // 1: the length follows in 64 bits; 0: the box reaches to the end.
      const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? size - position : short
      if (length < 8 || position + length > size) throw new NotMedia(`${what} is cut off`)
      position += length
    }
    if (size === 0) throw new NoPart(`${what} came empty`, 'transient')
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0
}
