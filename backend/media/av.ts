/**
 * The few things every user of node-av needs: errors with a name, inputs that close themselves, time bases.
 * What is done with packets and frames stays with the callers.
 */
import { Dictionary, FFmpegError, FormatContext, Log, Rational } from 'node-av/lib'
import type { CodecParameters, Packet, Stream } from 'node-av/lib'
import {
  AVERROR_EOF,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
  AV_LOG_ERROR,
  AV_LOG_QUIET,
} from 'node-av/constants'

/** A file that FFmpeg could not read, write or decode; `what` names the operation and the file. */
export class MediaError extends Error {
  override name = 'MediaError'
}

/** Throws {@link MediaError} when an FFmpeg call returned a negative code. */
export function check(code: number, what: string): number {
  if (code < 0) throw new MediaError(`${what}: ${FFmpegError.strerror(code)}`)
  return code
}

/** FFmpeg's own log goes to stderr; silent unless asked for, since every fault also comes back as a code. */
export function quietFfmpeg(quiet = true): void {
  Log.setLevel(quiet ? AV_LOG_QUIET : AV_LOG_ERROR)
}

export const MICROSECONDS = new Rational(1, 1_000_000)

export interface OpenInput {
  context: FormatContext
  video: Stream | undefined
  audio: Stream | undefined
  close(): void
}

/**
 * Opens a file, an address or a `concat:a|b` list and finds its streams.
 * @param probeBytes how much is looked at: less than FFmpeg's 5 MB is much faster, and tells nothing of a track that begins
 *   later; `known`: nothing but the table of tracks, since the caller knows their formats
 * @throws {MediaError}
 */
export function openInput(url: string, probeBytes?: number | 'known'): OpenInput {
  const context = new FormatContext()
  try {
    const options =
      typeof probeBytes !== 'number' ? null : Dictionary.fromObject({ probesize: String(probeBytes) })
    check(context.openInputSync(url, null, options), `cannot open ${nameOf(url)}`)
    if (probeBytes !== 'known')
      check(context.findStreamInfoSync(), `cannot read the streams of ${nameOf(url)}`)
  } catch (error) {
    context.closeInputSync()
    throw error
  }
  const find = (type: typeof AVMEDIA_TYPE_VIDEO) => context.streams.find((s) => s.codecpar.codecType === type)
  return {
    context,
    video: find(AVMEDIA_TYPE_VIDEO),
    audio: find(AVMEDIA_TYPE_AUDIO),
    close: () => context.closeInputSync(),
  }
}

/** Reads the next packet into `packet`; false at the end of the input. @throws {MediaError} */
export function readPacket(input: OpenInput, packet: Packet): boolean {
  const code = input.context.readFrameSync(packet)
  if (code === AVERROR_EOF) return false
  check(code, 'cannot read a packet')
  return true
}

/** Ticks of a time base → seconds. */
export function toSec(ticks: bigint, base: { num: number; den: number }): number {
  return (Number(ticks) * base.num) / base.den
}

/** Seconds → the nearest tick of a time base. */
export function toTicks(sec: number, base: { num: number; den: number }): bigint {
  return BigInt(Math.round((sec * base.den) / base.num))
}

/** One line that names a stream's format; equal lines can be joined without converting. */
export function formatOf(par: CodecParameters): string {
  return par.codecType === AVMEDIA_TYPE_VIDEO
    ? `codec ${par.codecId} ${par.width}×${par.height}`
    : `codec ${par.codecId} ${par.sampleRate} Hz ${par.channels} ch`
}

function nameOf(url: string): string {
  const first = url.replace(/^concat:/, '').split('|')[0] ?? url
  return url.startsWith('concat:') ? `${first} and the parts after it` : first
}
