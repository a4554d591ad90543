/** Opens FFmpeg's decoders and encoders, and drains them. */
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib'
import type { CodecParameters } from 'node-av/lib'
import {
  AV_CODEC_ID_AV1,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  FF_DECODER_LIBDAV1D,
} from 'node-av/constants'
import { check, MediaError } from './av.ts'

const EAGAIN = -11

/** @throws {MediaError} when this build cannot decode the track */
export function openDecoder(par: CodecParameters, threads = 1): CodecContext {
  // FFmpeg's own AV1 decoder needs a graphics card.
  const codec =
    par.codecId === AV_CODEC_ID_AV1
      ? Codec.findDecoderByName(FF_DECODER_LIBDAV1D)
      : Codec.findDecoder(par.codecId)
  if (!codec) throw new MediaError(`this build of FFmpeg cannot decode codec ${par.codecId}`)
  const decoder = new CodecContext()
  decoder.allocContext3(codec)
  check(decoder.parametersToContext(par), 'cannot read the track’s format')
  decoder.threadCount = threads
  check(decoder.open2Sync(codec), 'cannot open the decoder')
  return decoder
}

/** @throws {MediaError} when this build lacks the encoder or it refuses the settings */
export function openEncoder(
  name: string,
  options: Record<string, string>,
  set: (encoder: CodecContext) => void,
): CodecContext {
  const codec = Codec.findEncoderByName(name as never)
  if (!codec) throw new MediaError(`this build of FFmpeg lacks the encoder ${name}`)
  const encoder = new CodecContext()
  encoder.allocContext3(codec)
  set(encoder)
  // Not by open2Sync's dictionary: node-av 6.1.1 frees it twice, which ends the process when it is collected.
  for (const [option, value] of Object.entries(options))
    check(
      encoder.setOption(option, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN),
      `the encoder ${name} has no option ${option}`,
    )
  check(encoder.open2Sync(codec), `cannot open the encoder ${name}`)
  return encoder
}

/** The frames that come of `packet` (null: the end). The frame given is good until the next one is asked for. */
export function* decoded(decoder: CodecContext, packet: Packet | null): Generator<Frame> {
  // A damaged packet spoils its picture, which the decoder hides as well as it can; it is no reason to stop.
  const code = decoder.sendPacketSync(packet)
  if (code < 0 && packet === null) return
  const frame = new Frame()
  frame.alloc()
  try {
    while (decoder.receiveFrameSync(frame) >= 0) {
      yield frame
      frame.unref()
    }
  } finally {
    frame.free()
  }
}

/** The packets that come of `frame` (null: the end). The packet given is good until the next one is asked for. */
export function* encoded(encoder: CodecContext, frame: Frame | null): Generator<Packet> {
  const code = encoder.sendFrameSync(frame)
  if (code !== EAGAIN) check(code, 'cannot encode')
  const packet = new Packet()
  packet.alloc()
  try {
    while (encoder.receivePacketSync(packet) >= 0) {
      yield packet
      packet.unref()
    }
  } finally {
    packet.free()
  }
}
