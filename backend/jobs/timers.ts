/**
 * Short periodic work of the worker role. A round never overlaps itself, and in all processes together one at a time
 * runs: who holds the lease.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { dropLease, takeLease } from '../db/leases.ts'
import { errorText, type Log } from '../log.ts'

export interface Timer {
  name: string
  everyMs: number
  run(): Promise<void>
}

export interface Timers {
  start(): void
  /** Runs `name` as soon as it may, without waiting for its time. */
  nudge(name: string): void
  stop(): Promise<void>
}

/** A process that dies in a round holds the others up for so long. */
const LEASE_MS = 30_000

export function makeTimers(db: Database, clock: Clock, log: Log, timers: Timer[]): Timers {
  const holder = randomUUID()
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const intervals: NodeJS.Timeout[] = []
  let stopped = false
  const round = async ({ name, run }: Timer) => {
    const lease = `timer:${name}`
    if (!(await takeLease(db, lease, holder, LEASE_MS, clock.now()))) return
    const renew = setInterval(() => {
      takeLease(db, lease, holder, LEASE_MS, clock.now()).catch((error: unknown) =>
        log.warn({ error: errorText(error), timer: name }, 'a lease could not be renewed'),
      )
    }, LEASE_MS / 3)
    try {
      await run()
    } finally {
      clearInterval(renew)
      await dropLease(db, lease, holder)
    }
  }
  const tick = (timer: Timer) => {
    if (stopped) return
    if (running.has(timer.name)) {
      again.add(timer.name)
      return
    }
    const done = round(timer)
      .catch((error: unknown) => log.error({ error: errorText(error), timer: timer.name }, 'a timer failed'))
      .finally(() => {
        running.delete(timer.name)
        if (again.delete(timer.name)) tick(timer)
      })
    running.set(timer.name, done)
  }
  return {
    start() {
      for (const timer of timers) {
        tick(timer)
        intervals.push(setInterval(() => tick(timer), timer.everyMs))
      }
    },
    nudge(name) {
      const timer = timers.find((t) => t.name === name)
      if (timer && intervals.length > 0) tick(timer)
    },
    async stop() {
      stopped = true
      for (const interval of intervals) clearInterval(interval)
      await Promise.all(running.values())
    },
  }
}
