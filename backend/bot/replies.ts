/**
 * What the bot says. Several answers of a channel are joined into one line; one that has waited too long to make sense
 * is left out. How often a line may be said is asked for: other processes speak for the same account.
 */
import type { Clock } from '../../shared/clock.ts'

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
const STALE_MS = 30_000

interface Channel {
  waiting: { text: string; sinceMs: number }[]
  /** Somebody is asking, or waiting to ask again. */
  busy: boolean
}

export class Replies {
  readonly #options: RepliesOptions
  readonly #channels = new Map<string, Channel>()

  constructor(options: RepliesOptions) {
    this.#options = options
  }

  /** @param to the person who is answered */
  reply(channelId: string, to: string, text: string): void {
    const { clock, onError } = this.#options
    const channel = this.#channels.get(channelId) ?? { waiting: [], busy: false }
    this.#channels.set(channelId, channel)
    channel.waiting.push({ text: `@${to} ${text}`, sinceMs: clock.now() })
    if (channel.busy) return
    channel.busy = true
    this.#speak(channelId, channel).catch((error: unknown) => {
      channel.busy = false
      onError(error)
    })
  }

  async #speak(channelId: string, channel: Channel): Promise<void> {
    const { clock, later, maySpeak, say, onError, staleMs = STALE_MS } = this.#options
    channel.waiting = channel.waiting.filter((w) => clock.now() - w.sinceMs <= staleMs)
    const takenAt = clock.now()
    const waitMs = channel.waiting.length === 0 ? 0 : await maySpeak(channelId, takenAt)
    if (waitMs > 0) {
      later(waitMs, () => {
        this.#speak(channelId, channel).catch((error: unknown) => {
          channel.busy = false
          onError(error)
        })
      })
      return
    }
    // What came while the right was asked for goes into the same line.
    const line = joined(channel.waiting.map((w) => w.text))
    this.#channels.delete(channelId)
    if (line === '') return
    await say(channelId, line).catch(onError)
    await this.#options.spoke(channelId, takenAt, clock.now())
  }
}

/** As many as fit into one line. */
function joined(texts: readonly string[]): string {
  let line = ''
  for (const text of texts) {
    const longer = line === '' ? text : `${line} · ${text}`
    if (longer.length <= LONGEST_LINE) line = longer
  }
  return line
}
