/** One AAC frame of silence in the format of a given track: what fills the sound where the VOD has none. */
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib'
import type { CodecParameters } from 'node-av/lib'
import { AV_CODEC_ID_AAC, AV_SAMPLE_FMT_FLTP } from 'node-av/constants'
import { check, MediaError } from './av.ts'

/** The first frames of an encoder still carry its start; this one has forgotten it. */
const SETTLED_FRAME = 4

/** @throws {MediaError} when the track is not AAC or the encoder is missing */
export function silentFrame(par: CodecParameters): Buffer {
  const codec = par.codecId === AV_CODEC_ID_AAC ? Codec.findEncoder(AV_CODEC_ID_AAC) : null
  if (!codec) throw new MediaError('silence can only be made for AAC sound')
  const encoder = new CodecContext()
  encoder.allocContext3(codec)
  encoder.sampleRate = par.sampleRate
  encoder.sampleFormat = AV_SAMPLE_FMT_FLTP
  encoder.channelLayout = par.channelLayout
  check(encoder.open2Sync(codec), 'cannot open the AAC encoder')
  const packet = new Packet()
  packet.alloc()
  try {
    for (let n = 0, made = 0; n < 64; n++) {
      const frame = Frame.fromAudioBuffer(Buffer.alloc(encoder.frameSize * par.channels * 4), {
        nbSamples: encoder.frameSize,
        format: AV_SAMPLE_FMT_FLTP,
        sampleRate: par.sampleRate,
        channelLayout: par.channelLayout,
        pts: BigInt(n * encoder.frameSize),
      })
      check(encoder.sendFrameSync(frame), 'cannot encode silence')
      frame.free()
      while (encoder.receivePacketSync(packet) >= 0) {
        if (++made >= SETTLED_FRAME && packet.data) return Buffer.from(packet.data)
        packet.unref()
      }
    }
    throw new MediaError('the AAC encoder made no frame')
  } finally {
    packet.free()
    encoder.freeContext()
  }
}
