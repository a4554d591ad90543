/**
 * The few things every user of node-av needs: errors with a name, inputs that close themselves, time bases.
 * What is done with packets and frames stays with the callers.
 */
import { constants as system } from 'node:os'
import { Fault } from '../../shared/fault.ts'
import { Dictionary, FFmpegError, FormatContext, InputFormat, Log, Rational } from 'node-av/lib'
import type { CodecParameters, Packet, Stream } from 'node-av/lib'
import {
  AVERROR_EOF,
  AV_DISPOSITION_DEFAULT,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
  AV_LOG_ERROR,
  AV_LOG_QUIET,
} from 'node-av/constants'

import { RenderCrash } from './crash.ts'
import { containerOf, readerOptions, refusalOf } from './safe-input.ts'

/** Damaged input: FFmpeg could not read, write or decode it, and will not the next time. `what` names the operation and the file. */
export class MediaError extends Error {
  override name = 'MediaError'
  /** The piece that is at fault, where one is. */
  readonly piece: string | undefined

  constructor(message: string, piece?: string) {
    super(message)
    this.piece = piece
  }
}

/** What the machine lacks at the moment: open files, room on the disk, a disk that answers. */
const MACHINE = new Set([system.errno.EMFILE, system.errno.ENFILE, system.errno.ENOSPC, system.errno.EDQUOT])

/**
 * Throws {@link MediaError} when an FFmpeg call returned a negative code; a transient {@link Fault} where the machine is at
 * fault; {@link RenderCrash} for want of memory, which FFmpeg also reports of damaged files whose sizes nobody has.
 */
export function check(code: number, what: string): number {
  if (code >= 0) return code
  const message = `${what}: ${FFmpegError.strerror(code)}`
  if (-code === system.errno.ENOMEM) throw new RenderCrash(message, '', false)
  throw MACHINE.has(-code) ? new Fault(message, 'transient') : new MediaError(message)
}

export const outOfMemory = () => new RenderCrash('the renderer has no memory left', '', false)

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
 * Opens a file, or files that follow each other, by what they are and not by their names (safe-input.ts), and finds the streams.
 * @param probeBytes how much is looked at: less than FFmpeg's 5 MB is much faster, and tells nothing of a track that begins
 *   later; `known`: nothing but the table of tracks, since the caller knows their formats
 * @throws {MediaError}
 */
export function openInput(input: string | readonly string[], probeBytes?: number | 'known'): OpenInput {
  const context = new FormatContext()
  const files = typeof input === 'string' ? [input] : input
  const [first = ''] = files
  const isList = files.length > 1
  const url = isList ? `concat:${files.join('|')}` : first
  const name = isList ? `${first} and the parts after it` : first
  try {
    const container = containerOf(first)
    if (!container) throw new MediaError(`${name} is no recording or clip that is read here`)
    const options = Dictionary.fromObject({
      ...readerOptions(container, isList),
      ...(typeof probeBytes === 'number' ? { probesize: String(probeBytes) } : {}),
    })
    const reader = InputFormat.findInputFormat(container)
    check(context.openInputSync(url, reader, options), `cannot open ${name}`)
    expectBounded(context, name)
    if (probeBytes !== 'known') {
      check(context.findStreamInfoSync(), `cannot read the streams of ${name}`)
      expectBounded(context, name)
    }
  } catch (error) {
    context.closeInputSync()
    throw error
  }
  // Of several tracks, e.g. of a recording with voice and game apart, the one that its writer calls the default.
  const find = (type: typeof AVMEDIA_TYPE_VIDEO) => {
    const tracks = context.streams.filter((s) => s.codecpar.codecType === type)
    return tracks.find((s) => (s.disposition & AV_DISPOSITION_DEFAULT) !== 0) ?? tracks[0]
  }
  return {
    context,
    video: find(AVMEDIA_TYPE_VIDEO),
    audio: find(AVMEDIA_TYPE_AUDIO),
    close: () => context.closeInputSync(),
  }
}

function expectBounded(context: FormatContext, name: string): void {
  const { duration } = context
  const seconds = duration > 0n ? Number(duration) / 1e6 : null
  const refusal = refusalOf(context.streams, seconds)
  if (refusal) throw new MediaError(`${name} is not opened: ${refusal}`)
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
