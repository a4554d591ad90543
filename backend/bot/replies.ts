/**
 * What the bot says: at most one line per channel in ten seconds. What comes in between waits and is joined into one
 * line; what has waited too long to make sense is left out.
 */
import type { Clock } from '../../shared/clock.ts'

export interface RepliesOptions {
  say(channelId: string, text: string): Promise<void>
  clock: Clock
  /** Starts a timer; a test drives it. */
  later(ms: number, run: () => void): void
  onError(error: unknown): void
  gapMs?: number
  staleMs?: number
}

/** Twitch takes 500 characters. */
const LONGEST_LINE = 450

interface Waiting {
  text: string
  sinceMs: number
}

export class Replies {
  readonly #options: Required<RepliesOptions>
  readonly #channels = new Map<string, { quietUntilMs: number; waiting: Waiting[]; timer: boolean }>()

  constructor(options: RepliesOptions) {
    this.#options = { gapMs: 10_000, staleMs: 30_000, ...options }
  }

  /** @param to the person who is answered */
  reply(channelId: string, to: string, text: string): void {
    const now = this.#options.clock.now()
    const channel = this.#channels.get(channelId) ?? { quietUntilMs: 0, waiting: [], timer: false }
    this.#channels.set(channelId, channel)
    channel.waiting.push({ text: `@${to} ${text}`, sinceMs: now })
    if (now >= channel.quietUntilMs) return this.#speak(channelId)
    if (channel.timer) return
    channel.timer = true
    this.#options.later(channel.quietUntilMs - now, () => {
      channel.timer = false
      this.#speak(channelId)
    })
  }

  #speak(channelId: string): void {
    const channel = this.#channels.get(channelId)
    if (!channel) return
    const now = this.#options.clock.now()
    const fresh = channel.waiting.filter((w) => now - w.sinceMs <= this.#options.staleMs)
    channel.waiting = []
    let line = ''
    for (const { text } of fresh) {
      const longer = line === '' ? text : `${line} · ${text}`
      if (longer.length <= LONGEST_LINE) line = longer
    }
    if (line === '') return
    channel.quietUntilMs = now + this.#options.gapMs
    this.#options.say(channelId, line).catch(this.#options.onError)
  }
}
