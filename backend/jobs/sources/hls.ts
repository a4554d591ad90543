/** VODs from their HLS playlist: only the parts that the spans need are fetched. */
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { faultOf } from '../../domain/failures.ts'
import type { Downloads } from '../../media/downloads.ts'
import { FETCH_DEFAULTS, fetchParts, spanOf } from '../../media/fetch-parts.ts'
import { loadPlaylist } from '../../media/load-playlist.ts'
import type { MediaPlaylist, Part } from '../../media/playlist.ts'
import { partsOf, windowsOf } from '../../media/windows.ts'
import type { VodSource } from '../context.ts'

export interface HlsSourceOptions {
  /** The signed address of a VOD's master playlist. */
  masterUrl(vodId: string): Promise<string>
  /** Shared by all who download in this process. */
  downloads: Downloads
}

/** While the stream runs, the newest parts may still grow, or be replaced. */
const UNSETTLED_PARTS = 2
/** Where the playlist does not tell: more than Twitch's best quality has. */
const BYTES_A_SEC = 1_100_000

export function hlsSource({ masterUrl, downloads }: HlsSourceOptions): VodSource {
  const load = async (vodId: string) => {
    const loaded = await loadPlaylist(await masterUrl(vodId))
    if (!loaded.ok) {
      const { status, reason } = loaded
      if (status === undefined) throw new Fault(`VOD ${vodId}: ${reason}`, 'transient')
      throw faultOf('recording', `for the playlist of VOD ${vodId}`, { status }, Date.now())
    }
    return loaded
  }
  return {
    around: 'free',
    async inspect(vod) {
      const { playlist } = await load(vod.vodId)
      return { durationMs: Math.round(playlist.totalSec * 1000), complete: playlist.ended }
    },
    async measure(vodId) {
      const { writtenAtMs, totalSec, ended } = (await load(vodId)).playlist
      return writtenAtMs === null || ended ? null : { writtenAtMs, durationMs: Math.round(totalSec * 1000) }
    },
    async bring({ vodId }, spans, dir, { ahead = false, signal, expect, onPart } = {}) {
      const { playlist, bandwidth } = await load(vodId)
      const windows = spans.map((span) => windowsOf(playlist, span))
      const all = partsOf(windows.flat())
      const parts = ahead ? all.filter((p) => isSettled(playlist, p)) : all
      const seconds = parts.reduce((sum, p) => sum + p.durationSec, 0)
      await expect?.(seconds * (bandwidth ? bandwidth / 8 : BYTES_A_SEC))
      let done = 0
      const lost = new Map<number, string>()
      const fetched = await fetchParts(parts, join(dir, vodId), {
        ...FETCH_DEFAULTS,
        downloads,
        urgency: ahead ? 'ahead' : 'now',
        // The address may have expired on the way: the source is asked again, and the part is the one in the same place.
        renew: async (part) => (await load(vodId)).playlist.parts[part.index],
        onPart: () => onPart?.(++done, parts.length),
        onLost: (part, why) => lost.set(part.index, why),
        ...(signal ? { signal } : {}),
      })
      const lacks = windows.map(
        (ofSpan) => ofSpan.flatMap((w) => w.parts.flatMap((part) => lost.get(part.index) ?? []))[0],
      )
      const pieces = ahead
        ? []
        : windows.map((ofSpan, n) => (lacks[n] ? [] : ofSpan.map((w) => spanOf(w, fetched))))
      return { pieces, lost: lacks, partsFetched: parts.length, partsTotal: playlist.parts.length }
    },
  }
}

function isSettled({ ended, parts }: MediaPlaylist, part: Part): boolean {
  return ended || part.index < parts.length - UNSETTLED_PARTS
}
