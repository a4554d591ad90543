/**
 * Cuts one take into the recap. Whole groups of pictures are copied; what is left at the ends is
 * - with `keyframe`: copied, too. The take begins up to one group early and ends up to a few pictures late;
 * - with `exact`: the pictures from the start to the next key frame, and the last few before the end, are encoded anew.
 *
 * A take of another format than the recap's is encoded as a whole, and is then exact, too.
 */
import type { CodecParameters, Packet } from 'node-av/lib'
import { MediaError } from './av.ts'
import { PictureEncoder, type EncodedPicture } from './encode-pictures.ts'
import type { Format } from './formats.ts'
import { TakeReader, type Group, type Picture, type Take } from './packets.ts'
import type { RecapWriter } from './recap-writer.ts'
import { StillPicker } from './still.ts'
import { TakeSound } from './take-sound.ts'

/** A hole of this length is more than pictures that were left out. */
const HOLE_SEC = 0.5
/** The last part of a VOD may hold so much less than its playlist says. */
const LATE_END_SEC = 2

export type CutMode = 'keyframe' | 'exact'

/** Text on the first seconds of a piece. */
export interface Overlay {
  /** An ASS file whose times begin with the piece. */
  ass: string
  seconds: number
}

export interface CutOptions {
  recap: RecapWriter
  format: Format
  /** The recap's picture track. */
  target: CodecParameters
  cut: CutMode
  /** The pictures are in another format than the recap's. */
  convert: boolean
  gainDb: number
  overlay?: Overlay
  /** Where the take's thumbnail goes. */
  still?: string
  /** Called with the recap's length so far. */
  onProgress?: (sec: number) => void
}

export interface Cut {
  atSec: number
  durationSec: number
  /** The source time of the first picture. */
  sourceStartSec: number
  encodedPictures: number
  /** Seconds of sound that were missing. */
  silentSec: number
  /** Wall time of its thumbnail. */
  stillSec: number
}

/** @throws {MediaError} when the take cannot be read or holds no picture */
export async function cutTake(take: Take, options: CutOptions): Promise<Cut> {
  try {
    return await cutOnce(take, options)
  } catch (error) {
    if (error instanceof NeedsEncoding) return cutOnce(take, { ...options, convert: true })
    throw error
  }
}

/** The take's groups are open, so that copies of them cannot stand behind other pictures. Nothing is written yet. */
class NeedsEncoding extends Error {}

async function cutOnce(take: Take, options: CutOptions): Promise<Cut> {
  const sound = new TakeSound({ recap: options.recap, target: options.format.audio, gainDb: options.gainDb })
  let reader: TakeReader | undefined
  let cutter: TakeCutter | undefined
  try {
    reader = new TakeReader(take, (heard, par) => sound.hear(heard, par))
    cutter = new TakeCutter(take, reader, sound, options)
    return await cutter.run()
  } finally {
    cutter?.close()
    sound.close()
    reader?.close()
  }
}

class TakeCutter {
  readonly #take: Take
  readonly #reader: TakeReader
  readonly #sound: TakeSound
  readonly #options: CutOptions
  readonly #clockSec: number
  readonly #stills = new StillPicker()
  /** Source time up to which all is read. */
  #readToSec: number | undefined
  /** Source time of the first picture in the recap. */
  #firstSec: number | undefined
  /** Source time at which the pictures written so far end. */
  #endSec = -Infinity
  /** How much earlier than shown a picture of this source is decoded. */
  #delaySec = 0
  #encodedPictures = 0
  /** The group before is written whole, or at least its pictures were encoded: leading pictures follow it. */
  #goesOn = false

  constructor(take: Take, reader: TakeReader, sound: TakeSound, options: CutOptions) {
    this.#take = take
    this.#reader = reader
    this.#sound = sound
    this.#options = options
    this.#clockSec = options.recap.videoClockSec
  }

