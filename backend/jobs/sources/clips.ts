/**
 * VODs by way of clips: Twitch's documented way. What is longer than a clip may be becomes several that lie next to each
 * other. Each clip is public on the channel, so it is ordered once, and its id is kept beside the file it becomes.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, kindOf } from '../../../shared/fault.ts'
import { MediaError } from '../../media/av.ts'
import { download, Gone } from '../../media/download.ts'
import type { Downloads } from '../../media/downloads.ts'
import { FETCH_DEFAULTS } from '../../media/fetch-parts.ts'
import { CLIP_SEC, DOWNLOADS_A_TIME, type Clips } from '../../twitch/clips.ts'
import type { BringOptions, Footage, VodSource, VodSpan } from '../context.ts'

export interface ClipsSourceOptions {
  clips: Clips
  downloads: Downloads
  /** Between looks whether the clips have appeared; doubles up to ten times this. */
  pollMs: number
  /** Twitch says that it may take minutes. What is late then is looked for when the step is tried again. */
  patienceMs: number
  /** A clip that has not appeared so long after its order never will. */
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
  const { clips, downloads } = options
  const lost = new Map<string, string>()
  const fileOf = (clip: Clip) => join(folder, `${nameOf(clip)}.mp4`)
  const missing: { clip: Clip; id: string }[] = []
  for (const clip of all) {
    if (await stat(fileOf(clip)).catch(() => null)) continue
    try {
      missing.push({ clip, id: await orderOnce(clip, folder, vod, options) })
    } catch (error) {
      if (kindOf(error) !== 'damaged') throw error
      lost.set(nameOf(clip), `clip ${nameOf(clip)} s was refused`)
    }
  }
  for (const clip of await neverListed(missing, folder, options, signal)) {
    lost.set(nameOf(clip), `clip ${nameOf(clip)} s has never appeared`)
    missing.splice(
      missing.findIndex((m) => m.clip === clip),
      1,
    )
  }
  let done = all.length - missing.length - lost.size
  for (let n = 0; n < missing.length; n += DOWNLOADS_A_TIME) {
    const batch = missing.slice(n, n + DOWNLOADS_A_TIME)
    const urls = await clips.downloads(
      vod.channelId,
      batch.map((m) => m.id),
    )
    await Promise.all(
      batch.map(async ({ clip, id }) => {
        const name = `clip ${nameOf(clip)} s`
        const get = (url: string | null | undefined) => {
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
            lost.set(nameOf(clip), error.message)
          })
        onPart?.(++done, all.length)
      }),
    )
  }
  return lost
}

/** Get Clips may list a clip only minutes after it was made. */
const UNCERTAIN_MS = 10 * 60_000

/**
 * The id that the clip got, from the file beside it; else it is ordered now. That an order goes out is noted before it
 * does: where its answer was lost, Twitch is asked what became of it, since a second order would be a second clip for all
 * to see.
 */
async function orderOnce(
  clip: Clip,
  folder: string,
  { vodId, channelId }: { vodId: string; channelId: string },
  { clips, downloads, now }: ClipsSourceOptions,
): Promise<string> {
  const note = join(folder, `${nameOf(clip)}.id`)
  const sent = join(folder, `${nameOf(clip)}.sent`)
  const read = (file: string) => readFile(file, 'utf8').catch(() => null)
  // Two videos of a show may want the same clip at the same moment.
  await downloads.once(note, async () => {
    if (await read(note)) return
    const { startSec, endSec } = clip
    const title = `Echoes ${vodId}, ${nameOf(clip)} s`
    const sentAtMs = Number((await read(sent)) ?? NaN)
    if (Number.isFinite(sentAtMs)) {
      const [made] = await clips.madeAs(channelId, title, sentAtMs - UNCERTAIN_MS)
      if (made) return keep(note, made)
      if (now() - sentAtMs < UNCERTAIN_MS)
        throw new Fault(`Twitch has not said whether it made clip ${nameOf(clip)} s`, 'transient')
    }
    await keep(sent, String(now()))
    try {
      await keep(note, await clips.order({ channelId, vodId, endSec, lengthSec: endSec - startSec, title }))
    } catch (error) {
      // A refusal is an answer: there is no such clip.
      if (error instanceof Fault && (error.status ?? 500) < 500) await rm(sent, { force: true })
      throw error
    }
  })
  const id = await read(note)
  if (!id) throw new Fault(`clip ${nameOf(clip)} s was not ordered`, 'transient')
  return id
}

async function keep(file: string, text: string): Promise<void> {
  const partial = `${file}.${process.pid}.partial`
  await writeFile(partial, text)
  await rename(partial, file)
}

/**
 * Waits until the clips are listed.
 * @returns those that never will be @throws {Fault} `transient` while some may still come
 */
async function neverListed(
  ordered: readonly { clip: Clip; id: string }[],
  folder: string,
  { clips, pollMs, patienceMs, lostMs, now }: ClipsSourceOptions,
  signal: AbortSignal | undefined,
): Promise<Clip[]> {
  const until = performance.now() + patienceMs
  let left = ordered
  const isOverdue = async ({ clip }: { clip: Clip }) => {
    const place = join(folder, nameOf(clip))
    const sent = await readFile(`${place}.sent`, 'utf8').catch(() => null)
    // An order of an earlier version has no note of when it went out.
    const sentAtMs = sent === null ? (await stat(`${place}.id`)).mtimeMs : Number(sent)
    return now() - sentAtMs >= lostMs
  }
  for (let pauseMs = pollMs; ; pauseMs = Math.min(2 * pauseMs, SLOWEST_POLL * pollMs)) {
    if (left.length === 0) return []
    const listed = await clips.listed(left.map((l) => l.id))
    left = left.filter((l) => !listed.has(l.id))
    const overdue = await Promise.all(left.map(isOverdue))
    if (overdue.every(Boolean)) return left.map((l) => l.clip)
    if (performance.now() >= until) throw new Fault(`${left.length} clips have not appeared yet`, 'transient')
    await sleep(pauseMs, undefined, signal ? { signal } : {})
  }
}

function nameOf({ startSec, endSec }: Clip): string {
  return `${startSec}-${endSec}`
}
