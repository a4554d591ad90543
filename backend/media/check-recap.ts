/**
 * Looks at a finished recap as a player would, before anybody publishes it: is it as long as planned, are the tracks there,
 * can it be sought to each piece and decoded from there, and is nothing black that was not black in the source.
 */
import { Frame, Packet, type CodecContext } from 'node-av/lib'
import { AV_NOPTS_VALUE, AVSEEK_FLAG_BACKWARD } from 'node-av/constants'
import type { Assembled, CutPiece, Piece } from './assemble.ts'
import { MediaError, openInput, readPacket, toSec, toTicks, type OpenInput } from './av.ts'
import { decoded, openDecoder } from './coders.ts'
import { TakeReader } from './packets.ts'
import { brightness } from './still.ts'

export interface Finding {
  durationSec: number
  /** Places from which it was decoded: where each piece begins. */
  places: number
  /** Pieces that begin black, as their source does. */
  black: number
  /** Seconds of silence that no source had sound for. */
  silentSec: number
}

/** Players round to their own time bases. */
const DURATION_TOLERANCE_SEC = 0.15
const PICTURES = 4
/** Mean brightness below this is black (16 is black in video's own scale). */
const BLACK = 20

/** @throws {MediaError} that says what is wrong and at which piece */
export function checkRecap(
  file: string,
  assembled: Assembled,
  pieces: readonly Piece[],
  onPiece: () => void = () => {},
): Finding {
  const input = openInput(file)
  let decoder: CodecContext | undefined
  try {
    const { video, audio } = input
    if (!video) throw new MediaError('the finished recap has no picture track')
    if (assembled.hasSound && !audio) throw new MediaError('the finished recap has no sound track')
    for (const [name, stream] of Object.entries({ picture: video, sound: audio })) {
      if (!stream) continue
      const lengthSec = toSec(stream.duration, stream.timeBase)
      if (Math.abs(lengthSec - assembled.durationSec) > DURATION_TOLERANCE_SEC)
        throw new MediaError(
          `the finished recap’s ${name} is ${lengthSec.toFixed(2)} s long instead of ${assembled.durationSec.toFixed(2)} s`,
        )
    }
    decoder = openDecoder(video.codecpar)
    let black = 0
    for (const [n, piece] of assembled.pieces.entries()) {
      onPiece()
      const seen = lookAt(input, decoder, piece)
      if (seen.brightness >= BLACK) continue
      const source = pieces[n]
      if (source && sourceBrightness(source, piece.sourceStartSec) >= 2 * BLACK)
        throw new MediaError(`${piece.name}: its picture is black, and was not in the recording`, piece.name)
      black++
    }
    const { durationSec, silentSec } = assembled
    return { durationSec, places: assembled.pieces.length, black, silentSec }
  } finally {
    decoder?.freeContext()
    input.close()
  }
}

/** Seeks to the piece's first picture, decodes a few, and hears whether there is sound. */
function lookAt(input: OpenInput, decoder: CodecContext, piece: CutPiece): { brightness: number } {
  const { video, audio, context } = input
  if (!video) throw new MediaError('no picture')
  const base = video.timeBase
  decoder.flushBuffers()
  const target = toTicks(piece.atSec + 0.001, base)
  if (context.seekFrameSync(video.index, target, AVSEEK_FLAG_BACKWARD) < 0)
    throw new MediaError(`${piece.name}: the finished recap cannot be sought to it`, piece.name)
  const packet = new Packet()
  packet.alloc()
  let [sent, shown, lastSec, light, heard] = [0, 0, -Infinity, 0, false]
  const look = (frame: Frame) => {
    const sec = toSec(frame.bestEffortTimestamp, base)
    if (frame.decodeErrorFlags !== 0)
      throw new MediaError(`${piece.name}: its first pictures cannot be decoded`, piece.name)
    if (sec <= lastSec) throw new MediaError(`${piece.name}: its time stamps step back`, piece.name)
    if (shown++ === 0) light = brightness(frame).mean
    lastSec = sec
  }
  try {
    while (sent < PICTURES || (audio && !heard)) {
      if (!readPacket(input, packet)) break
      if (packet.pts === AV_NOPTS_VALUE)
        throw new MediaError(`${piece.name}: a packet without a time stamp`, piece.name)
      const isFirst = sent === 0 && Math.abs(toSec(packet.pts, base) - piece.atSec) < 0.002
      if (packet.streamIndex === audio?.index) heard ||= sent > 0
      else if (sent === 0 && !isFirst) {
        // Seeking goes by decoding times, and may end a group early.
        if (toSec(packet.dts, base) > piece.atSec + 1) break
      } else if (sent === 0 && !packet.isKeyframe)
        throw new MediaError(`${piece.name}: no key frame where it begins in the recap`, piece.name)
      else if (sent < PICTURES) {
        sent++
        for (const frame of decoded(decoder, packet)) look(frame)
      }
      packet.unref()
    }
    for (const frame of decoded(decoder, null)) look(frame)
  } finally {
    packet.free()
  }
  if (shown === 0) throw new MediaError(`${piece.name}: its first pictures cannot be decoded`, piece.name)
  return { brightness: light }
}

/** Brightness of the source's first key frame at or after `sec`. */
function sourceBrightness(piece: Piece, sec: number): number {
  const reader = new TakeReader({ ...piece, startSec: sec }, () => {})
  const decoder = openDecoder(reader.videoPar)
  try {
    for (const { keySec, pictures } of reader.groups()) {
      const [key] = pictures
      if (keySec < sec - 0.1 || !key) continue
      for (const packet of [key.packet, null])
        for (const frame of decoded(decoder, packet)) return brightness(frame).mean
      return 0
    }
    return 0
  } finally {
    decoder.freeContext()
    reader.close()
  }
}
