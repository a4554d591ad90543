/**
 * The streamer's own recordings, in a folder for each channel: `<folder>/<channel id>/*.mp4` (or mkv, mov, ts, flv). Which
 * stream a recording is of is told by its time: it ends when the file was last written, and begins as long before as it
 * plays.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, kindOf } from '../../../shared/fault.ts'
import type { ArchivedVod, StreamSpan, VodSource } from '../context.ts'

export interface FileSourceOptions {
  folder: string
  /** Plays so long, seconds. @throws MediaError, or a transient Fault where that could not be found out */
  durationOf(file: string): Promise<number>
  now(): number
}

const RECORDING = /\.(mp4|mkv|mov|ts|flv)$/i
/** A file that was written to so recently may still grow. */
const GROWING_MS = 20_000
/** Of a stream, a recording must have so much at least. */
const LEAST_OVERLAP_MS = 10_000
/** Less is not worth showing. */
const SHORTEST_SEC = 1

const MOST_KNOWN = 10_000

/** Names of recordings that go together, as one id: a file's name holds no slash. */
const TOGETHER = '/'

interface Recording {
  name: string
  createdAtMs: number
  durationMs: number
}

export function fileSource({ folder, durationOf, now }: FileSourceOptions): VodSource {
  /** To look into a file takes a process, and a folder may hold hundreds: what has not changed is known. */
  const known = new Map<string, number>()
  const durationMsOf = async (path: string, { size, mtimeMs }: { size: number; mtimeMs: number }) => {
    const key = `${path} ${size} ${mtimeMs}`
    const durationMs = known.get(key) ?? Math.round((await durationOf(path)) * 1000)
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, durationMs)
    return durationMs
  }
  /** @param sinceMs what ended before is left out */
  const recordingsIn = async (
    channelId: string,
    { names, sinceMs = -Infinity }: { names?: readonly string[]; sinceMs?: number },
  ): Promise<Recording[]> => {
    const dir = join(folder, channelId)
    const found: Recording[] = []
    for (const name of names ?? (await readdir(dir).catch(() => []))) {
      if (!RECORDING.test(name)) continue
      const info = await stat(join(dir, name)).catch(() => null)
      if (!info || info.mtimeMs < sinceMs) continue
      // One that grows has no length yet.
      const durationMs = await durationMsOf(join(dir, name), info).catch((error: unknown) => {
        if (kindOf(error) === 'transient') throw error
        return null
      })
      if (durationMs === null) continue
      found.push({ name, createdAtMs: Math.round(info.mtimeMs - durationMs), durationMs })
    }
    return found.sort((a, b) => a.createdAtMs - b.createdAtMs)
  }
  return {
    around: 'free',
    async recordings(channelId, streams) {
      const sinceMs = Math.min(...streams.map((stream) => stream.startedAtMs))
      const all = await recordingsIn(channelId, { sinceMs })
      // One recording may hold several streams, and a stream may lie in several.
      return streams.flatMap((stream): ArchivedVod[] => {
        const ofStream = all.filter((r) => overlapMs(stream, r) >= LEAST_OVERLAP_MS)
        const [first, last] = [ofStream[0], ofStream.at(-1)]
        if (!first || !last) return []
        return [
          {
            vodId: ofStream.map((r) => r.name).join(TOGETHER),
            streamId: stream.streamId,
            createdAtMs: first.createdAtMs,
            durationMs: last.createdAtMs + last.durationMs - first.createdAtMs,
          },
        ]
      })
    },
    async inspect(vod) {
      return { durationMs: vod.durationMs, complete: now() - vod.createdAtMs - vod.durationMs > GROWING_MS }
    },
    measure: async () => null,
    async bring({ vodId, channelId }, spans, _dir, { ahead = false } = {}) {
      if (ahead) return { pieces: [], partsFetched: 0, partsTotal: 1 }
      const names = vodId.split(TOGETHER)
      const files = await recordingsIn(channelId, { names })
      const lacking = names.find((name) => !files.some((f) => f.name === name))
      const [first] = files
      if (lacking !== undefined || !first)
        throw new Fault(`the recording ${lacking ?? vodId} is not there any more`, 'damaged')
      // Read where they lie: only what the spans need is read of them.
      const pieces = spans.map((span) => {
        let shownToSec = span.startSec
        return files.flatMap(({ name, createdAtMs, durationMs }) => {
          const filesStartSec = (createdAtMs - first.createdAtMs) / 1000
          // Recordings may overlap: each second is shown once.
          const startSec = Math.max(shownToSec, filesStartSec)
          const endSec = Math.min(span.endSec, filesStartSec + durationMs / 1000)
          if (endSec - startSec < SHORTEST_SEC) return []
          shownToSec = endSec
          return [{ files: [join(folder, channelId, name)], filesStartSec, startSec, endSec }]
        })
      })
      const lost = pieces.map((p) => (p.length === 0 ? 'it was not recorded' : undefined))
      return { pieces, lost, partsFetched: files.length, partsTotal: files.length }
    },
  }
}

function overlapMs(stream: StreamSpan, vod: { createdAtMs: number; durationMs: number }): number {
  const from = Math.max(stream.startedAtMs, vod.createdAtMs)
  return Math.min(stream.endedAtMs, vod.createdAtMs + vod.durationMs) - from
}
