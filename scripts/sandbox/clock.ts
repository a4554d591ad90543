/** A clock that runs, and can be moved. */
import type { Clock } from '../../shared/clock.ts'

export interface Pace {
  /** From then on (UTC milliseconds) … */
  sinceMs: number
  /** … each second of the real clock is so many of this one. */
  speed: number
}

/** A time of the sandbox's clock, as it is told to a program that goes by the clock of the machine: equally far away. */
export function systemTimeOf(clock: Clock, atMs: number): number {
  return Date.now() + atMs - clock.now()
}

export class MovableClock implements Clock {
  readonly #pace: Pace
  #offsetMs = 0
  #frozenAt: number | null = null

  /** Several processes given the same pace agree about the time. */
  constructor(pace: Pace = { sinceMs: 0, speed: 1 }) {
    this.#pace = pace
  }

  now(): number {
    const { sinceMs, speed } = this.#pace
    const running = sinceMs + (Date.now() - sinceMs) * speed
    return (this.#frozenAt ?? running) + this.#offsetMs
  }

  advance(ms: number): void {
    this.#offsetMs += ms
  }

  /** Stops the clock at `ms` (UTC); from then on only `advance` moves it. */
  freeze(ms: number): void {
    this.#frozenAt = ms
    this.#offsetMs = 0
  }
}
