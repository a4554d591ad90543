/**
 * Cuts pieces out of VOD parts and joins them into one MP4, packet by packet: pictures are copied, never re-encoded.
 *
 * Why not the `ffmpeg` command: `-ss` with `-c copy` on MPEG-TS starts at the wrong picture, and joining files adds
 * the longer of sound and picture each time, so the error grows with every join. Here one muxer writes the whole
 * recap on two clocks:
 * - pictures: a piece starts with the key frame at or before the wanted start; afterwards the video clock grows by
 *   exactly the piece's video length;
 * - sound: AAC frames lie end to end on one grid, and each source frame is put into the slot that is nearest to its
 *   own time. The offset between sound and picture therefore stays within half a frame (11 ms), at join 1 and at 100.
 */
import { CodecParameters, Dictionary, FormatContext, Packet, Rational } from 'node-av/lib'
import type { Stream } from 'node-av/lib'
import { AV_NOPTS_VALUE, AV_PKT_FLAG_KEY } from 'node-av/constants'
import { adtsHeaderLength, audioConfigOf } from './adts.ts'
import { check, formatOf, MediaError, openInput, readPacket, toSec, toTicks } from './av.ts'
import type { OpenInput } from './av.ts'
import { silentFrame } from './silence.ts'

/** One span of one source, in the source's own seconds. */
export interface Piece {
  /** Names the piece in errors: "moment 3, 1:05–1:35". */
  name: string
  /** Files that follow each other without a discontinuity; for fMP4 the first is the initialisation part. */
  files: string[]
  /** The source time of the first picture in `files`. */
  filesStartSec: number
  startSec: number
  endSec: number
}

export interface CutPiece {
  name: string
  /** Where the piece begins in the recap. */
  atSec: number
  durationSec: number
  /** The source time of its first picture: the key frame at or before `startSec`. */
  sourceStartSec: number
}

export interface Assembled {
  durationSec: number
  pieces: CutPiece[]
}

export interface AssembleOptions {
  /** Called now and then with the seconds written so far. */
  onProgress?: (sec: number) => void
}

const VIDEO_BASE = new Rational(1, 90_000)
/** Pictures whose order of decoding and showing differs lie at most this many packets apart (H.264: 16). */
const REORDER_DEPTH = 16
const SOUND_LAG_SEC = 2
const YIELD_EACH_PACKETS = 2_000

/**
 * Writes `pieces`, in order, to `out` (MP4 with its index in front).
 * @throws {MediaError} naming the piece, when a piece cannot be read, has no picture, or has another format than the first
 */
export async function assemble(
  pieces: Piece[],
  out: string,
  options: AssembleOptions = {},
): Promise<Assembled> {
  const recap = new RecapWriter(out)
  try {
    const cut: CutPiece[] = []
    for (const piece of pieces) {
      try {
        cut.push(await new PieceCutter(piece, recap, options).run())
      } catch (error) {
        throw error instanceof MediaError ? new MediaError(`${piece.name}: ${error.message}`) : error
      }
    }
    recap.finish()
    return { durationSec: recap.videoClockSec, pieces: cut }
  } finally {
    recap.close()
  }
}

/** The one output file, with its two clocks. */
class RecapWriter {
  readonly #context = new FormatContext()
  readonly #out: string
  #video: Stream | undefined
  #audio: Stream | undefined
  #videoFormat = ''
  #audioFormat = ''
  #lastVideoDts = AV_NOPTS_VALUE
  #audioFrameSize = 1024
  #sampleRate = 48_000
  #audioSlots = 0
  #silence: Buffer | undefined
  videoClockSec = 0