  async run(): Promise<Cut> {
    const { recap, onProgress, still } = this.#options
    const silentBefore = recap.silentSec
    if (this.#options.convert) await this.#convert()
    else
      for (const group of this.#reader.groups()) {
        this.#expectWhole(group)
        if (this.#copyGroup(group)) break
        await this.#breathe()
      }
    // Where the data ends before the span does.
    const dueSec = Math.max(this.#endSec, this.#readToSec ?? 0, this.#take.startSec)
    if (this.#take.endSec - dueSec > HOLE_SEC) this.#expectNoHole(dueSec, Infinity)
    if (this.#firstSec === undefined || this.#endSec <= this.#firstSec) {
      const empty = this.#take.parts?.find((p) => p.endSec > this.#take.startSec)
      throw new MediaError(
        empty ? `${empty.name} holds less than its playlist says` : 'the span holds no picture',
      )
    }
    if (this.#reader.audioPar) this.#reader.hearUntil(this.#endSec)
    this.#sound.finish(this.#endSec)
    const durationSec = this.#endSec - this.#firstSec
    recap.videoClockSec = this.#clockSec + durationSec
    onProgress?.(recap.videoClockSec)
    const before = performance.now()
    if (still) this.#stills.write(this.#reader.videoPar, still)
    return {
      stillSec: (performance.now() - before) / 1000,
      atSec: this.#clockSec,
      durationSec,
      sourceStartSec: this.#firstSec,
      encodedPictures: this.#encodedPictures,
      silentSec: recap.silentSec - silentBefore,
    }
  }

  close(): void {
    this.#stills.close()
  }

  #offerStill(group: Group): void {
    const [key] = group.pictures
    if (!this.#options.still || !key) return
    this.#stills.offer(
      key.packet,
      group.pictures.reduce((sum, p) => sum + p.packet.size, 0),
    )
  }

  /** @returns whether the end is reached */
  #copyGroup(group: Group): boolean {
    const { startSec, endSec } = this.#take
    const half = group.frameSec / 2
    const isFirst = this.#firstSec === undefined
    if (isFirst && group.endSec <= startSec + half) {
      this.#sound.forget(group.endSec - 1)
      return false
    }
    const exact = this.#options.cut === 'exact'
    const { overlay } = this.#options
    const isLabelled = overlay !== undefined && group.keySec < startSec + overlay.seconds
    const needsHead = isFirst && (isLabelled || (exact && group.keySec < startSec - half))
    // What is copied first must not refer to, or be sorted among, the pictures that stand before it in the recap.
    if (isFirst && !(needsHead ? group.nextIsClean : group.isClean)) throw new NeedsEncoding()
    const isLast = group.endSec >= endSec - half
    const [key] = group.pictures
    if (isFirst && key) this.#delaySec = Math.max(0, key.sec - key.dtsSec)
    this.#offerStill(group)
    if (needsHead || isLabelled)
      this.#encode(group, isFirst ? startSec : group.keySec, Math.min(endSec, group.endSec))
    else if (isLast && exact) this.#copyToExactEnd(group)
    else this.#copy(group, isLast ? endSec : Infinity)
    this.#goesOn = true
    this.#sound.place(this.#endSec, this.#endSec)
    return isLast
  }

  /** Copies a group's pictures in decoding order, up to the first place at or after `untilSec` where none is missing. */
  #copy(group: Group, untilSec: number): void {
    const pictures = this.#goesOn ? group.pictures : group.pictures.filter((p) => !p.leading)
    const count =
      untilSec === Infinity ? pictures.length : closedCount(pictures, untilSec - group.frameSec / 2)
    for (const picture of pictures.slice(0, count)) this.#writeCopy(picture, group.frameSec)
    const next = pictures.slice(count).map((p) => p.sec)
    this.#ends(next.length > 0 ? Math.min(...next) : group.endSec)
  }

  /** Copies as far as no picture is missing, and encodes the few that are left before the end. */
  #copyToExactEnd(group: Group): void {
    const { endSec } = this.#take
    const half = group.frameSec / 2
    const pictures = this.#goesOn ? group.pictures : group.pictures.filter((p) => !p.leading)
    let count = 0
    let closedSec = group.keySec
    for (let n = 1; n <= pictures.length; n++) {
      const shownTo = n === pictures.length ? group.endSec : Math.min(...pictures.slice(n).map((p) => p.sec))
      const written = Math.max(...pictures.slice(0, n).map((p) => p.sec))
      if (written < shownTo && shownTo <= endSec + half) [count, closedSec] = [n, shownTo]
      if (pictures[n] && (pictures[n]?.dtsSec ?? 0) > endSec + half) break
    }
    for (const picture of pictures.slice(0, count)) this.#writeCopy(picture, group.frameSec)
    if (count > 0) this.#ends(closedSec)
    if (closedSec < endSec - half) this.#encode(group, closedSec, endSec)
  }

  /** Encodes the group's pictures shown in `[fromSec, toSec)`. */
  #encode(group: Group, fromSec: number, toSec: number): void {
    const encoder = this.#pictureEncoder(fromSec, toSec, false)
    try {
      for (const picture of [...group.pictures, ...group.tail])
        if (!picture.leading || this.#goesOn || group.tail.includes(picture))
          for (const made of encoder.push(picture)) this.#writeEncoded(made, group.frameSec)
      for (const made of encoder.finish()) this.#writeEncoded(made, group.frameSec)
    } finally {
      encoder.close()
    }
  }

  #expectWhole(group: Group): void {
    const shown = group.pictures.map((p) => p.sec).sort((a, b) => a - b)
    // Before the first group, what is wanted is due; afterwards, what comes next.
    let dueSec =
      this.#readToSec ?? Math.max(this.#take.startSec, this.#take.parts?.[0]?.startSec ?? -Infinity)
    // Of a part that ends early, the last picture may be cut off, too: nothing of it is to be trusted.
    for (const sec of [...shown, group.endSec, ...(group.isLast ? [Infinity] : [])]) {
      this.#expectNoHole(dueSec, sec)
      dueSec = sec
    }
    this.#readToSec = group.endSec
  }

