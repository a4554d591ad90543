/**
 * Time stamps as they should have been. Containers leave them out, wrap them, and hold wrong ones; here each picture and each
 * frame of sound gets the time that the others around it imply, before anything else looks at them.
 */

/** A stamp that MPEG-TS writers put where they have none: all 33 bits set. Twitch's muted parts have it. */
const NONE_IN_TS = 2 ** 33 - 1
const TS_PERIOD = 2 ** 33

/** Raw stamps of one source, without those that say nothing, and going on where MPEG-TS' 33 bits begin anew. */
export class RawStamps {
  readonly #isTs: boolean
  #lastTicks: number | undefined

  constructor(isTs: boolean) {
    this.#isTs = isTs
  }

  /**
   * @param ticks as FFmpeg gives it; null where it has none
   * @param base seconds of a tick; of MPEG-TS always 1/90,000
   * @returns seconds, or null where nothing is known
   */
  seconds(ticks: number | null, base: number): number | null {
    if (ticks === null) return null
    if (!this.#isTs) return ticks * base
    if (ticks === NONE_IN_TS || ticks === -1) return null
    const last = this.#lastTicks ?? ticks
    const unwrapped = ticks + TS_PERIOD * Math.round((last - ticks) / TS_PERIOD)
    this.#lastTicks = unwrapped
    return unwrapped * base
  }
}

export interface Timed<T> {
  item: T
  /** When it is shown or heard, raw seconds. */
  sec: number
}

/** Pictures that are decoded between one and those that are shown before it: 16 with H.264. */
const REORDERED = 16

/**
 * Gives pictures without a time one. A key frame goes on where the pictures before it end, or stands right before those that
 * follow it; any other fills the place that is free among its neighbours.
 */
export class PictureTimes<T> {
  /** Of the pictures given last: one that is shown among them may follow. */
  #recentSec: number[] = []
  /** From the first picture without a time on. */
  #waiting: { item: T; sec: number | null }[] = []

  /** @param sec raw seconds; null: unknown @returns what has its time by now, in the order in which it came */
  push(item: T, sec: number | null, isKey: boolean, frameSec: number): Timed<T>[] {
    if (this.#waiting.length === 0) {
      if (sec !== null) return [this.#given(item, sec)]
      if (isKey && this.#recentSec.length > 0)
        return [this.#given(item, Math.max(...this.#recentSec) + frameSec)]
    }
    this.#waiting.push({ item, sec })
    return this.#waiting.length > REORDERED ? this.flush(frameSec) : []
  }

  /** What still waits, when nothing more comes. */
  flush(frameSec: number): Timed<T>[] {
    const waiting = this.#waiting
    this.#waiting = []
    const shown = [...this.#recentSec, ...waiting.flatMap(({ sec }) => (sec === null ? [] : [sec]))]
    // Nothing came before: the first ones stand right before what follows.
    if (this.#recentSec.length === 0)
      shown.push(shown.length > 0 ? Math.min(...shown) - frameSec * (1 + earlier(waiting)) : 0)
    return waiting.map(({ item, sec }) => {
      if (sec !== null) return this.#given(item, sec)
      const free = freePlace(shown, this.#recentSec.at(-1) ?? Math.min(...shown), frameSec)
      shown.push(free)
      return this.#given(item, free)
    })
  }

  #given(item: T, sec: number): Timed<T> {
    this.#recentSec = [...this.#recentSec.slice(1 - REORDERED), sec]
    return { item, sec }
  }
}

/** How many pictures without a time come before the first that has one. */
function earlier(pictures: readonly { sec: number | null }[]): number {
  const first = pictures.findIndex(({ sec }) => sec !== null)
  return first === -1 ? pictures.length : first
}

/** Of the instants, a frame after another picture, at which none is shown: the nearest. @param shown at least one */
function freePlace(shown: readonly number[], nearSec: number, frameSec: number): number {
  const times = [...shown].sort((a, b) => a - b)
  const free = times
    .filter((sec, n) => (times[n + 1] ?? Infinity) - sec > 1.5 * frameSec)
    .map((sec) => sec + frameSec)
  const [first = nearSec + frameSec, ...others] = free
  return others.reduce(
    (best, sec) => (Math.abs(sec - nearSec) < Math.abs(best - nearSec) - frameSec / 2 ? sec : best),
    first,
  )
}

/**
 * When pictures are decoded, given when they are shown, in the order of decoding: as late as possible, each before it is
 * shown. What a container says of it is not needed, and may be missing or wrong.
 * @returns seconds, growing
 */
export function decodeTimes(shownSec: readonly number[]): number[] {
  const inOrder = [...shownSec].sort((a, b) => a - b)
  const delaySec = Math.max(0, ...inOrder.map((sec, n) => sec - (shownSec[n] ?? sec)))
  return inOrder.map((sec) => sec - delaySec)
}

/** So many stamps that agree with each other, and not with those before them, are a gap or a jump and no mistake. */
const AGREEING = 3
/** How fast stamps that waver are followed: milliseconds are rounded in FLV and Matroska, and clocks drift. */
const FOLLOWED = 0.1

/**
 * Gives each frame of sound its time: one frame follows the other, however their stamps waver, until several of them agree
 * that there is a gap.
 */
export class SoundTimes<T> {
  #dueSec: number | null = null
  /** They came at another time than was due. */
  #strays: { item: T; sec: number | null; lengthSec: number }[] = []

  /** @param sec raw seconds; null: unknown */
  push(item: T, sec: number | null, lengthSec: number): Timed<T>[] {
    if (this.#dueSec === null) {
      if (sec === null) return []
      return [this.#place(item, sec, lengthSec)]
    }
    const dueSec = this.#strays.reduce((at, stray) => at + stray.lengthSec, this.#dueSec)
    if (sec !== null && Math.abs(sec - dueSec) <= lengthSec / 2)
      // What came between was stamped wrongly.
      return [...this.#goOn(), this.#place(item, dueSec + (sec - dueSec) * FOLLOWED, lengthSec)]
    if (sec === null && this.#strays.length === 0) return [this.#place(item, dueSec, lengthSec)]
    this.#strays.push({ item, sec, lengthSec })
    // Where there is no order to be found, each is where it says.
    const stamps = this.#strays.filter((stray) => stray.sec !== null).length
    return stamps < AGREEING ? [] : this.#jump()
  }

  /** What still waits, when nothing more comes. */
  flush(): Timed<T>[] {
    return this.#agree() ? this.#jump() : this.#goOn()
  }

  /** Whether the strays follow each other. */
  #agree(): boolean {
    let dueSec = this.#strays[0]?.sec ?? null
    for (const { sec, lengthSec } of this.#strays) {
      if (dueSec === null || Math.abs((sec ?? dueSec) - dueSec) > lengthSec / 2) return false
      dueSec = (sec ?? dueSec) + lengthSec
    }
    return true
  }

  /** They begin anew where they say. */
  #jump(): Timed<T>[] {
    const strays = this.#strays
    this.#strays = []
    return strays.map(({ item, sec, lengthSec }) => this.#place(item, sec ?? this.#dueSec ?? 0, lengthSec))
  }

  /** They follow what came before them. */
  #goOn(): Timed<T>[] {
    const strays = this.#strays
    this.#strays = []
    return strays.map(({ item, lengthSec }) => this.#place(item, this.#dueSec ?? 0, lengthSec))
  }

  #place(item: T, sec: number, lengthSec: number): Timed<T> {
    this.#dueSec = sec + lengthSec
    return { item, sec }
  }
}
