/**
 * Brings the parts of a VOD to a folder, each once: what is there is not asked for again. A file's name tells its content
 * (address, range and length), so that a part that has grown or was muted since is another one.
 */
import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MediaError } from './av.ts'
import { download, Gone, type DownloadOptions } from './download.ts'
import { Downloads, type Urgency } from './downloads.ts'
import { mutedUrl, type ByteRange, type Part } from './playlist.ts'
import type { Span } from './survey.ts'
import type { Window } from './windows.ts'

export interface FetchOptions extends DownloadOptions {
  downloads: Downloads
  urgency?: Urgency
  /** Asks the source again for a part whose address is known no more; undefined when there is no other. */
  renew?: (part: Part) => Promise<Part | undefined>
  onPart?: (done: { bytes: number; cached: boolean }) => void
  /** Told of a part that is damaged or gone; the others are brought all the same. Without this, one fails all. */
  onLost?: (part: Part, why: string) => void
}

export const FETCH_DEFAULTS = { timeoutMs: 60_000, retries: 5, retryMinMs: 500 }

/** For a process that does nothing else: `npm run recap`, benches. */
export function fetchDefaults(): FetchOptions {
  return { ...FETCH_DEFAULTS, downloads: new Downloads({ overall: 6, perHost: 6 }) }
}

export interface FetchedParts {
  /** The file of each part; fMP4 parts follow their initialisation file. */
  fileOf(part: Part): string
  mapOf(part: Part): string | undefined
  /** Of all parts together, whether they came now or were there. */
  bytes: number
  /** Parts that came over the network now. */
  fetched: number
}

/**
 * Brings `parts` to `dir`.
 * @throws {MediaError} naming a part that is damaged or gone; {@link Fault} where something stood between us and it
 */
export async function fetchParts(
  parts: readonly Part[],
  dir: string,
  options: FetchOptions,
): Promise<FetchedParts> {
  await mkdir(dir, { recursive: true })
  const files = new Map<string, string>()
  const result = { bytes: 0, fetched: 0 }
  const abort = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal
  const bring = async (item: Item, part?: Part) => {
    const brought = await bringOne(item, dir, { ...options, signal }, part)
    files.set(keyOf(item), brought.file)
    result.bytes += brought.bytes
    if (!brought.cached) result.fetched++
    if (part) options.onPart?.(brought)
  }
  const maps = new Map(parts.flatMap((p) => (p.map ? [[keyOf(p.map), p.map] as const] : [])))
  const tasks = [
    ...[...maps.values()].map((map) => bring({ ...map, name: 'the initialisation part' })),
    ...parts.map((part) =>
      bring(itemOf(part), part).catch((error: unknown) => {
        if (!options.onLost || !(error instanceof MediaError)) throw error
        options.onLost(part, error.message)
      }),
    ),
  ]
  try {
    await Promise.all(tasks)
  } catch (error) {
    abort.abort() // one part lacking makes the rest useless
    await Promise.allSettled(tasks) // and nothing half-written is left
    throw error
  }
  return {
    ...result,
    fileOf(part) {
      const file = files.get(keyOf(itemOf(part)))
      if (!file) throw new MediaError(`part ${part.index} was not fetched`)
      return file
    },
    mapOf: (part) => (part.map ? files.get(keyOf(part.map)) : undefined),
  }
}

/** What the renderer reads for a window. */
export function spanOf({ parts, startSec, endSec }: Window, fetched: FetchedParts): Span {
  const [first] = parts
  const map = first && fetched.mapOf(first)
  const files = parts.map((p) => fetched.fileOf(p))
  const told = parts.map((p) => ({
    name: itemOf(p).name,
    startSec: p.startSec,
    endSec: p.startSec + p.durationSec,
    isLast: p.isLast,
  }))
  const span = { filesStartSec: first?.startSec ?? 0, startSec, endSec, parts: told }
  // Without an initialisation part each part says for itself what it is.
  return map
    ? { ...span, files: [map, ...files] }
    : { ...span, files, fileSecs: parts.map((p) => p.durationSec) }
}

interface Item {
  url: string
  range?: ByteRange
  durationSec?: number
  /** Of a part, in its playlist. */
  index?: number
  name: string
}

function itemOf(part: Part): Item {
  const { url, range, durationSec, index } = part
  const name = `part ${index} (${new URL(url).pathname.split('/').at(-1)})`
  return { url, durationSec, index, name, ...(range ? { range } : {}) }
}

async function bringOne(item: Item, dir: string, options: FetchOptions, part?: Part) {
  const { url, range, name } = item
  if (part?.encrypted) throw new MediaError(`${name} is encrypted; only clear VODs can be cut`)
  if (url.startsWith('file:') && !range) {
    const local = fileURLToPath(url)
    const info = await stat(local).catch(() => null)
    if (!info) throw new MediaError(`${name} is missing: ${local}`)
    return { file: local, bytes: info.size, cached: true }
  }
  const file = join(dir, fileNameOf(item))
  const there = await stat(file).catch(() => null)
  if (there) return { file, bytes: there.size, cached: true }
  const { downloads, urgency = 'now', signal } = options
  let cached = true
  const attempt = async (address: string) => {
    await downloads.run(address, urgency, () => download(address, range, file, name, options), signal)
    cached = false
  }
  await downloads.once(file, () =>
    attempt(url).catch(async (error: unknown) => {
      if (!(error instanceof Gone)) throw error
      // Muted since the playlist was read, or the address has expired.
      const muted = mutedUrl(url)
      if (muted)
        try {
          return await attempt(muted)
        } catch (gone) {
          if (!(gone instanceof Gone)) throw gone
        }
      const renewed = part && (await options.renew?.(part))
      if (!renewed || renewed.url === url) throw error
      return attempt(renewed.url)
    }),
  )
  return { file, bytes: (await stat(file)).size, cached }
}

/**
 * Addresses are signed in their query or served by one host or another: what they lead to is told by the path, and, where
 * parts differ in nothing but the query, by the place in the playlist.
 */
function keyOf({ url, range, durationSec, index }: Omit<Item, 'name'>): string {
  const { pathname } = new URL(url)
  return [pathname, range?.offset ?? '', range?.length ?? '', durationSec ?? '', index ?? ''].join(' ')
}

function fileNameOf(item: Item): string {
  const hash = createHash('sha256').update(keyOf(item)).digest('hex').slice(0, 24)
  return `${hash}.${/\.(mp4|m4s)(?:$|\?)/.test(item.url) ? 'mp4' : 'ts'}`
}
