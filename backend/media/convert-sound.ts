/**
 * Sound that cannot be copied: another format than the recap's, or a moment that is to be louder or softer. Decoded,
 * brought to the recap's rate and channels, and encoded to AAC frames that lie exactly on the recap's grid.
 */
import { type CodecContext, type CodecParameters, type Frame, Packet, Rational } from 'node-av/lib'
import { avChannelLayoutDefault } from 'node-av/lib'
import { AV_SAMPLE_FMT_FLTP, FF_ENCODER_AAC } from 'node-av/constants'
import { decoded, encoded, openDecoder, openEncoder } from './coders.ts'
import { FilterChain } from './filter-chain.ts'
import type { AudioFormat } from './formats.ts'
import type { Sound } from './packets.ts'

export const AAC_FRAME = 1024
const BIT_RATE = 160_000n
/** Below this, sound that is late or early is stretched instead of cut (as facts show, ±8 ms at all joins). */
const HARD_SEC = 0.05
const MICRO = 1_000_000
/** Loudness is raised only as far as no sample is cut off. */
const CEILING = 0.89

export interface SoundConverterOptions {
  source: CodecParameters
  target: AudioFormat
  /** Source seconds at which the first frame is to begin. */
  startSec: number
  gainDb: number
}

export class SoundConverter {
  readonly #options: SoundConverterOptions
  readonly #decoder: CodecContext
  readonly #filter: FilterChain
  readonly #encoder: CodecContext
  #samples = 0

  constructor(options: SoundConverterOptions) {
    this.#options = options
    const { source, target, gainDb } = options
    this.#decoder = openDecoder(source)
    this.#decoder.pktTimebase = new Rational(1, MICRO)
    this.#encoder = openEncoder(FF_ENCODER_AAC, {}, (encoder) => {
      encoder.sampleRate = target.sampleRate
      encoder.sampleFormat = AV_SAMPLE_FMT_FLTP
      encoder.channelLayout = avChannelLayoutDefault(target.channels)
      encoder.timeBase = new Rational(1, target.sampleRate)
      encoder.bitRate = BIT_RATE
    })
    const steps = [
      // What is missing becomes silence, what comes twice is left out, and the first sample is the one at the start.
      `aresample=${target.sampleRate}:async=1:min_hard_comp=${HARD_SEC}:first_pts=0`,
      ...(gainDb === 0
        ? []
        : [`volume=${gainDb.toFixed(2)}dB`, `alimiter=limit=${CEILING}:level=false:latency=true`]),
      // Last, since the limiter gives doubles, and an encoder does not look at what it gets.
      `aformat=sample_fmts=fltp:channel_layouts=${target.channels}c`,
      `asetnsamples=n=${AAC_FRAME}:p=1`,
    ]
    this.#filter = new FilterChain({ filters: steps.join(','), timeBase: { num: 1, den: MICRO } })
  }

  push(sound: Sound): Sound[] {
    const packet = new Packet()
    packet.alloc()
    packet.data = sound.data
    packet.pts = packet.dts = BigInt(Math.round((sound.sec - this.#options.startSec) * MICRO))
    const made = this.#decode(packet)
    packet.free()
    return made
  }

  finish(): Sound[] {
    const made = this.#decode(null)
    for (const { frame } of this.#filter.push(null)) made.push(...this.#encode(frame))
    return [...made, ...this.#frames(encoded(this.#encoder, null))]
  }

  close(): void {
    this.#decoder.freeContext()
    this.#filter.close()
    this.#encoder.freeContext()
  }

  #decode(packet: Packet | null): Sound[] {
    const made: Sound[] = []
    for (const frame of decoded(this.#decoder, packet)) {
      frame.pts = frame.bestEffortTimestamp
      for (const { frame: filtered } of this.#filter.push(frame)) made.push(...this.#encode(filtered))
    }
    return made
  }

  #encode(frame: Frame): Sound[] {
    // The filters give frames end to end from the start on.
    frame.pts = BigInt(this.#samples)
    this.#samples += frame.nbSamples
    const made = this.#frames(encoded(this.#encoder, frame))
    frame.free()
    return made
  }

  /** The encoder's first frame lies before the start and only prepares the next. */
  #frames(packets: Generator<Packet>): Sound[] {
    const { startSec, target } = this.#options
    const made: Sound[] = []
    for (const packet of packets)
      if (packet.pts >= 0n && packet.data)
        made.push({ sec: startSec + Number(packet.pts) / target.sampleRate, data: Buffer.from(packet.data) })
    return made
  }
}
