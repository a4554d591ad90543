/**
 * Cuts pieces out of VOD parts and joins them into one MP4, packet by packet: pictures are copied wherever they can be.
 *
 * Why not the `ffmpeg` command: `-ss` with `-c copy` on MPEG-TS starts at the wrong picture, and joining files adds
 * the longer of sound and picture each time, so the error grows with every join. Here one muxer writes the whole
 * recap (recap-writer.ts), fed by one cutter per take (cut.ts).
 */
import { CodecParameters } from 'node-av/lib'
import {
  AV_CODEC_ID_AAC,
  AVMEDIA_TYPE_AUDIO,
  AV_PROFILE_AAC_LOW,
  AV_SAMPLE_FMT_FLTP,
} from 'node-av/constants'
import { avChannelLayoutDefault } from 'node-av/lib'
import { configOf } from './adts.ts'
import { check, MediaError } from './av.ts'
import { AAC_FRAME } from './convert-sound.ts'
import { cutTake, type CutMode, type Overlay } from './cut.ts'
import { majorityFormat, sameVideo, type AudioFormat, type Format } from './formats.ts'
import { TakeReader } from './packets.ts'
import { RecapWriter } from './recap-writer.ts'
import { survey, type Probed, type Span, type SurveyedTake } from './survey.ts'

/** One span of one source, in the source's own seconds. */
export interface Piece extends Span {
  /** Names the piece in errors: "moment 3". */
  name: string
  /** How much louder this piece is to be; 0 copies its sound. */
  gainDb?: number
  overlay?: Overlay
}

export interface CutPiece {
  name: string
  /** Where the piece begins in the recap. */
  atSec: number
  durationSec: number
  /** The source time of its first picture: with key-frame cuts, the key frame at or before `startSec`. */
  sourceStartSec: number
  /** Pictures that were not copied. */
  encodedPictures: number
  /** Seconds of its sound that no source had, and that are silent now. */
  silentSec: number
}

export interface Assembled {
  /** Wall time of the thumbnails. */
  stillSec: number
  durationSec: number
  pieces: CutPiece[]
  silentSec: number
  hasSound: boolean
}

export interface AssembleOptions {
  cut?: CutMode
  /** Where the thumbnail of the piece with this index goes. */
  stillOf?: (index: number) => string | undefined
  /** Called now and then with the seconds written so far. */
  onProgress?: (sec: number) => void
  /** Called before a piece is read, with its name: what a crash is about. */
  onPiece?: (name: string) => void
}

/** Key-frame cuts begin so much early at most; Twitch's parts begin with a key frame, and are shorter. */
const LONGEST_GROUP_SEC = 15
const HIGHEST_FPS = 120
const COPIED_RATES = new Set([44_100, 48_000])

/** @throws {MediaError} naming the piece, when a piece cannot be read or holds no picture */
export async function assemble(
  pieces: readonly Piece[],
  out: string,
  { cut = 'keyframe', onProgress, onPiece, stillOf }: AssembleOptions = {},
): Promise<Assembled> {
  const probed: Probed = new Map()
  const surveyed = pieces.map((piece) => {
    onPiece?.(piece.name)
    return { piece, takes: named(piece, () => survey(piece, probed)) }
  })
  const format = formatOfRecap(surveyed.flatMap((s) => s.takes))
  const target = targetTrack(surveyed, format)
  const audio = format.audio && audioTrack(format.audio)
  const spannedSec = surveyed.reduce((sum, { piece }) => sum + piece.endSec - piece.startSec, 0)
  const recap = new RecapWriter(out, {
    video: target,
    audio,
    longestSec: spannedSec + surveyed.length * LONGEST_GROUP_SEC,
    fps: format.video.fps ?? HIGHEST_FPS,
  })
  try {
    const made: CutPiece[] = []
    let stillSec = 0
    for (const [n, { piece, takes }] of surveyed.entries()) {
      onPiece?.(piece.name)
      const [cuts, gainDb] = [[] as Awaited<ReturnType<typeof cutTake>>[], piece.gainDb ?? 0]
      for (const take of takes) {
        const convert = !sameVideo(take.format.video, format.video)
        const still = cuts.length === 0 && stillOf?.(n)
        const options = { recap, format, target, cut, convert, gainDb }
        const overlay = cuts.length === 0 && piece.overlay
        const more = {
          ...(overlay ? { overlay } : {}),
          ...(still ? { still } : {}),
          ...(onProgress ? { onProgress } : {}),
        }
        cuts.push(await named(piece, () => cutTake(take, { ...options, ...more })))
      }
      stillSec += cuts.reduce((sum, c) => sum + c.stillSec, 0)
      const [first] = cuts
      if (!first) throw new MediaError(`${piece.name}: the span holds no picture`, piece.name)
      made.push({
        name: piece.name,
        atSec: first.atSec,
        durationSec: cuts.reduce((sum, c) => sum + c.durationSec, 0),
        sourceStartSec: first.sourceStartSec,
        encodedPictures: cuts.reduce((sum, c) => sum + c.encodedPictures, 0),
        silentSec: cuts.reduce((sum, c) => sum + c.silentSec, 0),
      })
    }
    recap.finish()
    const { videoClockSec: durationSec, silentSec, hasSound } = recap
    return { durationSec, pieces: made, silentSec, hasSound, stillSec }
  } finally {
    recap.close()
  }
}

