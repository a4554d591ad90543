/**
 * The one output file of a recap (MP4, its index in front), with its two clocks: pictures grow by exactly what each
 * piece shows; AAC frames lie end to end on one grid, so that the two never drift apart, at join 1 or at join 100.
 */
import { CodecParameters, Dictionary, FormatContext, Packet, Rational } from 'node-av/lib'
import type { Stream } from 'node-av/lib'
import { AV_NOPTS_VALUE, AV_PKT_FLAG_KEY } from 'node-av/constants'
import { check, toTicks } from './av.ts'
import { AAC_FRAME } from './convert-sound.ts'
import { silentFrame } from './silence.ts'

export interface RecapTracks {
  /** How long the recap will be at most, and how many pictures a second it has: what its index needs is kept free in front. */
  longestSec: number
  fps: number

  video: CodecParameters
  /** Raw AAC with its configuration; null: a recap without sound. */
  audio: CodecParameters | null
}

/** What the index holds of each at most: size, duration, composition offset, place, and chunk (ISO/IEC 14496-12, 8.6 and 8.7). */
const INDEX_BYTES = { picture: 44, sound: 32, file: 16_384 }
const VIDEO_TRACK = 0
const AUDIO_TRACK = 1
const VIDEO_BASE = new Rational(1, 90_000)

export class RecapWriter {
  readonly #context = new FormatContext()
  readonly #out: string
  // Read once, when the header is written: the muxer may choose others.
  readonly #videoBase: Rational
  readonly #audioBase: Rational
  readonly #audio: Stream | null
  readonly #sampleRate: number
  /** The latest picture: how long it is shown is known with the next one. */
  readonly #held = new Packet()
  #holds = false
  #firstVideoDts = AV_NOPTS_VALUE
  #lastVideoDts = AV_NOPTS_VALUE
  #slots = 0
  #silentSlots = 0
  #silence: Buffer | undefined
  #isOpen = false
  /** Seconds of pictures written so far. */
  videoClockSec = 0

  /** @throws {MediaError} */
  constructor(out: string, { video, audio, longestSec, fps }: RecapTracks) {
    this.#out = out
    this.#held.alloc()
    this.#sampleRate = audio?.sampleRate ?? 48_000
    check(this.#context.allocOutputContext2(null, 'mp4', out), `cannot write ${out}`)
    const track = this.#addStream(video, VIDEO_BASE)
    this.#audio = audio && this.#addStream(audio, new Rational(1, this.#sampleRate))
    check(this.#context.openOutputSync(), `cannot write ${out}`)
    this.#isOpen = true
    // Not `+faststart`: that writes the whole file a second time.
    const index =
      INDEX_BYTES.file +
      longestSec * (fps * INDEX_BYTES.picture + (this.#sampleRate / AAC_FRAME) * INDEX_BYTES.sound)
    const options = Dictionary.fromObject({ moov_size: String(Math.ceil(index)) })
    check(this.#context.writeHeaderSync(options), `cannot write ${out}`)
    this.#videoBase = track.timeBase
    this.#audioBase = this.#audio?.timeBase ?? VIDEO_BASE
  }

  get hasSound(): boolean {
    return this.#audio !== null
  }

  /** Seconds at which the next sound frame will lie. */
  get audioClockSec(): number {
    return (this.#slots * AAC_FRAME) / this.#sampleRate
  }

  get audioFrameSec(): number {
    return AAC_FRAME / this.#sampleRate
  }

  /** Seconds of sound that no source had. */
  get silentSec(): number {
    return (this.#silentSlots * AAC_FRAME) / this.#sampleRate
  }

  /** The packet stays the caller's, with its times. */
  writeVideo(packet: Packet, ptsSec: number, dtsSec: number, durationSec: number): void {
    const base = this.#videoBase
    this.#writeHeld()
    check(this.#held.ref(packet), `cannot write ${this.#out}`)
    this.#holds = true
    this.#held.pts = toTicks(ptsSec, base)
    let dts = toTicks(dtsSec, base)
    // Pieces with unequal reorder delays could step back by a frame at the join.
    if (this.#lastVideoDts !== AV_NOPTS_VALUE && dts <= this.#lastVideoDts) dts = this.#lastVideoDts + 1n
    this.#held.dts = dts
    // Without it the last picture would not be shown.
    this.#held.duration = toTicks(durationSec, base)
    if (this.#firstVideoDts === AV_NOPTS_VALUE) this.#firstVideoDts = dts
    this.#lastVideoDts = dts
    this.#held.streamIndex = VIDEO_TRACK
  }

  #writeHeld(): void {
    if (!this.#holds) return
    check(this.#context.interleavedWriteFrameSync(this.#held), `cannot write ${this.#out}`)
    this.#holds = false
  }

  /** Puts one raw AAC frame, or silence, into the next slot of the grid. */
  writeSound(frame: Buffer | null): void {
    if (!this.#audio) return
    this.#silence ??= silentFrame(this.#audio.codecpar)
    if (!frame) this.#silentSlots++
    const packet = new Packet()
    packet.alloc()
    packet.data = frame ?? this.#silence
    packet.pts = packet.dts = toTicks(this.audioClockSec, this.#audioBase)
    packet.duration = toTicks(this.audioFrameSec, this.#audioBase)
    packet.flags = AV_PKT_FLAG_KEY
    packet.streamIndex = AUDIO_TRACK
    check(this.#context.interleavedWriteFrameSync(packet), `cannot write ${this.#out}`)
    packet.free()
    this.#slots++
  }

  finish(): void {
    // Where the source had no more pictures, the last one stays.
    const restTicks = toTicks(this.videoClockSec, this.#videoBase) + this.#firstVideoDts - this.#lastVideoDts
    if (this.#holds && restTicks > this.#held.duration) this.#held.duration = restTicks
    this.#writeHeld()
    check(this.#context.writeTrailerSync(), `cannot finish ${this.#out}`)
  }

  close(): void {
    if (this.#isOpen) this.#context.closeOutputSync()
    this.#context.freeContext()
    this.#held.free()
  }

  #addStream(par: CodecParameters, timeBase: Rational): Stream {
    const stream = this.#context.newStream()
    check(par.copy(stream.codecpar), 'cannot copy the stream format')
    stream.codecpar.codecTag = 0
    stream.timeBase = timeBase
    return stream
  }
}
