/**
 * Reads the packets of a take, group of pictures by group of pictures, on the source's own clock.
 *
 * Pictures come in decoding order. A group begins with a key frame and depends on nothing before it, with one exception:
 * its _leading_ pictures are shown before the key frame and need the group before, too (open groups of pictures).
 */
import { Packet } from 'node-av/lib'
import type { BitStreamFilterContext, CodecParameters, Rational, Stream } from 'node-av/lib'
import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_NOPTS_VALUE,
  AVMEDIA_TYPE_AUDIO,
  AVSEEK_FLAG_BACKWARD,
} from 'node-av/constants'
import { annexBFilter, isIdr } from './annex-b.ts'
import { withSequenceHeader } from './av1.ts'
import { check, MediaError, openInput, readPacket, toSec, toTicks, type OpenInput } from './av.ts'
import { SourceClock } from './source-clock.ts'

/** Files of one format whose time stamps go on from each other. */
export interface Take {
  /** Files that follow each other; for fMP4 the first is the initialisation part. One file alone may be sought in. */
  files: string[]
  /** The source time of the first picture in `files`. */
  filesStartSec: number
  startSec: number
  endSec: number
  /** Found out before; without it the files are probed. */
  known?: KnownTracks
  /** What the source says of the parts: where one holds less, it is damaged. */
  parts?: readonly { name: string; startSec: number; endSec: number; isLast: boolean }[]
}

/** Tracks whose formats are known already, so that opening MPEG-TS takes no time. */
export interface KnownTracks {
  video: CodecParameters
  audio: CodecParameters | null
  /** Seconds between two pictures. */
  frameSec: number
}

export interface Picture {
  packet: Packet
  /** When it is shown, in source seconds. */
  sec: number
  dtsSec: number
  /** Shown before its group's key frame. */
  leading: boolean
}

export interface Group {
  keySec: number
  /** In decoding order, the key frame first. */
  pictures: Picture[]
  /** When the next group's key frame is shown; at the end of the data, when the last picture ends. */
  endSec: number
  /** Nothing comes behind it. */
  isLast: boolean
  /** The next key frame and its leading pictures, where there are such: they are shown in this group's time. */
  tail: Picture[]
  /** Seconds between two pictures. */
  frameSec: number
  /** Its key frame resets the decoder: it may follow pictures of another encoder. */
  isClean: boolean
  /** The same of the next group; true at the end of the data. */
  nextIsClean: boolean
}

export interface Sound {
  sec: number
  data: Buffer
}

/** Enough for the format of the pictures; sound that begins later is noticed when it comes. */
const PROBE_BYTES = 600_000
/** A key frame is sought this much early, for the sound that belongs to it. */
const SEEK_MARGIN_SEC = 0.5
/** Sound that is so late is not waited for. */
const SOUND_TAIL_SEC = 1

export class TakeReader {
  readonly #take: Take
  readonly #input: OpenInput
  /** Read once: each look into FFmpeg costs more than the rest of a packet's way. */
  readonly #base: Rational
  #audioBase: Rational | undefined
  readonly #onSound: (sound: Sound, par: CodecParameters) => void
  readonly #annexB: BitStreamFilterContext | null
  #audio: Stream | undefined
  #clock: SourceClock | undefined
  #heardSec = -Infinity
  #frameSec: number

  /** @throws {MediaError} */
  constructor(take: Take, onSound: (sound: Sound, par: CodecParameters) => void) {
    this.#take = take
    this.#onSound = onSound
    const [first = ''] = take.files
    this.#input = openInput(
      take.files.length === 1 ? first : `concat:${take.files.join('|')}`,
      take.known ? 'known' : PROBE_BYTES,
    )
    const { video, audio } = this.#input
    if (!video) {
      this.#input.close()
      throw new MediaError('no picture in these parts')
    }
    this.#audio = audio
    this.#base = video.timeBase
    this.#audioBase = audio?.timeBase
    this.#annexB = annexBFilter(video)
    this.#frameSec = take.known?.frameSec ?? frameSecOf(video)
    if (take.files.length === 1 && this.#hasIndex) this.#seek(video)
  }

