/**
 * A small VOD with a running clock burned in, for tests: people read the digits, programs read the row of black and
 * white squares (the frame number in binary), and a beep marks each whole second, so that the frame at any cut and
 * the offset between sound and picture can be measured after decoding.
 */
import { mkdirSync } from 'node:fs'
import { avChannelLayoutDefault, CodecParameters, Frame, Packet, Rational } from 'node-av/lib'
import type { CodecContext } from 'node-av/lib'
import { AV_PIX_FMT_YUV420P, AV_SAMPLE_FMT_FLTP, FF_ENCODER_AAC } from 'node-av/constants'
import { check } from '../../../backend/media/av.ts'
import { encoded, openEncoder } from '../../../backend/media/coders.ts'
import { FilterChain } from '../../../backend/media/filter-chain.ts'
import { PartsWriter, type Container, type Footage } from './parts.ts'

export const WIDTH = 320
export const HEIGHT = 180
const BITS = 20
const BIT = 16
const BIT_TOP = 152
const WAVE_LINES = 32
const AAC_FRAME = 1024
const BEEP_SEC = 0.05
export const BEEP_LEVEL = 0.5

/** An encoded track in memory, its time stamps in `base`. */
export interface Track {
  par: CodecParameters
  base: Rational
  packets: Packet[]
}

export interface PicturesOptions {
  /** Frame number of the first picture, and of the one after the last. */
  from: number
  to: number
  fps: number
  /** Lines of the picture, a multiple of 180; the width is 16/9 of it. */
  height?: number
  codec?: 'h264' | 'hevc' | 'av1'
  /** Seconds from one key frame to the next; 2 unless told. */
  groupSec?: number
  /** Leading pictures that need the group before. H.264 and HEVC only. */
  openGroups?: boolean
  /** Moves the picture `n` by so many frame lengths: a variable rate. */
  jitter?: (n: number) => number
}

const CODECS = {
  h264: { name: 'libx264', preset: 'superfast' },
  hevc: { name: 'libx265', preset: 'ultrafast' },
  av1: { name: 'libsvtav1', preset: '7' },
}
const TICKS = new Rational(1, 90_000)

/** Makes the VOD in `dir`: 320 × 180, key frame each 2 s, 2 B-frames, AAC stereo 48 kHz, 10 s parts. */
export function makeClockVod(dir: string, { seconds, fps }: { seconds: number; fps: number }): Footage {
  const pictures = encodePictures({ from: 0, to: seconds * fps, fps })
  const sound = encodeBeeps({ seconds, sampleRate: 48_000, channels: 2 })
  const footage = writeVod(dir, [pictures, sound], { partSec: 10, container: 'ts' })
  for (const { packets } of [pictures, sound]) for (const packet of packets) packet.free()
  return { ...footage, width: WIDTH, height: HEIGHT, fps }
}

/** Writes tracks as parts; they may be written again elsewhere. */
export function writeVod(
  dir: string,
  tracks: readonly Track[],
  options: { partSec: number; container: Container; offsetSec?: number },
): Footage {
  mkdirSync(dir, { recursive: true })
  const writer = new PartsWriter(dir, tracks, options)
  const at = tracks.map(() => 0)
  // In the order of their time, as a live encoder writes them.
  for (;;) {
    const due = tracks.flatMap((t, n) => {
      const packet = t.packets[at[n] ?? 0]
      return packet ? [{ n, packet, sec: (Number(packet.dts) * t.base.num) / t.base.den }] : []
    })
    const first = due.sort((a, b) => a.sec - b.sec)[0]
    if (!first) break
    at[first.n] = (at[first.n] ?? 0) + 1
    const copy = first.packet.clone()
    if (!copy) throw new Error('out of memory')
    writer.write(copy, first.n, tracks[first.n]?.base ?? TICKS)
    copy.free()
  }
  return writer.finish({ width: 0, height: 0, fps: 0, title: 'A running clock' })
}

