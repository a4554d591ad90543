/**
 * What is in a piece's files: parts of one format follow each other as one take; where the streamer's encoder was
 * changed inside a piece, another take begins.
 */
import { CodecParameters } from 'node-av/lib'
import { check, MediaError, openInput } from './av.ts'
import { audioFormatOf, sameAudio, sameVideo, videoFormatOf, type Format } from './formats.ts'
import { frameSecOf, type KnownTracks, type Take } from './packets.ts'
import { headOf } from './ts-head.ts'

/** Files as they lie in the source, from which a span is taken. */
export interface Span extends Take {
  /** Seconds of each file, where a change of format between them is possible. */
  fileSecs?: number[]
}

export interface SurveyedTake extends Take {
  format: Format
}

/** What was found out about parts that begin with the same bytes: all parts of a recap, as a rule. */
export type Probed = Map<string, KnownTracks & { format: Format }>

/** What is left of a span at a change of format is dropped below this. */
const SHORTEST_SEC = 0.1
/** Bytes that tell the format of a part: its tables, parameter sets and first frames. */
const PROBE_BYTES = 300_000

/** @throws {MediaError} when a file cannot be read or has no picture */
export function survey({ fileSecs, ...span }: Span, probed: Probed = new Map()): SurveyedTake[] {
  const { files, filesStartSec, startSec, endSec, parts } = span
  if (!fileSecs) {
    // An initialisation part has the format of all parts that follow it.
    const { format } = probe(files.slice(0, 2))
    return [{ ...span, format }]
  }
  const takes: (SurveyedTake & { files: string[] })[] = []
  let atSec = filesStartSec
  for (const [n, file] of files.entries()) {
    const untilSec = atSec + (fileSecs[n] ?? 0)
    const take = takes.at(-1)
    const head = headOf(file)?.toString('latin1')
    const known = head === undefined ? undefined : (probed.get(head) ?? probe([file]))
    if (head !== undefined && known) probed.set(head, known)
    const { format } = known ?? probe([file])
    // The end of a take's sound lies in the file after it.
    take?.files.push(file)
    if (take && isSame(take.format, format)) take.endSec = Math.min(endSec, untilSec)
    else
      takes.push({
        files: [file],
        filesStartSec: atSec,
        startSec: Math.max(startSec, atSec),
        endSec: Math.min(endSec, untilSec),
        format,
        ...(parts ? { parts } : {}),
        ...(known ? { known } : {}),
      })
    atSec = untilSec
  }
  // Where the playlist's lengths add up to less than the parts hold, the last take ends where it was asked to.
  const last = takes.at(-1)
  if (last) last.endSec = endSec
  return takes.filter((t) => t.endSec - t.startSec > SHORTEST_SEC)
}

function isSame(a: Format, b: Format): boolean {
  const sound = a.audio && b.audio ? sameAudio(a.audio, b.audio) : a.audio === b.audio
  return sound && sameVideo(a.video, b.video)
}

/** @throws {MediaError} */
function probe(files: readonly string[]): KnownTracks & { format: Format } {
  const { video, audio, close } = openInput(files, PROBE_BYTES)
  try {
    if (!video || video.codecpar.width === 0) throw new MediaError('no picture in these parts')
    return {
      format: { video: videoFormatOf(video), audio: audio ? audioFormatOf(audio.codecpar) : null },
      video: copyOf(video.codecpar),
      audio: audio ? copyOf(audio.codecpar) : null,
      frameSec: frameSecOf(video),
    }
  } finally {
    close()
  }
}

function copyOf(par: CodecParameters): CodecParameters {
  const copy = new CodecParameters()
  copy.alloc()
  check(par.copy(copy), 'cannot copy the stream format')
  return copy
}
