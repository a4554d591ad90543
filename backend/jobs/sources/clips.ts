/**
 * VODs by way of clips: Twitch's documented way. What is longer than a clip may be becomes several that lie next to each
 * other. Each clip is public on the channel, so it is ordered once, and its id is kept beside the file it becomes.
 */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../shared/fault.ts'
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
      await bringClips(all, folder, vod, options, bring)
      const pieces = wanted.map((clips, n) => clips.flatMap((clip) => pieceOf(clip, spans[n], folder)))
      return { pieces, partsFetched: all.length, partsTotal: all.length }
    },
  }
}

function pieceOf(clip: Clip, span: VodSpan | undefined, folder: string): Footage['pieces'][number] {
  const startSec = Math.max(clip.startSec, span?.startSec ?? 0)
  const endSec = Math.min(clip.endSec, span?.endSec ?? 0)
  if (endSec <= startSec) return []
  return [{ files: [join(folder, `${nameOf(clip)}.mp4`)], filesStartSec: clip.startSec, startSec, endSec }]
}

async function bringClips(
  all: readonly Clip[],
  folder: string,
  vod: { vodId: string; channelId: string },
  { clips, downloads, pollMs, patienceMs }: ClipsSourceOptions,
  { signal, onPart }: BringOptions,
): Promise<void> {
  const missing: { clip: Clip; id: string }[] = []
  for (const clip of all) {
    const file = join(folder, `${nameOf(clip)}.mp4`)
    if (await stat(file).catch(() => null)) continue
    missing.push({ clip, id: await orderOnce(clip, folder, vod, clips) })
  }
  await untilListed(
    missing.map((m) => m.id),
    { clips, pollMs, patienceMs, signal },
  )
  let done = all.length - missing.length
  for (let n = 0; n < missing.length; n += DOWNLOADS_A_TIME) {
    const batch = missing.slice(n, n + DOWNLOADS_A_TIME)
    const urls = await clips.downloads(
      vod.channelId,
      batch.map((m) => m.id),
    )
    await Promise.all(
      batch.map(async ({ clip, id }) => {
        const get = (url: string | null | undefined) => {
          const name = `clip ${nameOf(clip)} s`
          if (!url) throw new Fault(`Twitch has no download of ${name} yet`, 'retry')
          const file = join(folder, `${nameOf(clip)}.mp4`)
          const one = { ...FETCH_DEFAULTS, ...(signal ? { signal } : {}) }
          return downloads.run(url, 'now', () => download(url, undefined, file, name, one), signal)
        }
        await get(urls.get(id)).catch(async (error: unknown) => {
          if (!(error instanceof Gone)) throw error
          // Signed addresses do not last; nobody says how long.
          await get((await clips.downloads(vod.channelId, [id])).get(id))
        })
        onPart?.(++done, all.length)
      }),
    )
  }
}

/** The id that the clip got, from the file beside it; else it is ordered now. */
async function orderOnce(
  clip: Clip,
  folder: string,
  { vodId, channelId }: { vodId: string; channelId: string },
  clips: Clips,
): Promise<string> {
  const note = join(folder, `${nameOf(clip)}.id`)
  const known = await readFile(note, 'utf8').catch(() => null)
  if (known) return known
  const { startSec, endSec } = clip
  const title = `Echoes ${nameOf(clip)}`
  const id = await clips.order({ channelId, vodId, endSec, lengthSec: endSec - startSec, title })
  await writeFile(`${note}.partial`, id)
  await rename(`${note}.partial`, note)
  return id
}

async function untilListed(
  ids: readonly string[],
  wait: { clips: Clips; pollMs: number; patienceMs: number; signal: AbortSignal | undefined },
): Promise<void> {
  const until = performance.now() + wait.patienceMs
  let left = ids
  for (
    let pauseMs = wait.pollMs;
    left.length > 0;
    pauseMs = Math.min(2 * pauseMs, SLOWEST_POLL * wait.pollMs)
  ) {
    const listed = await wait.clips.listed(left)
    left = left.filter((id) => !listed.has(id))
    if (left.length === 0) return
    if (performance.now() >= until) throw new Fault(`${left.length} clips have not appeared yet`, 'retry')
    await sleep(pauseMs, undefined, wait.signal ? { signal: wait.signal } : {})
  }
}

function nameOf({ startSec, endSec }: Clip): string {
  return `${startSec}-${endSec}`
}
