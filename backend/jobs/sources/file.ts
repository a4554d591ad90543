/**
 * The streamer's own recordings, in a folder for each channel: `<folder>/<channel id>/*.mp4` (or mkv, mov, ts, flv). Which
 * stream a recording is of is told by its time: it ends when the file was last written, and begins as long before as it
 * plays.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import type { ArchivedVod, StreamSpan, VodSource } from '../context.ts'

export interface FileSourceOptions {
  folder: string
  /** Plays so long, seconds. @throws MediaError */
  durationOf(file: string): Promise<number>
  now(): number
}

const RECORDING = /\.(mp4|mkv|mov|ts|flv)$/i
/** A file that was written to so recently may still grow. */
const GROWING_MS = 20_000
/** Of a stream, a recording must have so much at least. */
const LEAST_OVERLAP_MS = 10_000

export function fileSource({ folder, durationOf, now }: FileSourceOptions): VodSource {
  const recordings = async (channelId: string, streams: readonly StreamSpan[]): Promise<ArchivedVod[]> => {
    const dir = join(folder, channelId)
    const found: ArchivedVod[] = []
    for (const name of await readdir(dir).catch(() => [])) {
      if (!RECORDING.test(name)) continue
      const { mtimeMs } = await stat(join(dir, name))
      // One that grows has no length yet.
      const durationSec = await durationOf(join(dir, name)).catch(() => null)
      if (durationSec === null) continue
      const vod = {
        vodId: name,
        createdAtMs: Math.round(mtimeMs - durationSec * 1000),
        durationMs: Math.round(durationSec * 1000),
      }
      const stream = streams.find((s) => overlapMs(s, vod) >= LEAST_OVERLAP_MS)
      if (stream) found.push({ ...vod, streamId: stream.streamId })
    }
    return found
  }
  return {
    around: 'free',
    recordings,
    async inspect(vod) {
      return { durationMs: vod.durationMs, complete: now() - vod.createdAtMs - vod.durationMs > GROWING_MS }
    },
    measure: async () => null,
    async bring({ vodId, channelId }, spans, _dir, { ahead = false } = {}) {
      if (ahead) return { pieces: [], partsFetched: 0, partsTotal: 1 }
      const file = join(folder, channelId, vodId)
      if (!(await stat(file).catch(() => null)))
        throw new Fault(`the recording ${vodId} is not there any more`, 'permanent')
      // Read where it lies: only what the spans need is read of it.
      const pieces = spans.map(({ startSec, endSec }) => [
        { files: [file], filesStartSec: 0, startSec, endSec },
      ])
      return { pieces, partsFetched: 1, partsTotal: 1 }
    },
  }
}

function overlapMs(stream: StreamSpan, vod: { createdAtMs: number; durationMs: number }): number {
  const from = Math.max(stream.startedAtMs, vod.createdAtMs)
  return Math.min(stream.endedAtMs, vod.createdAtMs + vod.durationMs) - from
}