  /** The picture track's parameters as its packets leave this reader: H.264 and HEVC with start codes. */
  get videoPar(): CodecParameters {
    return this.#annexB?.outputCodecParameters ?? this.#take.known?.video ?? this.video.codecpar
  }

  get video(): Stream {
    if (!this.#input.video) throw new MediaError('no picture in these parts')
    return this.#input.video
  }

  get audioPar(): CodecParameters | undefined {
    return this.#audio?.codecpar
  }

  /** Each group once. A group's pictures live until the next one is asked for. */
  *groups(): Generator<Group> {
    let pictures: Picture[] = []
    let next: Picture[] = []
    const finish = (endSec: number, isLast = false): Group => ({
      isLast,
      keySec: pictures[0]?.sec ?? 0,
      pictures,
      endSec,
      tail: next.length > 1 ? next : [],
      frameSec: this.#frameSec,
      isClean: this.#isClean(pictures[0]),
      nextIsClean: this.#isClean(next[0]),
    })
    try {
      for (const picture of this.#pictures()) {
        const isKey = picture.packet.isKeyframe
        if (next.length > 0) {
          // The next group's leading pictures belong to this group's time, too.
          picture.leading = !isKey && picture.sec < (next[0]?.sec ?? 0)
          if (picture.leading) {
            next.push(picture)
            continue
          }
          yield finish(next[0]?.sec ?? 0)
          for (const { packet } of pictures) packet.free()
          pictures = next
          next = []
        }
        if (isKey && pictures.length > 0) next = [picture]
        else if (isKey || pictures.length > 0) {
          picture.leading =
            !isKey && pictures.every((p, i) => i === 0 || p.leading) && picture.sec < (pictures[0]?.sec ?? 0)
          pictures.push(picture)
        } else picture.packet.free() // refers to what was not fetched
        this.#frameSec = frameLength(pictures) ?? this.#frameSec
      }
      if (next.length > 0) {
        yield finish(next[0]?.sec ?? 0)
        for (const { packet } of pictures) packet.free()
        pictures = next
        next = []
      }
      if (pictures.length > 0) yield finish(Math.max(...pictures.map((p) => p.sec)) + this.#frameSec, true)
    } finally {
      for (const { packet } of [...pictures, ...next]) packet.free()
    }
  }

  /** Goes on reading until the sound up to `sec` is heard: in MPEG-TS it lies behind its picture. */
  hearUntil(sec: number): void {
    const packet = new Packet()
    packet.alloc()
    try {
      while (this.#heardSec < sec && readPacket(this.#input, packet)) {
        const isPicture = packet.streamIndex === this.video.index
        if (!isPicture) this.#hear(packet)
        else if (this.#clock && this.#clock.video(toSec(packet.dts, this.#base)) > sec + SOUND_TAIL_SEC)
          return
        packet.unref()
      }
    } finally {
      packet.free()
    }
  }

  #isClean(key: Picture | undefined): boolean {
    return (
      !key || this.video.codecpar.codecId !== AV_CODEC_ID_H264 || isIdr(key.packet.data ?? Buffer.alloc(0))
    )
  }

  close(): void {
    this.#annexB?.free()
    this.#input.close()
  }

  *#pictures(): Generator<Picture> {
    const index = this.video.index
    let packet = emptyPacket()
    try {
      while (readPacket(this.#input, packet)) {
        if (packet.streamIndex !== index) {
          this.#hear(packet)
          packet.unref()
        } else if (this.#annexB) {
          check(this.#annexB.sendPacketSync(packet), 'cannot read a picture')
          packet.unref()
          for (let filtered = emptyPacket(); ; filtered = emptyPacket()) {
            if (this.#annexB.receivePacketSync(filtered) < 0) {
              filtered.free()
              break
            }
            yield this.#picture(filtered)
          }
        } else {
          // Whoever takes the picture has the packet: copying each one would cost as much as writing it.
          const taken = packet
          packet = emptyPacket()
          yield this.#picture(taken)
        }
      }
    } finally {
      packet.free()
    }
  }

  #picture(packet: Packet): Picture {
    const base = this.#base
    const pts = packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts
    const dts = packet.dts === AV_NOPTS_VALUE ? pts : packet.dts
    this.#clock ??= new SourceClock(this.#origin(pts))
    const dtsSec = this.#clock.video(toSec(dts, base))
    if (packet.isKeyframe && this.video.codecpar.codecId === AV_CODEC_ID_AV1)
      this.#bringSequenceHeader(packet)
    return { packet, sec: dtsSec + toSec(pts - dts, base), dtsSec, leading: false }
  }

  #bringSequenceHeader(packet: Packet): void {
    const data = packet.data ?? Buffer.alloc(0)
    const whole = withSequenceHeader(data, this.video.codecpar.extradata)
    if (whole === data) return
    const { pts, dts, duration } = packet
    // Whatever else the packet says is lost with its old data.
    packet.data = whole
    packet.pts = pts
    packet.dts = dts
    packet.duration = duration
    packet.isKeyframe = true
  }

  #hear(packet: Packet): void {
    // A track may begin later than the files do.
    this.#audio ??= this.#input.context.streams.find(
      (s) => s.index === packet.streamIndex && s.codecpar.codecType === AVMEDIA_TYPE_AUDIO,
    )
    // Sound that comes before the first picture of the files belongs to what was not fetched.
    if (packet.streamIndex !== this.#audio?.index || !packet.data || !this.#clock) return
    this.#audioBase ??= this.#audio.timeBase
    const sec = this.#clock.audio(toSec(packet.pts, this.#audioBase))
    this.#heardSec = sec
    this.#onSound({ sec, data: Buffer.from(packet.data) }, this.#take.known?.audio ?? this.#audio.codecpar)
  }

