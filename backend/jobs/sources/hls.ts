/** VODs from their HLS playlist: only the parts that the spans need are fetched. */
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { FETCH_DEFAULTS, fetchParts, spanOf, type FetchOptions } from '../../media/fetch-parts.ts'
import type { Downloads } from '../../media/downloads.ts'
import { loadPlaylist } from '../../media/load-playlist.ts'
import { partsOf, windowsOf } from '../../media/windows.ts'
import type { VodSource } from '../context.ts'

export interface HlsSourceOptions {
  /** The signed address of a VOD's master playlist. */
  masterUrl(vodId: string): Promise<string>
  /** Shared by all who download in this process. */
  downloads: Downloads
}

export function hlsSource({ masterUrl, downloads }: HlsSourceOptions): VodSource {
  const load = async (vodId: string) => {
    const loaded = await loadPlaylist(await masterUrl(vodId))
    if (!loaded.ok) throw new Fault(`VOD ${vodId}: ${loaded.reason}`, 'retry')
    return loaded.playlist
  }
  return {
    async inspect(vod) {
      const playlist = await load(vod.vodId)
      return { durationMs: Math.round(playlist.totalSec * 1000), complete: playlist.ended }
    },
    async measure(vodId) {
      const { writtenAtMs, totalSec, ended } = await load(vodId)
      return writtenAtMs === null || ended ? null : { writtenAtMs, durationMs: Math.round(totalSec * 1000) }
    },
    async bring(vodId, spans, dir) {
      const playlist = await load(vodId)
      const windows = spans.map((span) => windowsOf(playlist, span))
      const parts = partsOf(windows.flat())
      const options: FetchOptions = {
        ...FETCH_DEFAULTS,
        downloads,
        // The address may have expired on the way: the source is asked again, and the part is the one in the same place.
        renew: async (part) => (await load(vodId)).parts[part.index],
      }
      const fetched = await fetchParts(parts, join(dir, vodId), options)
      const pieces = windows.map((ofSpan) => ofSpan.map((w) => spanOf(w, fetched)))
      return { pieces, partsFetched: parts.length, partsTotal: playlist.parts.length }
    },
  }
}