  async #convert(): Promise<void> {
    const { startSec, endSec } = this.#take
    const frameSec = 1 / (this.#options.format.video.fps ?? 30)
    let encoder: PictureEncoder | undefined
    try {
      for (const group of this.#reader.groups()) {
        this.#expectWhole(group)
        if (group.endSec <= startSec) {
          this.#sound.forget(group.endSec - 1)
          continue
        }
        encoder ??= this.#pictureEncoder(Math.max(startSec, group.keySec), endSec, true)
        for (const picture of group.pictures)
          for (const made of encoder.push(picture)) this.#writeEncoded(made, frameSec)
        this.#offerStill(group)
        this.#sound.place(this.#endSec, this.#endSec)
        await this.#breathe()
        if (group.endSec >= endSec) break
      }
      if (encoder) for (const made of encoder.finish()) this.#writeEncoded(made, frameSec)
    } finally {
      encoder?.close()
    }
  }

  #pictureEncoder(startSec: number, endSec: number, convert: boolean): PictureEncoder {
    const { target, format, overlay } = this.#options
    const source = this.#reader.videoPar
    const span = { source, target, targetFormat: format.video, startSec, endSec, convert }
    const label = overlay && { ass: overlay.ass, fromSec: this.#take.startSec }
    return new PictureEncoder({ ...span, ...(label ? { label } : {}) })
  }

  #writeCopy(picture: Picture, frameSec: number): void {
    this.#begins(picture.sec)
    this.#write(picture.packet, picture.sec, picture.dtsSec, frameSec)
  }

  #writeEncoded({ packet, sec }: EncodedPicture, frameSec: number): void {
    this.#begins(sec)
    this.#write(packet, sec, sec - this.#delaySec, frameSec)
    this.#encodedPictures++
    this.#ends(sec + frameSec)
  }

  /**
   * Pictures may be missing because none were sent; but where they lack up to the end of a part, that part is not whole.
   * @param fromSec when the next picture was due
   */
  #expectNoHole(fromSec: number, nextSec: number): void {
    if (nextSec - fromSec < HOLE_SEC) return
    const damaged = this.#take.parts?.find(
      ({ startSec, endSec, isLast }) =>
        fromSec >= startSec - HOLE_SEC &&
        fromSec < endSec - (isLast ? LATE_END_SEC : HOLE_SEC) &&
        nextSec > endSec - HOLE_SEC / 2,
    )
    if (damaged) throw new MediaError(`${damaged.name} holds less than its playlist says`)
  }

  #write(packet: Packet, sec: number, dtsSec: number, frameSec: number): void {
    const shift = this.#clockSec - (this.#firstSec ?? 0)
    this.#options.recap.writeVideo(packet, sec + shift, dtsSec + shift, frameSec)
  }

  #begins(sec: number): void {
    if (this.#firstSec !== undefined) return
    this.#firstSec = sec
    this.#sound.begin(sec, this.#clockSec)
  }

  #ends(sec: number): void {
    this.#endSec = Math.max(this.#endSec, sec)
  }

  /** Lets the process answer and be stopped between groups. */
  async #breathe(): Promise<void> {
    if (this.#firstSec !== undefined)
      this.#options.onProgress?.(this.#clockSec + this.#endSec - this.#firstSec)
    await new Promise(setImmediate)
  }
}

/** How many pictures, in decoding order, show everything before some instant at or after `untilSec` without a hole. */
function closedCount(pictures: readonly Picture[], untilSec: number): number {
  let shownToSec = -Infinity
  for (let n = 0; n < pictures.length; n++) {
    const nextShown = Math.min(...pictures.slice(n, n + REORDER_DEPTH).map((p) => p.sec))
    if (nextShown > shownToSec && nextShown >= untilSec) return n
    shownToSec = Math.max(shownToSec, pictures[n]?.sec ?? 0)
  }
  return pictures.length
}

/** Pictures whose order of decoding and showing differs lie at most this many packets apart (H.264: 16). */
const REORDER_DEPTH = 16
