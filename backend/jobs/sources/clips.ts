/**
 * VODs by way of clips: Twitch's documented way. What is longer than a clip may be becomes several that lie next to each
 * other. Each clip is public on the channel, so it is ordered once (db/clip-orders.ts).
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, kindOf } from '../../../shared/fault.ts'
import type { ClipKey, ClipOrders } from '../../db/clip-orders.ts'
import { MediaError } from '../../media/av.ts'
import { download, Gone } from '../../media/download.ts'
import type { Downloads } from '../../media/downloads.ts'
import { FETCH_DEFAULTS } from '../../media/fetch-parts.ts'
import { CLIP_SEC, DOWNLOADS_A_TIME, type Clips } from '../../twitch/clips.ts'
import type { BringOptions, Footage, VodSource, VodSpan } from '../context.ts'

export interface ClipsSourceOptions {
  clips: Clips
  orders: ClipOrders
  downloads: Downloads
  /** Between looks whether the clips have appeared; doubles up to ten times this. */
  pollMs: number
  /** Twitch says that it may take minutes. What is late then is looked for when the step is tried again. */
  patienceMs: number
  /** A clip that has not appeared, or has no download, so long after its order never will. */
  lostMs: number
  /** UTC milliseconds. */
  now(): number
}

export interface Clip {
  startSec: number
  endSec: number
}

/** 1080p60, as Twitch serves clips. */
const BYTES_A_SEC = 1_000_000
const SLOWEST_POLL = 10

/**
 * The clips that cover a span, whole seconds each, next to each other, none shorter or longer than Twitch makes them.
 * A span that is shorter than a clip, or begins too early in the VOD for one, gets a longer clip.
 */
export function clipsOf({ startSec, endSec }: VodSpan): Clip[] {
  const from = Math.floor(startSec)
  const to = Math.max(Math.ceil(endSec), from + CLIP_SEC.shortest)
  const count = Math.ceil((to - from) / CLIP_SEC.longest)
  return Array.from({ length: count }, (_, n) => ({
    startSec: from + Math.floor(((to - from) * n) / count),
    endSec: from + Math.floor(((to - from) * (n + 1)) / count),
  }))
}

export function clipsSource(options: ClipsSourceOptions): VodSource {
  return {
    around: 'costly',
    // Nothing but Twitch's listing tells; what stands still and covers the stream is complete.
    inspect: async (vod) => ({ durationMs: vod.durationMs, complete: false }),
    measure: async () => null,
    async bring(vod, spans, dir, { ahead = false, ...bring } = {}) {
      // A clip is public: none is made for a moment that may still be taken back.
      if (ahead) return { pieces: [], partsFetched: 0, partsTotal: 0 }
      const wanted = spans.map(clipsOf)
      const all = [...new Map(wanted.flat().map((clip) => [nameOf(clip), clip])).values()]
      const seconds = all.reduce((sum, c) => sum + c.endSec - c.startSec, 0)
      await bring.expect?.(seconds * BYTES_A_SEC)
      const folder = join(dir, `${vod.vodId}-clips`)
      await mkdir(folder, { recursive: true })
      const lacks = await bringClips(all, folder, vod, options, bring)
      const lost = wanted.map((clips) => clips.flatMap((clip) => lacks.get(nameOf(clip)) ?? [])[0])
      const pieces = wanted.map((clips, n) =>
        lost[n] === undefined ? clips.flatMap((clip) => pieceOf(clip, spans[n], folder)) : [],
      )
      return { pieces, lost, partsFetched: all.length, partsTotal: all.length }
    },
  }
}

function pieceOf(clip: Clip, span: VodSpan | undefined, folder: string): Footage['pieces'][number] {
  const startSec = Math.max(clip.startSec, span?.startSec ?? 0)
  const endSec = Math.min(clip.endSec, span?.endSec ?? 0)
  if (endSec <= startSec) return []
  return [{ files: [join(folder, `${nameOf(clip)}.mp4`)], filesStartSec: clip.startSec, startSec, endSec }]
}

