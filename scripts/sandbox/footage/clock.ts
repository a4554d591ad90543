/**
 * A small VOD with a running clock burned in, for tests: people read the digits, programs read the row of black and
 * white squares (the frame number in binary), and a beep marks each whole second, so that the frame at any cut and
 * the offset between sound and picture can be measured after decoding.
 */
import { mkdirSync } from 'node:fs'
import { Codec, CodecContext, CodecParameters, Dictionary, Frame, Packet, Rational } from 'node-av/lib'
import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_PIX_FMT_YUV420P,
  AV_SAMPLE_FMT_FLTP,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBX264,
} from 'node-av/constants'
import { check } from '../../../backend/media/av.ts'
import { PartsWriter, type Footage } from './parts.ts'

const WIDTH = 320
const HEIGHT = 180
const BITS = 20
const BIT = 16
const BIT_TOP = 152
export const SAMPLE_RATE = 48_000
const AAC_FRAME = 1024
const BEEP_SEC = 0.05

export interface ClockOptions {
  seconds: number
  fps: number
}

/** Makes the VOD in `dir`: 320 × 180, key frame each 2 s, 2 B-frames, AAC stereo 48 kHz. */
export function makeClockVod(dir: string, { seconds, fps }: ClockOptions): Footage {
  mkdirSync(dir, { recursive: true })
  const videoBase = new Rational(1, fps)
  const audioBase = new Rational(1, SAMPLE_RATE)
  const video = openEncoder(
    FF_ENCODER_LIBX264,
    videoBase,
    { preset: 'veryfast', crf: '20', sc_threshold: '0' },
    (c) => {
      c.width = WIDTH
      c.height = HEIGHT
      c.pixelFormat = AV_PIX_FMT_YUV420P
      c.framerate = new Rational(fps, 1)
      c.gopSize = 2 * fps
      c.maxBFrames = 2
    },
  )
  const audio = openEncoder(FF_ENCODER_AAC, audioBase, {}, (c) => {
    c.sampleRate = SAMPLE_RATE
    c.sampleFormat = AV_SAMPLE_FMT_FLTP
    c.channelLayout = AV_CHANNEL_LAYOUT_STEREO
    c.bitRate = 96_000n
  })
  const writer = new PartsWriter(dir, [{ par: parametersOf(video) }, { par: parametersOf(audio) }])
  const write = [
    (packet: Packet) => {
      packet.duration ||= 1n
      writer.write(packet, 0, videoBase)
    },
    // The encoder's priming lies before 0, where an MPEG-TS muxer would clamp it.
    (packet: Packet) => packet.pts >= 0n && writer.write(packet, 1, audioBase),
  ] as const
  let samples = 0
  for (let n = 0; n < seconds * fps; n++) {
    const picture = Frame.fromVideoBuffer(drawClock(n, fps), {
      width: WIDTH,
      height: HEIGHT,
      format: AV_PIX_FMT_YUV420P,
      timeBase: videoBase,
      pts: BigInt(n),
    })
    encode(video, picture, write[0])
    while (samples < ((n + 1) / fps) * SAMPLE_RATE) {
      const sound = Frame.fromAudioBuffer(beeps(samples), {
        nbSamples: AAC_FRAME,
        format: AV_SAMPLE_FMT_FLTP,
        sampleRate: SAMPLE_RATE,
        channelLayout: AV_CHANNEL_LAYOUT_STEREO,
        timeBase: audioBase,
        pts: BigInt(samples),
      })
      encode(audio, sound, write[1])
      samples += AAC_FRAME
    }
  }
  encode(video, null, write[0])
  encode(audio, null, write[1])
  video.freeContext()
  audio.freeContext()
  return writer.finish({ width: WIDTH, height: HEIGHT, fps, title: 'A running clock' })
}

/**
 * The frame number that a decoded picture shows. `luma` is its Y plane, `stride` the bytes of a line.
 * @throws when a square is neither black nor white: then it is no clock picture
 */
