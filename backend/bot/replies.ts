/**
 * What the bot says. Several answers of a channel are joined into one line; what does not fit, or what Twitch does not take
 * for now, is said later; what has waited too long to make sense is dropped. How often a line may be said is asked
 * for: other processes speak for the same account.
 */
import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import { pauseAfter } from '../domain/failures.ts'

export interface RepliesOptions {
  say(channelId: string, text: string): Promise<void>
  /** Takes the right to say a line: 0, or the milliseconds to wait before asking again. */
  maySpeak(channelId: string, now: number): Promise<number>
  /** The line is said, or failed; `takenAt` is when the right to it was taken. */
  spoke(channelId: string, takenAt: number, now: number): Promise<void>
  clock: Clock
  /** Starts a timer; a test drives it. */
  later(ms: number, run: () => void): void
  onError(error: unknown): void
  staleMs?: number
}

/** Twitch takes 500 characters. */
const LONGEST_LINE = 450
const STALE_MS = 2 * 60_000
const PAUSES = { firstMs: 2_000, longestMs: 30_000 }

interface Waiting {
  text: string
  sinceMs: number
}

interface Channel {
  waiting: Waiting[]
  /** Somebody is asking, speaking, or waiting to. */
  busy: boolean
  /** How often in a row Twitch did not take a line. */
  failures: number
}

export class Replies {
  readonly #options: RepliesOptions
  readonly #channels = new Map<string, Channel>()

  constructor(options: RepliesOptions) {
    this.#options = options
  }

  /** @param to the person who is answered */
  reply(channelId: string, to: string, text: string): void {
    const { clock } = this.#options
    const channel = this.#channels.get(channelId) ?? { waiting: [], busy: false, failures: 0 }
    this.#channels.set(channelId, channel)
    channel.waiting.push({ text: `@${to} ${text}`, sinceMs: clock.now() })
    if (!channel.busy) this.#go(channelId, channel)
  }

  /** One after the other: what comes meanwhile goes into the next line. */
  #go(channelId: string, channel: Channel): void {
    const { later, onError } = this.#options
    channel.busy = true
    const next = (waitMs: number | null) => {
      channel.busy = false
      if (waitMs === null && channel.waiting.length === 0) this.#channels.delete(channelId)
      // Something may have come just now.
      else if (waitMs === null || waitMs === 0) this.#go(channelId, channel)
      else {
        channel.busy = true
        later(waitMs, () => this.#go(channelId, channel))
      }
    }
    this.#speak(channelId, channel).then(next, (error: unknown) => {
      onError(error)
      next(pauseAfter(++channel.failures, PAUSES))
    })
  }

  /** Says one line, where it may. @returns how long to wait before the next, in milliseconds; null: nothing waits */
  async #speak(channelId: string, channel: Channel): Promise<number | null> {
    const { clock, maySpeak, say, spoke, onError, staleMs = STALE_MS } = this.#options
    channel.waiting = channel.waiting.filter((w) => clock.now() - w.sinceMs <= staleMs)
    if (channel.waiting.length === 0) return null
    const takenAt = clock.now()
    const waitMs = await maySpeak(channelId, takenAt)
    if (waitMs > 0) return waitMs
    // What came while the right was asked for goes into the same line.
    const { line, rest, taken } = lineOf(channel.waiting)
    channel.waiting = rest
    let pauseMs = 0
    try {
      await say(channelId, line)
      channel.failures = 0
    } catch (error) {
      onError(error)
      if (wasNotTaken(error)) {
        channel.waiting = [...taken, ...channel.waiting]
        const untilMs = (error instanceof Fault && error.notBeforeMs) || 0
        pauseMs = Math.max(untilMs - clock.now(), pauseAfter(++channel.failures, PAUSES))
      }
    }
    await spoke(channelId, takenAt, clock.now())
    return channel.waiting.length === 0 ? null : pauseMs
  }
}

/** Where no answer came, the line may have been said: nobody is answered twice. */
function wasNotTaken(error: unknown): boolean {
  return error instanceof Fault && error.kind === 'transient' && error.status !== undefined
}

/** As many as fit into one line, the oldest first. */
function lineOf(waiting: readonly Waiting[]): { line: string; taken: Waiting[]; rest: Waiting[] } {
  const taken: Waiting[] = []
  for (const each of waiting) {
    if (taken.length > 0 && textOf([...taken, each]).length > LONGEST_LINE) break
    taken.push(each)
  }
  return { line: textOf(taken), taken, rest: waiting.slice(taken.length) }
}

const textOf = (waiting: readonly Waiting[]) => waiting.map((w) => w.text).join(' · ')
