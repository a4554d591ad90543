/**
 * The sound of one take on its way into the recap: each slot of the grid gets the frame whose own time is nearest, so
 * that sound and picture stay within half a frame (11 ms) of each other; where there is none, silence.
 */
import type { CodecParameters } from 'node-av/lib'
import { adtsFormatOf, adtsHeaderLength } from './adts.ts'
import { SoundConverter } from './convert-sound.ts'
import { audioFormatOf, sameAudio, type AudioFormat } from './formats.ts'
import type { Sound } from './packets.ts'
import type { RecapWriter } from './recap-writer.ts'

/** Sound may lie so far behind its picture in the file; after that it counts as missing. */
const LAG_SEC = 2
/** Time stamps are rounded: where slots lie half-way between frames, neither would be within half a frame of every slot. */
const JITTER_SEC = 0.001
/** Sound before the first slot that a converter's decoder needs to get going. */
const WARM_UP_SEC = 0.1

export interface TakeSoundOptions {
  recap: RecapWriter
  /** The recap's format; null: it has no sound. */
  target: AudioFormat | null
  gainDb: number
}

export class TakeSound {
  readonly #options: TakeSoundOptions
  #frames: Sound[] = []
  #converter: SoundConverter | null = null
  #par: CodecParameters | undefined
  /** Source time of the latest sound read. */
  #heardSec = -Infinity
  /** What to add to source time to get recap time; unknown until the first picture is. */
  #shiftSec: number | undefined

  constructor(options: TakeSoundOptions) {
    this.#options = options
  }

  /** Takes what the reader hears. */
  hear(sound: Sound, par: CodecParameters): void {
    if (!this.#options.target) return
    this.#heardSec = Math.max(this.#heardSec, sound.sec)
    this.#par ??= par
    if (this.#shiftSec === undefined) this.#frames.push(sound)
    else this.#accept(sound)
  }

  /** Sound before this source time will not be needed. */
  forget(beforeSec: number): void {
    if (this.#shiftSec === undefined) this.#frames = this.#frames.filter((f) => f.sec >= beforeSec)
  }

  /** The take's first picture is shown at source time `firstSec`, which is `clockSec` in the recap. */
  begin(firstSec: number, clockSec: number): void {
    this.#shiftSec = clockSec - firstSec
    const waiting = this.#frames
    this.#frames = []
    for (const sound of waiting) this.#accept(sound)
  }

  /**
   * Fills the grid up to source time `untilSec`.
   * @param dueSec pictures are written up to here: what sound lags far behind that will not come
   */
  place(untilSec: number, dueSec: number): void {
    const { recap } = this.#options
    if (!recap.hasSound || this.#shiftSec === undefined) return
    const half = recap.audioFrameSec / 2
    const readySec = Math.max(this.#convertedSec, dueSec - LAG_SEC)
    for (;;) {
      const slotSec = recap.audioClockSec - this.#shiftSec
      if (slotSec >= Math.min(untilSec, readySec) - half) return
      this.#fill(slotSec, half)
    }
  }

  /** Fills the grid up to `endSec`, with silence where nothing came. */
  finish(endSec: number): void {
    const { recap } = this.#options
    if (!recap.hasSound || this.#shiftSec === undefined) return
    if (this.#converter) this.#frames.push(...this.#converter.finish())
    const half = recap.audioFrameSec / 2
    for (;;) {
      const slotSec = recap.audioClockSec - this.#shiftSec
      if (slotSec >= endSec - half) return
      this.#fill(slotSec, half)
    }
  }

  close(): void {
    this.#converter?.close()
  }

  /** Source time up to which frames are there, or can no longer come. */
  get #convertedSec(): number {
    if (!this.#converter) return this.#heardSec
    return this.#frames.at(-1)?.sec ?? -Infinity
  }

  #fill(slotSec: number, half: number): void {
    const reach = half + JITTER_SEC
    const next = this.#frames.findIndex((s) => s.sec >= slotSec - reach)
    if (next > 0) this.#frames.splice(0, next)
    const frame = next === -1 ? undefined : this.#frames[0]
    if (frame && frame.sec < slotSec + reach) {
      this.#options.recap.writeSound(frame.data)
      this.#frames.shift()
    } else {
      this.#options.recap.writeSound(null)
    }
  }

  #accept(sound: Sound): void {
    const { target, gainDb, recap } = this.#options
    if (!target || !this.#par || this.#shiftSec === undefined) return
    if (gainDb === 0 && isSame(sound, this.#par, target)) {
      this.#frames.push({ sec: sound.sec, data: sound.data.subarray(adtsHeaderLength(sound.data)) })
      return
    }
    const startSec = recap.audioClockSec - this.#shiftSec
    if (!this.#converter) {
      if (sound.sec < startSec - WARM_UP_SEC) return
      this.#converter = new SoundConverter({ source: this.#par, target, startSec, gainDb })
    }
    this.#frames.push(...this.#converter.push(sound))
  }
}

/** Whether a frame can be copied as it is: by its own header where it has one, since a track that begins late has no format yet. */
function isSame(sound: Sound, par: CodecParameters, target: AudioFormat): boolean {
  const told = adtsFormatOf(sound.data)
  const known = audioFormatOf(par)
  if (!told) return sameAudio(known, target)
  const format = { ...known, ...told }
  return sameAudio(format, target) && (known.sampleRate === 0 || sameAudio(known, target))
}
