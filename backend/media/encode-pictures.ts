/**
 * Pictures that cannot be copied: decoded, changed to the recap's format where they have another one, and encoded so that
 * the result may stand between copied pictures: its own key frame first, no reordering, parameter sets in band.
 */
import { type CodecContext, type CodecParameters, type Frame, type Packet, Rational } from 'node-av/lib'
import { avGetPixFmtName } from 'node-av/lib'
import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_VP9,
  type AVPixelFormat,
  AV_PICTURE_TYPE_NONE,
} from 'node-av/constants'
import { MediaError, outOfMemory } from './av.ts'
import { decoded, encoded, openDecoder, openEncoder } from './coders.ts'
import { FilterChain } from './filter-chain.ts'
import type { VideoFormat } from './formats.ts'
import type { Picture } from './packets.ts'

/** Fine enough for each frame rate in use, and MPEG-TS' own. */
export const TICKS_A_SEC = 90_000
const TICK = new Rational(1, TICKS_A_SEC)
/** Of what is converted as a whole, so that players can seek in it. */
const KEY_FRAME_EACH_SEC = 2
/** A picture is held at most so long where the source ends before the span does. */
const HELD_SEC = 0.2
/** Half a tick: source times are ticks, too, and only their sums are inexact. */
const EPSILON_SEC = 0.5 / TICKS_A_SEC

/** By codec: encoder, and settings that cost little. Heads and tails are short, so their size does not matter, and quality does. */
const ENCODERS = new Map<number, { name: string; options: Record<string, string> }>([
  [
    AV_CODEC_ID_H264,
    {
      name: 'libx264',
      options: { preset: 'ultrafast', crf: '19', 'x264-params': 'scenecut=0' },
    },
  ],
  [
    AV_CODEC_ID_HEVC,
    {
      name: 'libx265',
      options: {
        preset: 'ultrafast',
        crf: '17',
        'x265-params':
          'log-level=none:repeat-headers=1:scenecut=0:rc-lookahead=0:bframes=0:pools=2:frame-threads=1',
      },
    },
  ],
  [
    AV_CODEC_ID_VP9,
    {
      name: 'libvpx-vp9',
      options: { deadline: 'realtime', 'cpu-used': '8', 'lag-in-frames': '0', crf: '18', b: '0' },
    },
  ],
  [
    AV_CODEC_ID_AV1,
    {
      name: 'libsvtav1',
      options: { preset: '8', crf: '16', 'svtav1-params': 'pred-struct=1:lookahead=0:lp=2' },
    },
  ],
])

export interface EncodedPicture {
  packet: Packet
  /** When it is shown, in source seconds; it is decoded in the same order. */
  sec: number
}

export interface PictureEncoderOptions {
  /** The track as it is read. */
  source: CodecParameters
  /** The recap's track: size and colours are taken from here. */
  target: CodecParameters
  targetFormat: VideoFormat
  /** Source seconds of the first picture wanted. */
  startSec: number
  /** Source seconds at which the pictures end. */
  endSec: number
  /** Source and target differ: pictures are scaled, and come at the target's own rate. */
  convert: boolean
  /** Text: an ASS file whose times begin at source second `fromSec`. */
  label?: { ass: string; fromSec: number }
}

export class PictureEncoder {
  readonly #options: PictureEncoderOptions
  readonly #decoder: CodecContext
  readonly #filter: FilterChain | null
  readonly #toleranceSec: number
  /** Source time that is 0 in the filters. */
  readonly #zeroSec: number
  #encoder: CodecContext | undefined
  /** The latest picture that went into the filter. */
  #last: Frame | null = null
  #lastSec = -Infinity

  constructor(options: PictureEncoderOptions) {
    this.#options = options
    this.#decoder = openDecoder(options.source, 2)
    this.#toleranceSec = options.convert ? EPSILON_SEC : 0.5 / (options.targetFormat.fps ?? 60)
    const filters = filtersOf(options)
    this.#filter = filters === '' ? null : new FilterChain({ filters, timeBase: TICK })
    this.#zeroSec = options.convert ? options.startSec : (options.label?.fromSec ?? 0)
  }

  /** Feeds a picture, and gives what is ready. A packet given is good until the next one is asked for. */
  *push(picture: Picture): Generator<EncodedPicture> {
    const packet = picture.packet.clone()
    if (!packet) throw outOfMemory()
    // Of what is shown before the start, only what later pictures refer to is decoded.
    const isEarly = picture.sec < this.#options.startSec - 2 * this.#toleranceSec && !this.#options.convert
    this.#decoder.setOption('skip_frame', isEarly ? 'noref' : 'default')
    packet.pts = BigInt(Math.round(picture.sec * TICKS_A_SEC))
    packet.dts = BigInt(Math.round(picture.dtsSec * TICKS_A_SEC))
    yield* this.#decode(packet)
    packet.free()
  }

