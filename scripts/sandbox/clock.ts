/** A clock that runs, and can be moved. */
import type { Clock } from '../../shared/clock.ts'

export class MovableClock implements Clock {
  #offsetMs = 0
  #frozenAt: number | null = null

  now(): number {
    return (this.#frozenAt ?? Date.now()) + this.#offsetMs
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