/** The format that a recap of these pieces gets. @param onPiece called before a piece is read @throws {MediaError} */
export function formatOf(pieces: readonly Piece[], onPiece: (name: string) => void): Format {
  const probed: Probed = new Map()
  const takes = pieces.flatMap((piece) => {
    onPiece(piece.name)
    return named(piece, () => survey(piece, probed))
  })
  return formatOfRecap(takes)
}

function formatOfRecap(takes: readonly SurveyedTake[]): Format {
  if (takes.length === 0) throw new MediaError('there is nothing to write')
  const { video, audio } = majorityFormat(
    takes.map((t) => ({ format: t.format, seconds: t.endSec - t.startSec })),
  )
  return { video, audio: audio && soundOf(audio) }
}

/** What YouTube recommends: AAC in stereo. Its 48 kHz only where the source has neither that nor 44.1: then all would be encoded anew. */
function soundOf({ sampleRate }: AudioFormat): AudioFormat {
  return {
    codec: AV_CODEC_ID_AAC,
    sampleRate: COPIED_RATES.has(sampleRate) ? sampleRate : 48_000,
    channels: 2,
    isHighEfficiency: false,
  }
}

/** The recap's picture track is described by the first take that has the recap's format. */
function targetTrack(
  surveyed: readonly { piece: Piece; takes: readonly SurveyedTake[] }[],
  format: Format,
): CodecParameters {
  for (const { piece, takes } of surveyed) {
    const take = takes.find((t) => sameVideo(t.format.video, format.video))
    if (!take) continue
    return named(piece, () => {
      const reader = new TakeReader({ ...take, files: take.files.slice(0, 2) }, () => {})
      try {
        const par = new CodecParameters()
        par.alloc()
        check(reader.videoPar.copy(par), 'cannot copy the stream format')
        return par
      } finally {
        reader.close()
      }
    })
  }
  throw new MediaError('there is nothing to write')
}

function audioTrack({ sampleRate, channels }: AudioFormat): CodecParameters {
  const par = new CodecParameters()
  par.alloc()
  par.codecType = AVMEDIA_TYPE_AUDIO
  par.codecId = AV_CODEC_ID_AAC
  par.profile = AV_PROFILE_AAC_LOW
  par.format = AV_SAMPLE_FMT_FLTP
  par.sampleRate = sampleRate
  par.channelLayout = avChannelLayoutDefault(channels)
  par.frameSize = AAC_FRAME
  par.extradata = configOf(sampleRate, channels)
  return par
}

/** Whatever is wrong with a piece is told with its name. */
function named<T>(piece: Piece, work: () => T): T {
  const rethrow = (error: unknown): never => {
    throw error instanceof MediaError ? new MediaError(`${piece.name}: ${error.message}`, piece.name) : error
  }
  try {
    const done = work()
    return done instanceof Promise ? (done.catch(rethrow) as T) : done
  } catch (error) {
    return rethrow(error)
  }
}