  *finish(): Generator<EncodedPicture> {
    yield* this.#decode(null)
    if (this.#filter) {
      // The last picture lasts until the end, also where the source does not say how long it is.
      if (this.#options.convert && this.#last && this.#options.endSec - this.#lastSec < HELD_SEC)
        yield* this.#convert(this.#last, this.#options.endSec)
      yield* this.#filtered(null)
    }
    if (this.#encoder) yield* this.#given(encoded(this.#encoder, null))
  }

  close(): void {
    this.#decoder.freeContext()
    this.#encoder?.freeContext()
    this.#filter?.close()
    this.#last?.free()
  }

  *#decode(packet: Packet | null): Generator<EncodedPicture> {
    const { startSec, endSec } = this.#options
    for (const frame of decoded(this.#decoder, packet)) {
      const ticks = frame.bestEffortTimestamp
      const sec = Number(ticks) / TICKS_A_SEC
      const slack = this.#toleranceSec
      // A picture before the start may still be on the screen at the start; a converter fills in with it.
      if (sec >= endSec - slack || (!this.#options.convert && sec < startSec - slack)) continue
      if (!this.#filter) {
        yield* this.#encode(frame, sec)
        continue
      }
      this.#last?.free()
      this.#last = frame.clone()
      this.#lastSec = sec
      yield* this.#convert(frame, sec)
    }
  }

  *#convert(frame: Frame, sec: number): Generator<EncodedPicture> {
    frame.pts = BigInt(Math.round((sec - this.#zeroSec) * TICKS_A_SEC))
    yield* this.#filtered(frame)
  }

  *#filtered(frame: Frame | null): Generator<EncodedPicture> {
    for (const { frame: changed, sec } of this.#filter?.push(frame) ?? []) {
      yield* this.#encode(changed, this.#zeroSec + sec)
      changed.free()
    }
  }

  *#encode(frame: Frame, sec: number): Generator<EncodedPicture> {
    this.#encoder ??= this.#openEncoder()
    frame.pts = BigInt(Math.round(sec * TICKS_A_SEC))
    // What the source's encoder chose is of no meaning here.
    frame.pictType = AV_PICTURE_TYPE_NONE
    yield* this.#given(encoded(this.#encoder, frame))
  }

  *#given(packets: Generator<Packet>): Generator<EncodedPicture> {
    for (const packet of packets) yield { packet, sec: Number(packet.pts) / TICKS_A_SEC }
  }

  #openEncoder(): CodecContext {
    const { target, targetFormat } = this.#options
    const settings = ENCODERS.get(targetFormat.codec)
    if (!settings) throw new MediaError(`pictures of codec ${targetFormat.codec} cannot be encoded`)
    const fps = targetFormat.fps ?? 30
    return openEncoder(settings.name, settings.options, (encoder) => {
      encoder.width = targetFormat.width
      encoder.height = targetFormat.height
      encoder.pixelFormat = targetFormat.pixels
      encoder.timeBase = TICK
      encoder.framerate = new Rational(Math.round(fps * 1000), 1000)
      encoder.gopSize = Math.round(KEY_FRAME_EACH_SEC * fps)
      encoder.maxBFrames = 0
      // Threads would cost a quarter more in all.
      encoder.threadCount = 1
      encoder.sampleAspectRatio = target.sampleAspectRatio
      encoder.colorRange = target.colorRange
      encoder.colorPrimaries = target.colorPrimaries
      encoder.colorTrc = target.colorTrc
      encoder.colorSpace = target.colorSpace
    })
  }
}

function filtersOf({ convert, targetFormat, startSec, endSec, label }: PictureEncoderOptions): string {
  const changed = convert ? [conversion(targetFormat, endSec - startSec)] : []
  const format = `format=${avGetPixFmtName(targetFormat.pixels) ?? 'yuv420p'}`
  return [...changed, ...(label ? [`ass=${quoted(label.ass)}`, format] : [])].join(',')
}

/** A path inside a filter's arguments. */
export function quoted(path: string): string {
  return `'${path.replace(/\\/g, '/').replace(/'/g, "'\\''").replace(/:/g, '\\:')}'`
}

/** Into the target's frame with black bars where the shape differs, one picture at each of the target's instants. */
function conversion({ width, height, fps, pixels }: VideoFormat, lengthSec: number): string {
  const size = `${width}:${height}`
  const fit = `scale=${size}:force_original_aspect_ratio=decrease:flags=bicubic,pad=${size}:-1:-1:black,setsar=1`
  const format = `format=${avGetPixFmtName(pixels as AVPixelFormat) ?? 'yuv420p'}`
  const rate = fps === null ? '' : `,fps=fps=${fps.toFixed(6)}:start_time=0`
  return `${fit},${format}${rate},trim=start=0:end=${lengthSec.toFixed(6)}`
}
