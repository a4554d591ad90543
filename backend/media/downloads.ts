/**
 * How many downloads run at a time: overall, and from one host. What somebody waits for goes before what is only fetched
 * ahead; of the latter one runs at a time.
 */
import PQueue from 'p-queue'

export type Urgency = 'now' | 'ahead'

const PRIORITY = { now: 1, ahead: 0 }

export class Downloads {
  readonly #overall: PQueue
  readonly #hosts = new Map<string, PQueue>()
  readonly #perHost: number
  /** Files that are on their way. */
  readonly #files = new Map<string, Promise<void>>()
  readonly #ahead = new PQueue({ concurrency: 1 })

  constructor({ overall, perHost }: { overall: number; perHost: number }) {
    this.#overall = new PQueue({ concurrency: overall })
    this.#perHost = perHost
  }

  /**
   * Brings one file: whoever asks for it while it is on its way waits for it, and brings it itself if that fails.
   * @param bring resolves when the file is there
   */
  async once(file: string, bring: () => Promise<void>): Promise<void> {
    const underWay = this.#files.get(file)
    if (underWay) {
      const came = await underWay.then(
        () => true,
        () => false,
      )
      return came ? undefined : this.once(file, bring)
    }
    const coming = bring().finally(() => this.#files.delete(file))
    this.#files.set(file, coming)
    return coming
  }

  /** Runs `task` when its turn comes. @param url tells the host; files have none and wait only for the overall limit */
  async run<T>(url: string, urgency: Urgency, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const options = { priority: PRIORITY[urgency] }
    // Not the queue's own signal: that gives up at once, while the task still clears away after itself.
    const overall = () =>
      this.#overall.add(async () => {
        signal?.throwIfAborted()
        return task()
      }, options)
    const inTurn = () => this.#host(new URL(url).host).add(overall, options)
    return urgency === 'ahead' ? this.#ahead.add(inTurn, options) : inTurn()
  }

  #host(host: string): PQueue {
    const queue = this.#hosts.get(host) ?? new PQueue({ concurrency: this.#perHost })
    this.#hosts.set(host, queue)
    return queue
  }
}