export function readClock(luma: Uint8Array, stride: number): number {
  let n = 0
  for (let bit = 0; bit < BITS; bit++) {
    const level = luma[(BIT_TOP + BIT / 2) * stride + bit * BIT + BIT / 2] ?? 128
    if (level > 96 && level < 160) throw new Error(`square ${bit} is grey (${level})`)
    if (level >= 160) n |= 1 << bit
  }
  return n
}

function drawClock(n: number, fps: number): Buffer {
  const picture = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128)
  // A slow diagonal wave gives the encoder something to predict, so that P and B frames are real.
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) picture[y * WIDTH + x] = 70 + (((x + y + n) >> 3) & 31)
  for (let bit = 0; bit < BITS; bit++) fill(picture, bit * BIT, BIT_TOP, BIT, BIT, (n >> bit) & 1 ? 235 : 16)
  const sec = Math.floor(n / fps)
  const digits = [Math.floor(sec / 600) % 6, Math.floor(sec / 60) % 10, Math.floor((sec % 60) / 10), sec % 10]
  const frame = n % fps
  digits.push(Math.floor(frame / 10), frame % 10)
  digits.forEach((digit, i) => drawDigit(picture, 16 + i * 46 + Math.floor(i / 2) * 12, 40, digit))
  return picture
}

/** Seven segments as [x, y, width, height] in a 36 × 72 box, and which of them each digit lights. */
const SEGMENTS = [
  [4, 0, 28, 6],
  [30, 4, 6, 30],
  [30, 38, 6, 30],
  [4, 66, 28, 6],
  [0, 38, 6, 30],
  [0, 4, 6, 30],
  [4, 33, 28, 6],
] as const
const LIT = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f]

function drawDigit(picture: Buffer, x: number, y: number, digit: number): void {
  SEGMENTS.forEach(([dx, dy, w, h], i) => {
    if (((LIT[digit] ?? 0) >> i) & 1) fill(picture, x + dx, y + dy, w, h, 235)
  })
}

function fill(picture: Buffer, x: number, y: number, w: number, h: number, level: number): void {
  for (let row = y; row < y + h; row++) picture.fill(level, row * WIDTH + x, row * WIDTH + x + w)
}

/** One AAC frame of planar float stereo: a 1 kHz tone in the first 50 ms of each second, silence else. */
function beeps(from: number): Buffer {
  const plane = new Float32Array(AAC_FRAME * 2)
  for (let i = 0; i < AAC_FRAME; i++) {
    const inSecond = ((from + i) % SAMPLE_RATE) / SAMPLE_RATE
    const level = inSecond < BEEP_SEC ? 0.5 * Math.sin(2 * Math.PI * 1000 * inSecond) : 0
    plane[i] = level
    plane[AAC_FRAME + i] = level
  }
  return Buffer.from(plane.buffer)
}

function openEncoder(
  name: typeof FF_ENCODER_LIBX264 | typeof FF_ENCODER_AAC,
  timeBase: Rational,
  options: Record<string, string>,
  set: (context: CodecContext) => void,
): CodecContext {
  const codec = Codec.findEncoderByName(name)
  if (!codec) throw new Error(`this build of FFmpeg has no ${name}`)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.timeBase = timeBase
  set(context)
  check(context.open2Sync(codec, Dictionary.fromObject(options)), `cannot open ${name}`)
  return context
}

function parametersOf(context: CodecContext): CodecParameters {
  const par = new CodecParameters()
  par.alloc()
  check(par.fromContext(context), 'cannot read the encoder format')
  return par
}

function encode(context: CodecContext, frame: Frame | null, write: (packet: Packet) => unknown): void {
  check(context.sendFrameSync(frame), 'cannot encode')
  frame?.free()
  const packet = new Packet()
  packet.alloc()
  while (context.receivePacketSync(packet) >= 0) {
    write(packet)
    packet.unref()
  }
  packet.free()
}
