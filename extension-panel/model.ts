/** What the panel knows, and what follows from it. Pure: no network, no page, time comes in. */
import type { ApiRefusal, PanelMe, PanelMoment, PanelState } from '../shared/api.ts'

export interface Model {
  state: PanelState | null
  me: PanelMe | null
  /** How far the server's clock is ahead of this one, milliseconds. */
  clockAheadMs: number
  /** After a request that got no answer. */
  lost: boolean
  /** The viewer's measured delay, milliseconds. */
  latencyMs: number | null
  /** Chosen by the viewer; null: the channel's default. */
  lengthMs: number | null
  label: string
  /** What became of the last press; null when that is over. */
  press: Press | null
  /** Moments with a +1 that the state does not count yet: shown at once, taken back when it is refused. */
  voting: string[]
  /** A sentence to be read out, and shown for a while. */
  notice: string
}

export type Press =
  | { kind: 'sending'; lengthMs: number }
  | { kind: 'saved'; lengthMs: number; replaced: boolean }
  | { kind: 'failed'; sentence: string }

export const EMPTY_MODEL: Model = {
  state: null,
  me: null,
  clockAheadMs: 0,
  lost: false,
  latencyMs: null,
  lengthMs: null,
  label: '',
  press: null,
  voting: [],
  notice: '',
}

/** What stands at the top: one thing to do, or the reason why not. */
export type Top =
  | { kind: 'loading' | 'offline' | 'sending' }
  | { kind: 'refused'; refusal: ApiRefusal }
  | { kind: 'ready'; fromSec: number; toSec: number }
  /** `replaces`: what is chosen is longer than the last one, so it may take its place. */
  | { kind: 'cooling'; leftSec: number; leftShare: number; replaces: boolean }

/** @param now this machine's clock, UTC milliseconds */
export function topOf(model: Model, now: number): Top {
  const { state, me, press } = model
  if (!state) return { kind: 'loading' }
  if (!state.live && state.setUp === 'ready') return { kind: 'offline' }
  if (me?.refusal) return { kind: 'refused', refusal: me.refusal }
  // Set up just now, and this viewer is being asked for.
  if (!me || !state.live) return { kind: 'loading' }
  if (press?.kind === 'sending') return { kind: 'sending' }
  const serverNow = now + model.clockAheadMs
  if (me.cooldown && me.cooldown.untilMs > serverNow) {
    const leftMs = me.cooldown.untilMs - serverNow
    return {
      kind: 'cooling',
      leftSec: Math.ceil(leftMs / 1000),
      leftShare: Math.min(1, leftMs / me.cooldown.totalMs),
      replaces: chosenLength(model) > me.cooldown.lengthMs,
    }
  }
  const toMs = serverNow - (model.latencyMs ?? state.latencyMs) - state.live.startedAtMs
  const fromMs = Math.max(0, toMs - chosenLength(model))
  return { kind: 'ready', fromSec: fromMs / 1000, toSec: Math.max(0, toMs / 1000) }
}

export function chosenLength({ state, lengthMs }: Model): number {
  const offered = state?.lengthsMs ?? []
  const wanted = lengthMs ?? state?.defaultLengthMs ?? 0
  // The nearest that the channel offers: its default need not be among them.
  const farFrom = (ms: number) => Math.abs(ms - wanted)
  return [...offered].sort((a, b) => farFrom(a) - farFrom(b))[0] ?? wanted
}

/** Seconds for which the last echo can still be taken back; 0 when it cannot. */
export function undoLeft({ me, clockAheadMs }: Model, now: number): number {
  return Math.max(0, Math.ceil(((me?.undo?.untilMs ?? 0) - now - clockAheadMs) / 1000))
}

/**
 * The state after news: an older one that comes late is left out, and what comes by PubSub may hold only the newest
 * moments, so that older ones stay as they were.
 */
export function newerState(before: PanelState | null, news: PanelState): PanelState {
  if (!before) return news
  if (news.revision < before.revision) return before
  if (news.moments.length >= news.total || news.live?.startedAtMs !== before.live?.startedAtMs) return news
  const oldest = news.moments.at(-1)?.startMs ?? Infinity
  const kept = before.moments.filter((m) => m.startMs < oldest)
  return { ...news, moments: [...news.moments, ...kept].slice(0, news.total) }
}

/** Whether news may change what is so for this viewer, so that it must be asked for. */
export function concernsMe(before: PanelState | null, after: PanelState, me: PanelMe | null): boolean {
  if (!me || !before) return true
  const gate = (s: PanelState) => JSON.stringify({ ...s, revision: 0, moments: 0, total: 0 })
  if (gate(before) !== gate(after)) return true
  // A moment of one's own may have got another name by merging, or may not be among them yet.
  const ids = new Set(after.moments.map((m) => m.id))
  return [...me.mine, ...me.voted].some((id) => !ids.has(id)) && after.moments.length === after.total
}

export interface ShownMoment extends PanelMoment {
  whose: 'mine' | 'voted' | 'theirs'
}

/** The list, with votes on their way counted already. */
export function shownMoments({ state, me, voting }: Model): ShownMoment[] {
  return (state?.moments ?? []).map((m) => {
    if (me?.mine.includes(m.id)) return { ...m, whose: 'mine' }
    if (voting.includes(m.id)) return { ...m, people: m.people + 1, whose: 'voted' }
    return { ...m, whose: me?.voted.includes(m.id) ? 'voted' : 'theirs' }
  })
}
