/** The channels' state for all their viewers: computed once a second at most, whatever the number of viewers. */
import { createHash } from 'node:crypto'
import type { ChannelView } from '../../panel-state.ts'

export interface CachedView extends ChannelView {
  /** The state as it goes over the wire. */
  json: string
  etag: string
}

const FRESH_MS = 1_000
const RECENT_MS = 5_000
const KEPT_CHANNELS = 2_000

export class ChannelViews {
  readonly #compute: (channelId: string) => Promise<ChannelView>
  readonly #now: () => number
  readonly #kept = new Map<string, { atMs: number; view: CachedView }>()
  readonly #underWay = new Map<string, Promise<CachedView>>()

  readonly #revisionOf: (channelId: string) => Promise<number>

  /** @param revisionOf what tells cheaply whether anything has changed (`ChannelView.state.revision`) */
  constructor(
    compute: (channelId: string) => Promise<ChannelView>,
    revisionOf: (channelId: string) => Promise<number>,
    now: () => number,
  ) {
    this.#compute = compute
    this.#revisionOf = revisionOf
    this.#now = now
  }

  /** What is kept, some seconds old perhaps; for what does not depend on the last second. */
  recent(channelId: string): CachedView | null {
    const kept = this.#kept.get(channelId)
    return kept && this.#now() - kept.atMs < RECENT_MS ? kept.view : null
  }

  /** What is kept and fresh, at once; null when it must be computed. */
  peek(channelId: string): CachedView | null {
    const kept = this.#kept.get(channelId)
    return kept && this.#now() - kept.atMs < FRESH_MS ? kept.view : null
  }

  /** Not older than a second. Those who ask while it is computed get the same. */
  get(channelId: string): Promise<CachedView> {
    const fresh = this.peek(channelId)
    if (fresh) return Promise.resolve(fresh)
    const underWay = this.#underWay.get(channelId)
    if (underWay) return underWay
    const computing = this.#computeNow(channelId).finally(() => this.#underWay.delete(channelId))
    this.#underWay.set(channelId, computing)
    return computing
  }

  async #computeNow(channelId: string): Promise<CachedView> {
    const atMs = this.#now()
    const kept = this.#kept.get(channelId)
    if (kept && (await this.#revisionOf(channelId)) === kept.view.state.revision) {
      kept.atMs = atMs
      return kept.view
    }
    const view = await this.#compute(channelId)
    const json = JSON.stringify(view.state)
    const etag = etagOf(channelId, json)
    const cached = { ...view, json, etag }
    this.#kept.delete(channelId)
    if (this.#kept.size >= KEPT_CHANNELS) this.#kept.delete(this.#kept.keys().next().value ?? '')
    this.#kept.set(channelId, { atMs, view: cached })
    return cached
  }
}

function etagOf(channelId: string, json: string): string {
  return `"${createHash('sha256').update(channelId).update(json).digest('base64url').slice(0, 22)}"`
}
