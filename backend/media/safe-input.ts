/**
 * Which files are opened, and how. FFmpeg chooses a reader by a file's content: what is called `clip.mp4` may be a list of
 * other files (concat, DASH, HLS), a picture, or a script, and some readers then open whatever it names. So the reader is
 * chosen here, by the first bytes, among those that a recording or a clip needs; it may open this file and nothing else,
 * and what it finds is bounded before anything is decoded.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import type { CodecParameters } from 'node-av/lib'
import {
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_ALAC,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_PCM_F32LE,
  AV_CODEC_ID_PCM_S16LE,
  AV_CODEC_ID_PCM_S24LE,
  AV_CODEC_ID_VORBIS,
  AV_CODEC_ID_VP9,
} from 'node-av/constants'

/** FFmpeg's names of the readers. */
export type Container = 'mpegts' | 'mov' | 'matroska' | 'flv'

const TS_SYNC = 0x47
const TS_PACKET = 188
/** The boxes that an MP4, or a fragment of one, begins with. */
const FIRST_BOXES = new Set([
  'ftyp',
  'styp',
  'moov',
  'moof',
  'sidx',
  'emsg',
  'prft',
  'free',
  'skip',
  'mdat',
  'wide',
])

/** What the first bytes say a file is; null: nothing that is opened here. */
export function containerOf(file: string): Container | null {
  const head = Buffer.alloc(TS_PACKET + 1)
  const descriptor = openSync(file, 'r')
  const length = readSync(descriptor, head, 0, head.length, 0)
  closeSync(descriptor)
  if (length < 12) return null
  const isTs = head[0] === TS_SYNC && (length <= TS_PACKET || head[TS_PACKET] === TS_SYNC)
  if (isTs) return 'mpegts'
  if (FIRST_BOXES.has(head.toString('latin1', 4, 8))) return 'mov'
  if (head.readUInt32BE(0) === 0x1a45dfa3) return 'matroska'
  return head.toString('latin1', 0, 3) === 'FLV' ? 'flv' : null
}

/** For both ways in which FFmpeg is used here, as a library and as a program. */
export function readerOptions(container: Container, isList: boolean): Record<string, string> {
  return {
    // `concat:a|b` is a list that we wrote; its members are files.
    protocol_whitelist: isList ? 'concat,file' : 'file',
    format_whitelist: container === 'mov' ? 'mov,mp4,m4a,3gp,3g2,mj2' : container,
    // Stamps as they are: FFmpeg's own guesses about their wrapping take one that says nothing for one far ahead.
    ...(container === 'mpegts' ? { correct_ts_overflow: '0' } : {}),
    // Tables in an MP4 may say that its samples lie in another file.
    ...(container === 'mov' ? { enable_drefs: '0', use_absolute_path: '0' } : {}),
  }
}

const VIDEO = new Set<number>([AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1, AV_CODEC_ID_VP9])
const AUDIO = new Set<number>([
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_ALAC,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_PCM_F32LE,
  AV_CODEC_ID_PCM_S16LE,
  AV_CODEC_ID_PCM_S24LE,
  AV_CODEC_ID_VORBIS,
])
/** 4K, lying or upright. */
const MOST_PIXELS = 4096 * 2304
const LONGEST_SIDE = 4096
const MOST_STREAMS = 24
/** A week: longer than Twitch lets anybody stream. */
const LONGEST_SEC = 7 * 24 * 60 * 60

/** Why the tracks of a file are not worked with; null: they are. */
export function refusalOf(
  streams: readonly { codecpar: Pick<CodecParameters, 'codecType' | 'codecId' | 'width' | 'height'> }[],
  durationSec: number | null,
): string | null {
  if (streams.length > MOST_STREAMS) return `it has ${streams.length} tracks`
  if (durationSec !== null && durationSec > LONGEST_SEC) return 'it says that it is longer than a week'
  for (const { codecpar: par } of streams) {
    // Subtitles, data and the like are never read.
    if (par.codecType === AVMEDIA_TYPE_AUDIO && par.codecId !== 0 && !AUDIO.has(par.codecId))
      return `its sound is of a kind (${par.codecId}) that is not read here`
    if (par.codecType !== AVMEDIA_TYPE_VIDEO) continue
    if (par.codecId !== 0 && !VIDEO.has(par.codecId))
      return `its pictures are of a kind (${par.codecId}) that is not read here`
    if (par.width * par.height > MOST_PIXELS || Math.max(par.width, par.height) > LONGEST_SIDE)
      return `its pictures are of ${par.width} × ${par.height}`
  }
  return null
}
