/**
 * Reads the packets of a take, group of pictures by group of pictures, on the source's own clock.
 *
 * Pictures come in decoding order. A group begins with a key frame and depends on nothing before it, with one exception:
 * its _leading_ pictures are shown before the key frame and need the group before, too (open groups of pictures).
 */
import { Packet } from 'node-av/lib'
import type { BitStreamFilterContext, CodecParameters, Rational, Stream } from 'node-av/lib'
import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_MP3,
  AV_NOPTS_VALUE,
  AVMEDIA_TYPE_AUDIO,
  AVSEEK_FLAG_BACKWARD,
} from 'node-av/constants'
import { adtsFormatOf } from './adts.ts'
import { annexBFilter, isIdr } from './annex-b.ts'
import { withSequenceHeader } from './av1.ts'
import { check, MediaError, openInput, readPacket, toSec, toTicks, type OpenInput } from './av.ts'
import { SourceClock } from './source-clock.ts'
import { decodeTimes, PictureTimes, RawStamps, SoundTimes } from './stamps.ts'

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
const SOUND_TAIL_SEC = 2
/** Sound that is stored before the first picture is kept for it up to this: fragments of MP4 hold seconds of it. */
const EARLY_BYTES = 8 * 1024 * 1024
const AAC_FRAME = 1024
/** Sound whose frames are all of one length. */
const FRAMES_ALIKE = new Set<number>([AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3])

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
  readonly #stamps: RawStamps
  readonly #pictureTimes = new PictureTimes<Packet>()
  readonly #soundTimes = new SoundTimes<Buffer>()
  /** Heard before the first picture was seen, raw. */
  #early: { sec: number | null; lengthSec: number; data: Buffer }[] = []
  #earlyBytes = 0
  #heardSec = -Infinity
  #frameSec: number

  /** @throws {MediaError} */
  constructor(take: Take, onSound: (sound: Sound, par: CodecParameters) => void) {
    this.#take = take
    this.#onSound = onSound
    this.#input = openInput(take.files, take.known ? 'known' : PROBE_BYTES)
    const { video, audio } = this.#input
    if (!video) {
      this.#input.close()
      throw new MediaError('no picture in these parts')
    }
    this.#audio = audio
    this.#base = video.timeBase
    this.#audioBase = audio?.timeBase
    this.#annexB = annexBFilter(video)
    this.#stamps = new RawStamps(this.#input.context.iformat?.name === 'mpegts')
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
    const finish = (endSec: number, isLast = false): Group => {
      for (const [n, sec] of decodeTimes(pictures.map((p) => p.sec)).entries()) {
        const picture = pictures[n]
        if (picture) picture.dtsSec = sec
      }
      return {
        isLast,
        keySec: pictures[0]?.sec ?? 0,
        pictures,
        endSec,
        tail: next.length > 1 ? next : [],
        frameSec: this.#frameSec,
        isClean: this.#isClean(pictures[0]),
        nextIsClean: this.#isClean(next[0]),
      }
    }
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
        else {
          const rawSec = this.#secondsOf(packet.pts, this.#base)
          if (
            this.#clock &&
            rawSec !== null &&
            this.#clock.video(rawSec, this.#frameSec) > sec + SOUND_TAIL_SEC
          )
            break
        }
        packet.unref()
      }
      this.#hearTheRest()
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
    for (const { item } of this.#pictureTimes.flush(this.#frameSec)) item.free()
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
            yield* this.#timed(filtered)
          }
        } else {
          // Whoever takes the picture has the packet: copying each one would cost as much as writing it.
          const taken = packet
          packet = emptyPacket()
          yield* this.#timed(taken)
        }
      }
      for (const { item, sec } of this.#pictureTimes.flush(this.#frameSec)) yield this.#picture(item, sec)
      this.#hearTheRest()
    } finally {
      packet.free()
    }
  }

  /** The pictures whose time is known by now. */
  *#timed(packet: Packet): Generator<Picture> {
    const raw = packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts
    const sec = this.#secondsOf(raw, this.#base)
    const known = this.#pictureTimes.push(packet, sec, packet.isKeyframe, this.#frameSec)
    for (const { item, sec: rawSec } of known) yield this.#picture(item, rawSec)
  }

  #picture(packet: Packet, rawSec: number): Picture {
    const clock = (this.#clock ??= new SourceClock(this.#origin(rawSec)))
    const sec = clock.video(rawSec, this.#frameSec)
    this.#hearEarly()
    if (packet.isKeyframe && this.video.codecpar.codecId === AV_CODEC_ID_AV1)
      this.#bringSequenceHeader(packet)
    // When it is decoded is known with its group.
    return { packet, sec, dtsSec: sec, leading: false }
  }

  #secondsOf(ticks: bigint, base: Rational): number | null {
    return this.#stamps.seconds(ticks === AV_NOPTS_VALUE ? null : Number(ticks), base.num / base.den)
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
    if (packet.streamIndex !== this.#audio?.index || !packet.data) return
    this.#audioBase ??= this.#audio.timeBase
    const sec = this.#secondsOf(packet.pts, this.#audioBase)
    const data = Buffer.from(packet.data)
    const lengthSec = this.#lengthOf(packet, data)
    if (this.#clock) return this.#place(sec, lengthSec, data)
    this.#early.push({ sec, lengthSec, data })
    this.#earlyBytes += data.length
    for (; this.#earlyBytes > EARLY_BYTES; this.#early.shift())
      this.#earlyBytes -= this.#early[0]?.data.length ?? 0
  }

  /** Of a frame of sound. */
  #lengthOf(packet: Packet, data: Buffer): number {
    const told = adtsFormatOf(data)
    if (told) return AAC_FRAME / told.sampleRate
    const { codecId, frameSize, sampleRate } = this.#take.known?.audio ?? this.#audio?.codecpar ?? {}
    // Containers that count milliseconds round their durations, too.
    if (codecId !== undefined && FRAMES_ALIKE.has(codecId) && frameSize && sampleRate)
      return frameSize / sampleRate
    if (packet.duration > 0n && this.#audioBase) return toSec(packet.duration, this.#audioBase)
    return AAC_FRAME / (sampleRate || 48_000)
  }

  #hearEarly(): void {
    if (this.#early.length === 0) return
    const early = this.#early
    this.#early = []
    for (const { sec, lengthSec, data } of early) this.#place(sec, lengthSec, data)
  }

  #place(rawSec: number | null, lengthSec: number, data: Buffer): void {
    const sec = rawSec === null || !this.#clock ? null : this.#clock.audio(rawSec)
    for (const { item, sec: at } of this.#soundTimes.push(data, sec, lengthSec)) this.#heard(item, at)
  }

  #hearTheRest(): void {
    for (const { item, sec } of this.#soundTimes.flush()) this.#heard(item, sec)
  }

  #heard(data: Buffer, sec: number): void {
    const par = this.#take.known?.audio ?? this.#audio?.codecpar
    if (!par) return
    this.#heardSec = sec
    this.#onSound({ sec, data }, par)
  }

  /** Raw seconds that are source time 0. */
  #origin(firstSec: number): number {
    const { video } = this
    const isSought = this.#take.files.length === 1 && this.#hasIndex && video.startTime !== AV_NOPTS_VALUE
    return (isSought ? toSec(video.startTime, video.timeBase) : firstSec) - this.#take.filesStartSec
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
