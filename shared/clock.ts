/** Where the time comes from: the machine, or a clock that a test or the sandbox moves. */
export interface Clock {
  /** UTC milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