/** @returns for clips that cannot be had, by their names: why */
async function bringClips(
  all: readonly Clip[],
  folder: string,
  vod: { vodId: string; channelId: string },
  options: ClipsSourceOptions,
  { signal, onPart }: BringOptions,
): Promise<Map<string, string>> {
  const { clips, downloads, orders } = options
  const lost = new Map<string, string>()
  const fileOf = (clip: Clip) => join(folder, `${nameOf(clip)}.mp4`)
  const missing: Ordered[] = []
  const unsure: Clip[] = []
  for (const clip of all) {
    if (await stat(fileOf(clip)).catch(() => null)) continue
    try {
      const ordered = await orderOnce(clip, vod, options)
      if (ordered) missing.push({ clip, ...ordered })
      else unsure.push(clip)
    } catch (error) {
      if (kindOf(error) !== 'damaged') throw error
      lost.set(nameOf(clip), `clip ${nameOf(clip)} s was refused`)
    }
  }
  for (const ordered of await neverListed(missing, options, signal)) {
    const { clip, id } = ordered
    lost.set(nameOf(clip), `clip ${nameOf(clip)} s has never appeared`)
    // Not at first sight: until the recap is made without it, it is looked for a few times more.
    if (hasBeenFor(2 * options.lostMs, ordered, options))
      await orders.forget({ channelId: vod.channelId, vodId: vod.vodId, ...clip }, id)
    missing.splice(missing.indexOf(ordered), 1)
  }
  let done = all.length - missing.length - lost.size
  for (let n = 0; n < missing.length; n += DOWNLOADS_A_TIME) {
    const batch = missing.slice(n, n + DOWNLOADS_A_TIME)
    const urls = await clips.downloads(
      vod.channelId,
      batch.map((m) => m.id),
    )
    await Promise.all(
      batch.map(async (ordered) => {
        const { clip, id } = ordered
        const name = `clip ${nameOf(clip)} s`
        const get = (url: string | null | undefined) => {
          if (!url && hasBeenFor(options.lostMs, ordered, options))
            throw new MediaError(`Twitch has no download of ${name}`)
          if (!url) throw new Fault(`Twitch has no download of ${name} yet`, 'transient')
          const one = { ...FETCH_DEFAULTS, ...(signal ? { signal } : {}) }
          return downloads.run(
            url,
            'now',
            async () => void (await download(url, undefined, fileOf(clip), name, one)),
            signal,
          )
        }
        // Another video of the same show may want the same clip at this moment.
        await downloads
          .once(fileOf(clip), () =>
            get(urls.get(id)).catch(async (error: unknown) => {
              if (!(error instanceof Gone)) throw error
              // Signed addresses do not last; nobody says how long.
              await get((await clips.downloads(vod.channelId, [id])).get(id))
            }),
          )
          .catch((error: unknown) => {
            if (!(error instanceof MediaError)) throw error
            // Twitch lists it, so there is one: another would be a second one for all to see.
            lost.set(nameOf(clip), error.message)
          })
        onPart?.(++done, all.length)
      }),
    )
  }
  const [first] = unsure
  if (first) throw new Fault(`Twitch has not said whether it made clip ${nameOf(first)} s`, 'transient')
  return lost
}

interface Ordered {
  clip: Clip
  id: string
  sentAtMs: number
}

function hasBeenFor(ms: number, { sentAtMs }: Ordered, { now }: ClipsSourceOptions): boolean {
  return now() - sentAtMs >= ms
}

/** Twitch's clock may be behind ours by so much. */
const CLOCKS_APART_MS = 10 * 60_000

/**
 * The clip that was ordered; else it is ordered now. Where the answer to an order was lost, Twitch is asked what became of
 * it for as long as it may still appear.
 * @returns null while nobody knows whether there is such a clip
 */
async function orderOnce(
  { startSec, endSec }: Clip,
  { vodId, channelId }: { vodId: string; channelId: string },
  { clips, orders, lostMs, now }: ClipsSourceOptions,
): Promise<Omit<Ordered, 'clip'> | null> {
  const key: ClipKey = { channelId, vodId, startSec, endSec }
  const title = `Echoes ${vodId}, ${startSec}-${endSec} s`
  const before = await orders.find(key)
  if (before?.clipId) return { id: before.clipId, sentAtMs: before.sentAtMs }
  if (before) {
    const [made] = await clips.madeAs(channelId, title, before.sentAtMs - CLOCKS_APART_MS)
    if (made) {
      await orders.made(key, made)
      return { id: made, sentAtMs: before.sentAtMs }
    }
  }
  const sentAtMs = now()
  let isClaimed = false
  const claim = async () => (isClaimed = await orders.claim(key, sentAtMs, sentAtMs - lostMs))
  try {
    const id = await clips.order({ channelId, vodId, endSec, lengthSec: endSec - startSec, title }, claim)
    if (id === null) return null
    await orders.made(key, id)
    return { id, sentAtMs }
  } catch (error) {
    // A refusal is an answer: there is no such clip.
    const isNot = error instanceof Fault && (error.isUnsent || (error.status ?? 500) < 500)
    if (isClaimed && isNot) await orders.forget(key, null)
    throw error
  }
}

/**
 * Waits until the clips are listed.
 * @returns those that never will be @throws {Fault} `transient` while some may still come
 */
async function neverListed(
  ordered: readonly Ordered[],
  options: ClipsSourceOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Ordered[]> {
  const { clips, pollMs, patienceMs } = options
  const until = performance.now() + patienceMs
  let left = ordered
  for (let pauseMs = pollMs; ; pauseMs = Math.min(2 * pauseMs, SLOWEST_POLL * pollMs)) {
    if (left.length === 0) return []
    const listed = await clips.listed(left.map((l) => l.id))
    left = left.filter((l) => !listed.has(l.id))
    if (left.every((l) => hasBeenFor(options.lostMs, l, options))) return left
    if (performance.now() >= until) throw new Fault(`${left.length} clips have not appeared yet`, 'transient')
    await sleep(pauseMs, undefined, signal ? { signal } : {})
  }
}

function nameOf({ startSec, endSec }: Clip): string {
  return `${startSec}-${endSec}`
}
