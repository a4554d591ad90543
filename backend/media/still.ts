/** A thumbnail: the picture of a video at a given second, as a JPEG at most 1280 pixels wide. */
import { writeFileSync } from 'node:fs'
import { Codec, CodecContext, Frame, Packet, Rational, SoftwareScaleContext } from 'node-av/lib'
import { AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUVJ420P, AVSEEK_FLAG_BACKWARD, SWS_BILINEAR } from 'node-av/constants'
import { check, MediaError, openInput, readPacket, toSec, toTicks } from './av.ts'

const WIDEST = 1280

/**
 * Writes the picture shown at `atSec` of `video` to `jpeg`.
 * @throws {MediaError} when the file has no picture there
 */
export function writeStill(video: string, atSec: number, jpeg: string): void {
  const input = openInput(video)
  const decoder = new CodecContext()
  const packet = new Packet()
  const frame = new Frame()
  packet.alloc()
  frame.alloc()
  try {
    const stream = input.video
    const codec = stream && Codec.findDecoder(stream.codecpar.codecId)
    if (!stream || !codec) throw new MediaError('no picture to take a thumbnail of')
    decoder.allocContext3(codec)
    check(decoder.parametersToContext(stream.codecpar), 'cannot read the picture format')
    check(decoder.open2Sync(codec), 'cannot open the decoder')
    check(
      input.context.seekFrameSync(stream.index, toTicks(atSec, stream.timeBase), AVSEEK_FLAG_BACKWARD),
      'cannot seek',
    )
    for (let reading = true; reading;) {
      reading = readPacket(input, packet)
      if (reading && packet.streamIndex !== stream.index) {
        packet.unref()
        continue
      }
      check(decoder.sendPacketSync(reading ? packet : null), 'cannot decode')
      packet.unref()
      while (decoder.receiveFrameSync(frame) >= 0) {
        if (toSec(frame.pts, stream.timeBase) < atSec - 0.02 && reading) continue
        writeFileSync(jpeg, encodeJpeg(frame))
        return
      }
    }
    throw new MediaError(`no picture at ${atSec.toFixed(1)} s`)
  } finally {
    frame.free()
    packet.free()
    decoder.freeContext()
    input.close()
  }
}

function encodeJpeg(source: Frame): Buffer {
  const width = Math.min(WIDEST, source.width)
  const height = Math.round((source.height * width) / source.width / 2) * 2
  const scaled = new Frame()
  scaled.alloc()
  scaled.format = AV_PIX_FMT_YUVJ420P
  scaled.width = width
  scaled.height = height
  scaled.pts = 0n
  check(scaled.getBuffer(), 'cannot make a picture')
  const scale = new SoftwareScaleContext()
  scale.getContext(
    source.width,
    source.height,
    source.format as never,
    width,
    height,
    AV_PIX_FMT_YUVJ420P,
    SWS_BILINEAR,
  )
  const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG)
  const encoder = new CodecContext()
  const packet = new Packet()
  packet.alloc()
  try {
    check(scale.scaleFrameSync(scaled, source), 'cannot scale the picture')
    if (!codec) throw new MediaError('this build of FFmpeg has no JPEG encoder')
    encoder.allocContext3(codec)
    encoder.width = width
    encoder.height = height
    encoder.pixelFormat = AV_PIX_FMT_YUVJ420P
    encoder.timeBase = new Rational(1, 25)
    encoder.qMin = encoder.qMax = 4
    check(encoder.open2Sync(codec), 'cannot open the JPEG encoder')
    check(encoder.sendFrameSync(scaled), 'cannot encode the thumbnail')
    check(encoder.sendFrameSync(null), 'cannot encode the thumbnail')
    check(encoder.receivePacketSync(packet), 'cannot encode the thumbnail')
    return Buffer.from(packet.data ?? Buffer.alloc(0))
  } finally {
    packet.free()
    encoder.freeContext()
    scale.freeContext()
    scaled.free()
  }
}
