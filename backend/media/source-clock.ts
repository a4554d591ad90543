/** The time stamps of a source on its own clock, also where they jump and nothing has announced it. */

/** A jump of the time stamps beyond this is an undeclared discontinuity: the clock goes on as if there were none. */
const JUMP_SEC = 10

/** Raw seconds of the time stamps → source seconds, over jumps that nothing announced. */
export class SourceClock {
  #originSec: number
  #earlierSec: number
  #latestSec = -Infinity

  constructor(originSec: number) {
    this.#originSec = this.#earlierSec = originSec
  }

  /** @param frameSec how long the picture before it is shown */
  video(rawSec: number, frameSec: number): number {
    const sec = rawSec - this.#originSec
    if (this.#latestSec !== -Infinity && Math.abs(sec - this.#latestSec) > JUMP_SEC) {
      this.#earlierSec = this.#originSec
      this.#originSec = rawSec - this.#latestSec - frameSec
    }
    const at = rawSec - this.#originSec
    // Pictures come in the order of decoding: the one shown last need not have come last.
    this.#latestSec = Math.max(this.#latestSec, at)
    return at
  }

  /** Sound and picture do not jump at the same packet: whichever reading is nearer to the picture is right. */
  audio(rawSec: number): number {
    const [now, before] = [rawSec - this.#originSec, rawSec - this.#earlierSec]
    return Math.abs(now - this.#latestSec) <= Math.abs(before - this.#latestSec) ? now : before
  }
}