  /** Raw seconds that are source time 0. */
  #origin(firstPts: bigint): number {
    const { video } = this
    const first =
      this.#take.files.length === 1 && video.startTime !== AV_NOPTS_VALUE ? video.startTime : firstPts
    return toSec(first, video.timeBase) - this.#take.filesStartSec
  }

  /** Whether seeking finds key frames; in MPEG-TS it only guesses. */
  get #hasIndex(): boolean {
    return /\b(mp4|matroska)\b/.test(this.#input.context.iformat?.name ?? '')
  }

  #seek(video: Stream): void {
    const start = video.startTime === AV_NOPTS_VALUE ? 0 : toSec(video.startTime, video.timeBase)
    const sec = start + this.#take.startSec - this.#take.filesStartSec - SEEK_MARGIN_SEC
    if (sec <= start + SEEK_MARGIN_SEC) return
    // A file that cannot be sought in is read from its beginning.
    this.#input.context.seekFrameSync(video.index, toTicks(sec, video.timeBase), AVSEEK_FLAG_BACKWARD)
  }
}

/** Seconds between two pictures, as the track says. */
export function frameSecOf({ avgFrameRate: { num, den } }: Stream): number {
  return num > 0 ? den / num : 1 / 30
}

/** So many tell a group's rate. */
const MEASURED_PICTURES = 19

function emptyPacket(): Packet {
  const packet = new Packet()
  packet.alloc()
  return packet
}

/** The usual distance of two pictures of a group: the median, since a variable rate has odd ones out. */
function frameLength(pictures: readonly Picture[]): number | null {
  if (pictures.length !== MEASURED_PICTURES) return null
  const shown = pictures.map((p) => p.sec).sort((a, b) => a - b)
  const steps = shown.slice(1).map((sec, n) => sec - (shown[n] ?? 0))
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? null
}