export function encodePictures(options: PicturesOptions): Track {
  const {
    from,
    to,
    fps,
    height = HEIGHT,
    codec = 'h264',
    groupSec = 2,
    openGroups = false,
    jitter = () => 0,
  } = options
  const { name, preset } = CODECS[codec]
  const x26x = `scenecut=0:open-gop=${openGroups ? 1 : 0}`
  const encoder = openEncoder(
    name,
    {
      preset,
      crf: codec === 'av1' ? '4' : '20',
      ...(codec === 'h264' ? { 'x264-params': x26x } : {}),
      ...(codec === 'hevc' ? { 'x265-params': `${x26x}:log-level=none:repeat-headers=1` } : {}),
      ...(codec === 'av1' ? { 'svtav1-params': 'pred-struct=1:lp=2' } : {}),
    },
    (c) => {
      c.width = (height * 16) / 9
      c.height = height
      c.pixelFormat = AV_PIX_FMT_YUV420P
      c.timeBase = TICKS
      c.framerate = new Rational(fps, 1)
      c.gopSize = groupSec * fps
      c.maxBFrames = codec === 'av1' ? 0 : 2
    },
  )
  const scale = new FilterChain({ filters: `scale=-2:${height}:flags=neighbor`, timeBase: TICKS })
  const packets: Packet[] = []
  const keep = (made: Generator<Packet>) => {
    for (const packet of made) {
      const kept = packet.clone()
      if (!kept) throw new Error('out of memory')
      kept.duration ||= BigInt(Math.round(90_000 / fps))
      packets.push(kept)
    }
  }
  for (let n = from; n < to; n++) {
    const drawn = Frame.fromVideoBuffer(drawClock(n, fps), {
      width: WIDTH,
      height: HEIGHT,
      format: AV_PIX_FMT_YUV420P,
      timeBase: TICKS,
      pts: BigInt(Math.round(((n + jitter(n)) * 90_000) / fps)),
    })
    for (const { frame } of scale.push(drawn)) {
      keep(encoded(encoder, frame))
      frame.free()
    }
    drawn.free()
  }
  keep(encoded(encoder, null))
  const par = parametersOf(encoder)
  encoder.freeContext()
  scale.close()
  return { par, base: TICKS, packets }
}

/** A beep at each whole second. */
export function encodeBeeps(options: {
  seconds: number
  sampleRate: number
  channels: number
  /** Of 1; and how long a beep is. With a second it is a tone without an end. */
  level?: number
  beepSec?: number
}): Track {
  const { seconds, sampleRate, channels, level = BEEP_LEVEL, beepSec = BEEP_SEC } = options
  const base = new Rational(1, sampleRate)
  const encoder = openEncoder(FF_ENCODER_AAC, {}, (c) => {
    c.sampleRate = sampleRate
    c.sampleFormat = AV_SAMPLE_FMT_FLTP
    c.channelLayout = avChannelLayoutDefault(channels)
    c.timeBase = base
    c.bitRate = 96_000n
  })
  const packets: Packet[] = []
  const keep = (made: Generator<Packet>) => {
    for (const packet of made) {
      // The encoder's priming lies before 0, where an MPEG-TS muxer would clamp it.
      const kept = packet.pts >= 0n ? packet.clone() : null
      if (kept) packets.push(kept)
    }
  }
  for (let sample = 0; sample < seconds * sampleRate; sample += AAC_FRAME) {
    const frame = Frame.fromAudioBuffer(beeps(sample, { sampleRate, channels, level, beepSec }), {
      nbSamples: AAC_FRAME,
      format: AV_SAMPLE_FMT_FLTP,
      sampleRate,
      channelLayout: avChannelLayoutDefault(channels),
      timeBase: base,
      pts: BigInt(sample),
    })
    keep(encoded(encoder, frame))
    frame.free()
  }
  keep(encoded(encoder, null))
  const par = parametersOf(encoder)
  encoder.freeContext()
  return { par, base, packets }
}

/**
 * The frame number that a decoded picture shows. `luma` is its Y plane, `stride` the bytes of a line.
 * @param scale how much larger than 320 × 180 the picture is
 * @throws when a square is neither black nor white: then it is no clock picture
 */
export function readClock(luma: Uint8Array, stride: number, scale = 1): number {
  let n = 0
  for (let bit = 0; bit < BITS; bit++) {
    const [x, y] = [Math.round((bit * BIT + BIT / 2) * scale), Math.round((BIT_TOP + BIT / 2) * scale)]
    const level = luma[y * stride + x] ?? 128
    if (level > 96 && level < 160) throw new Error(`square ${bit} is grey (${level})`)
    if (level >= 160) n |= 1 << bit
  }
  return n
}

export function drawClock(n: number, fps: number): Buffer {
  const picture = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128)
  // A slow diagonal wave gives the encoder something to predict, so that P and B frames are real; a band of it is enough.
  picture.fill(86, 0, WIDTH * HEIGHT)
  for (let y = 0; y < WAVE_LINES; y++)
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

/** One AAC frame of planar floats: a 1 kHz tone in the first 50 ms of each second, silence else. */
function beeps(
  from: number,
  tone: { sampleRate: number; channels: number; level: number; beepSec: number },
): Buffer {
  const { sampleRate, channels, level: loud, beepSec } = tone
  const planes = new Float32Array(AAC_FRAME * channels)
  for (let i = 0; i < AAC_FRAME; i++) {
    const inSecond = ((from + i) % sampleRate) / sampleRate
    const level = inSecond < beepSec ? loud * Math.sin(2 * Math.PI * 1000 * inSecond) : 0
    for (let channel = 0; channel < channels; channel++) planes[channel * AAC_FRAME + i] = level
  }
  return Buffer.from(planes.buffer)
}

function parametersOf(context: CodecContext): CodecParameters {
  const par = new CodecParameters()
  par.alloc()
  check(par.fromContext(context), 'cannot read the encoder format')
  return par
}