  constructor(out: string) {
    this.#out = out
    check(this.#context.allocOutputContext2(null, 'mp4', out), `cannot write ${out}`)
  }

  /** Takes the first piece's formats as the recap's, and refuses pieces that differ. */
  accept(input: OpenInput, firstSound: Buffer | undefined): void {
    const { video, audio } = input
    if (!video) throw new MediaError('no picture in these parts')
    if (!this.#video) return this.#open(video, audio, firstSound)
    const format = formatOf(video.codecpar)
    if (format !== this.#videoFormat)
      throw new MediaError(
        `its picture is ${format}, the recap's ${this.#videoFormat}: they cannot be joined by copying`,
      )
    if (audio && this.#audio && formatOf(audio.codecpar) !== this.#audioFormat)
      throw new MediaError(
        `its sound is ${formatOf(audio.codecpar)}, the recap's ${this.#audioFormat}: they cannot be joined by copying`,
      )
  }

  /** Seconds at which the next sound frame will lie. */
  get audioClockSec(): number {
    return (this.#audioSlots * this.#audioFrameSize) / this.#sampleRate
  }

  get audioFrameSec(): number {
    return this.#audioFrameSize / this.#sampleRate
  }

  get hasSound(): boolean {
    return this.#audio !== undefined
  }

  writeVideo(packet: Packet, ptsSec: number, dtsSec: number): void {
    if (!this.#video) throw new MediaError('the recap is not open')
    const base = this.#video.timeBase
    packet.pts = toTicks(ptsSec, base)
    let dts = toTicks(dtsSec, base)
    // Pieces with unequal reorder delays could step back by a frame at the join.
    if (this.#lastVideoDts !== AV_NOPTS_VALUE && dts <= this.#lastVideoDts) dts = this.#lastVideoDts + 1n
    packet.dts = dts
    this.#lastVideoDts = dts
    packet.streamIndex = this.#video.index
    check(this.#context.interleavedWriteFrameSync(packet), `cannot write ${this.#out}`)
  }

  /** Puts one raw AAC frame, or silence, into the next slot of the grid. */
  writeSound(frame: Buffer | null): void {
    if (!this.#audio) return
    this.#silence ??= silentFrame(this.#audio.codecpar)
    const packet = new Packet()
    packet.alloc()
    packet.data = frame ?? this.#silence
    packet.pts = packet.dts = toTicks(this.audioClockSec, this.#audio.timeBase)
    packet.duration = toTicks(this.audioFrameSec, this.#audio.timeBase)
    packet.flags = AV_PKT_FLAG_KEY
    packet.streamIndex = this.#audio.index
    check(this.#context.interleavedWriteFrameSync(packet), `cannot write ${this.#out}`)
    packet.free()
    this.#audioSlots++
  }

  finish(): void {
    if (!this.#video) throw new MediaError('there is nothing to write')
    check(this.#context.writeTrailerSync(), `cannot finish ${this.#out}`)
  }

  close(): void {
    this.#context.closeOutputSync()
    this.#context.freeContext()
  }

  #open(video: Stream, audio: Stream | undefined, firstSound: Buffer | undefined): void {
    this.#videoFormat = formatOf(video.codecpar)
    this.#video = this.#addStream(video.codecpar)
    this.#video.timeBase = VIDEO_BASE
    if (audio) {
      this.#audioFormat = formatOf(audio.codecpar)
      this.#sampleRate = audio.codecpar.sampleRate
      this.#audioFrameSize = audio.codecpar.frameSize || 1024
      this.#audio = this.#addStream(audio.codecpar)
      const config = firstSound && audioConfigOf(firstSound)
      if (config) this.#audio.codecpar.extradata = config
      this.#audio.timeBase = new Rational(1, this.#sampleRate)
    }
    check(this.#context.openOutputSync(), `cannot write ${this.#out}`)
    const options = Dictionary.fromObject({ movflags: '+faststart' })
    check(this.#context.writeHeaderSync(options), `cannot write ${this.#out}`)
  }

  #addStream(par: CodecParameters): Stream {
    const stream = this.#context.newStream()
    check(par.copy(stream.codecpar), 'cannot copy the stream format')
    stream.codecpar.codecTag = 0
    return stream
  }
}

interface SoundFrame {
  sec: number
  data: Buffer
}

/** Carries one piece from its files into the recap. Times in here are source seconds unless named otherwise. */
class PieceCutter {
  readonly #piece: Piece
  readonly #recap: RecapWriter
  readonly #options: AssembleOptions
  readonly #clockSec: number
  /** Video packets in decode order, not yet written. */
  #pictures: { packet: Packet; sec: number; dtsSec: number }[] = []
  #sounds: SoundFrame[] = []
  /** Source time of the latest sound frame read. */
  #heardSec = -Infinity
  #keySec: number | undefined
  /** End of the latest picture (in order of showing) among those written. */
  #writtenEndSec = -Infinity
  #writtenLastSec = -Infinity
  #frameSec = 1 / 30
  #accepted = false
  #ended = false

  constructor(piece: Piece, recap: RecapWriter, options: AssembleOptions) {
    this.#piece = piece
    this.#recap = recap
    this.#options = options
    this.#clockSec = recap.videoClockSec
  }

  async run(): Promise<CutPiece> {
    const piece = this.#piece
    const input = openInput(
      piece.files.length === 1 ? (piece.files[0] ?? '') : `concat:${piece.files.join('|')}`,
    )
    const packet = new Packet()
    packet.alloc()
    try {
      let count = 0
      let originSec: number | undefined
      while (!this.#ended && readPacket(input, packet)) {
        if (packet.streamIndex === input.video?.index) {
          const base = input.video.timeBase
          originSec ??= toSec(packet.pts, base) - piece.filesStartSec
          this.#takePicture(
            packet,
            toSec(packet.pts, base) - originSec,
            toSec(packet.dts, base) - originSec,
            input,
          )
        } else if (packet.streamIndex === input.audio?.index && packet.data) {
          // Sound that comes before the first picture of the files belongs to what was not fetched.
          const sec = toSec(packet.pts, input.audio.timeBase)
          if (originSec !== undefined)
            this.#takeSound({ sec: sec - originSec, data: Buffer.from(packet.data) })
        }
        packet.unref()
        if (++count % YIELD_EACH_PACKETS === 0) {
          this.#options.onProgress?.(this.#clockSec + Math.max(0, this.#writtenEndSec - (this.#keySec ?? 0)))
          await new Promise(setImmediate)
        }
      }
      if (!this.#ended) this.#drain(input)
      return this.#finish()
    } finally {
      packet.free()
      for (const { packet: left } of this.#pictures) left.free()
      input.close()
    }
  }

  #takePicture(packet: Packet, sec: number, dtsSec: number, input: OpenInput): void {
    const { startSec } = this.#piece
    const fps = input.video?.avgFrameRate
    if (fps && fps.num > 0) this.#frameSec = fps.den / fps.num
    const tolerance = this.#frameSec / 2
    if (packet.isKeyframe && sec <= startSec + tolerance) {
      // A later key frame still at or before the start: everything collected so far is too early.
      for (const { packet: early } of this.#pictures) early.free()
      this.#pictures = []
      this.#sounds = this.#sounds.filter((s) => s.sec >= sec - 1)
      this.#keySec = sec
    } else if (this.#keySec === undefined) {
      if (!packet.isKeyframe) return // pictures that refer to what was not fetched
      this.#keySec = sec // the files begin after the wanted start
    }
    const copy = packet.clone()
    if (!copy) throw new MediaError('out of memory')
    this.#pictures.push({ packet: copy, sec, dtsSec })
    // From here on no key frame can lie at or before the start, since decoding order never runs ahead of showing.
    if (dtsSec > startSec + tolerance) this.#write(input, REORDER_DEPTH)
  }

  #takeSound(frame: SoundFrame): void {
    this.#heardSec = frame.sec
    const header = adtsHeaderLength(frame.data)
    if (!this.#accepted || header === 0) this.#sounds.push(frame)
    else this.#sounds.push({ sec: frame.sec, data: frame.data.subarray(header) })
  }

  #drain(input: OpenInput): void {
    if (this.#pictures.length === 0) throw new MediaError('no picture in these parts')
    this.#write(input, 0)
  }

  /** Writes pictures until `keep` are left, or until the wanted end is reached at a place where none is missing. */
  #write(input: OpenInput, keep: number): void {
    if (!this.#accepted) {
      this.#recap.accept(input, this.#sounds[0]?.data)
      this.#sounds = this.#sounds.map(({ sec, data }) => ({
        sec,
        data: data.subarray(adtsHeaderLength(data)),
      }))
      this.#accepted = true
    }
    const keySec = this.#keySec ?? 0
    while (this.#pictures.length > keep) {
      const nextShown = Math.min(...this.#pictures.map((p) => p.sec))
      const closed = nextShown > this.#writtenLastSec
      if (closed && nextShown >= this.#piece.endSec - this.#frameSec / 2) {
        this.#ended = true
        return
      }
      const picture = this.#pictures.shift()
      if (!picture) return
      const outSec = this.#clockSec + picture.sec - keySec
      this.#recap.writeVideo(picture.packet, outSec, this.#clockSec + picture.dtsSec - keySec)
      picture.packet.free()
      this.#writtenLastSec = Math.max(this.#writtenLastSec, picture.sec)
      this.#writtenEndSec = this.#writtenLastSec + this.#frameSec
      // Sound may lie a little behind its picture in the file; after that it counts as missing.
      const heard = this.#heardSec > picture.sec - SOUND_LAG_SEC ? this.#heardSec : Infinity
      this.#placeSound(Math.min(picture.dtsSec, heard))
    }
  }

  /** Fills the sound grid up to source time `untilSec`: the nearest frame for each slot, silence where there is none. */
  #placeSound(untilSec: number): void {
    if (!this.#recap.hasSound) return
    const half = this.#recap.audioFrameSec / 2
    const keySec = this.#keySec ?? 0
    for (;;) {
      const slotSec = keySec + this.#recap.audioClockSec - this.#clockSec
      if (slotSec >= untilSec - half) return
      const next = this.#sounds.findIndex((s) => s.sec >= slotSec - half)
      if (next > 0) this.#sounds.splice(0, next)
      const frame = next === -1 ? undefined : this.#sounds[0]
      if (frame && frame.sec < slotSec + half) {
        this.#recap.writeSound(frame.data)
        this.#sounds.shift()
      } else {
        this.#recap.writeSound(null)
      }
    }
  }

  #finish(): CutPiece {
    const keySec = this.#keySec ?? 0
    if (this.#writtenEndSec <= keySec) throw new MediaError('the span holds no picture')
    this.#placeSound(this.#writtenEndSec)
    const durationSec = this.#writtenEndSec - keySec
    this.#recap.videoClockSec = this.#clockSec + durationSec
    this.#options.onProgress?.(this.#recap.videoClockSec)
    return { name: this.#piece.name, atSec: this.#clockSec, durationSec, sourceStartSec: keySec }
  }
}
