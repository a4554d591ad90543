/** VODs from their HLS playlist: only the parts that the spans need are fetched. */
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { FETCH_DEFAULTS, fetchParts } from '../../media/fetch-parts.ts'
import { loadPlaylist } from '../../media/load-playlist.ts'
import { partsOf, windowsOf } from '../../media/windows.ts'
import type { VodSource } from '../context.ts'

export interface HlsSourceOptions {
  /** The signed address of a VOD's master playlist. */
  masterUrl(vodId: string): Promise<string>
  concurrency?: number
}

export function hlsSource({ masterUrl, concurrency }: HlsSourceOptions): VodSource {
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
      const options = concurrency === undefined ? FETCH_DEFAULTS : { ...FETCH_DEFAULTS, concurrency }
      const fetched = await fetchParts(parts, join(dir, vodId), options)
      const pieces = windows.map((ofSpan) =>
        ofSpan.map((w) => {
          const map = w.parts[0] && fetched.mapOf(w.parts[0])
          const files = w.parts.map((p) => fetched.fileOf(p))
          return {
            files: map ? [map, ...files] : files,
            filesStartSec: w.parts[0]?.startSec ?? 0,
            startSec: w.startSec,
            endSec: w.endSec,
          }
        }),
      )
      return { pieces, partsFetched: parts.length, partsTotal: playlist.parts.length }
    },
  }
}
