import { describe, expect, it } from 'vitest'
import type { PanelMe, PanelState } from '../shared/api.ts'
import {
  chosenLength,
  concernsMe,
  EMPTY_MODEL,
  newerState,
  shownMoments,
  topOf,
  type Model,
} from './model.ts'

const NOW = Date.UTC(2026, 10, 24, 20)
const moment = (id: string, startMs: number) => ({
  id,
  startMs,
  endMs: startMs + 30_000,
  label: null,
  people: 1,
})
const state = (change: Partial<PanelState> = {}): PanelState => ({
  revision: 1,
  setUp: 'ready',
  mode: 'everyone',
  minimumRole: 'none',
  live: { startedAtMs: NOW - 600_000 },
  lengthsMs: [15_000, 30_000, 60_000, 90_000],
  defaultLengthMs: 30_000,
  latencyMs: 3_000,
  votes: true,
  moments: [],
  total: 0,
  recaps: [],
  ...change,
})
const me = (change: Partial<PanelMe> = {}): PanelMe => ({
  nowMs: NOW,
  role: 'viewer',
  signedIn: true,
  linked: false,
  identity: null,
  refusal: null,
  cooldown: null,
  undo: null,
  mine: [],
  voted: [],
  ...change,
})
const model = (change: Partial<Model> = {}): Model => ({
  ...EMPTY_MODEL,
  state: state(),
  me: me(),
  ...change,
})

describe('what stands at the top', () => {
  it('covers what has just been seen: by the measured delay, else by the channel’s', () => {
    expect(topOf(model(), NOW)).toEqual({ kind: 'ready', fromSec: 567, toSec: 597 })
    expect(topOf(model({ latencyMs: 10_000 }), NOW)).toEqual({ kind: 'ready', fromSec: 560, toSec: 590 })
    // A clock that is wrong is set by the server's.
    expect(topOf(model({ clockAheadMs: 60_000 }), NOW - 60_000)).toMatchObject({ toSec: 597 })
  })

  it('counts a cool-down down, within which only something longer may replace', () => {
    const cooldown = { untilMs: NOW + 30_000, totalMs: 45_000, lengthMs: 30_000 }
    const cooling = model({ me: me({ cooldown }) })
    expect(topOf(cooling, NOW)).toMatchObject({ kind: 'cooling', leftSec: 30, replaces: false })
    expect(topOf({ ...cooling, lengthMs: 60_000 }, NOW)).toMatchObject({ replaces: true })
    expect(topOf(cooling, NOW + 30_000).kind).toBe('ready')
  })

  it('is the reason before everything else, and never a guess before the answer', () => {
    const refusal = { reason: 'streamer-only', sentence: 'Only the streamer echoes right now' }
    expect(topOf(model({ me: me({ refusal }) }), NOW)).toEqual({ kind: 'refused', refusal })
    expect(topOf(model({ me: null }), NOW).kind).toBe('loading')
    expect(topOf(model({ state: null }), NOW).kind).toBe('loading')
    expect(topOf(model({ state: state({ live: null }) }), NOW).kind).toBe('offline')
  })

  it('offers the nearest length that the channel allows', () => {
    expect(
      chosenLength(model({ state: state({ defaultLengthMs: 45_000, lengthsMs: [15_000, 30_000] }) })),
    ).toBe(30_000)
  })
})

describe('news', () => {
  it('that are older change nothing, and those that hold only the newest moments keep the others', () => {
    const before = state({ revision: 5, moments: [moment('b', 90_000), moment('a', 10_000)], total: 2 })
    expect(newerState(before, state({ revision: 4 }))).toBe(before)
    const news = state({ revision: 6, moments: [moment('c', 200_000), moment('b', 90_000)], total: 3 })
    expect(newerState(before, news).moments.map((m) => m.id)).toEqual(['c', 'b', 'a'])
    const whole = state({ revision: 6, moments: [moment('c', 200_000)], total: 1 })
    expect(newerState(before, whole)).toBe(whole)
  })

  it('concern a viewer when the gate changes, or a moment of theirs has another name', () => {
    const before = state({ moments: [moment('a', 0)], total: 1 })
    expect(concernsMe(before, state({ revision: 2, mode: 'streamer' }), me())).toBe(true)
    expect(
      concernsMe(before, state({ revision: 2, moments: [moment('b', 0)], total: 1 }), me({ mine: ['a'] })),
    ).toBe(true)
    expect(
      concernsMe(before, state({ revision: 2, moments: [moment('a', 0)], total: 1 }), me({ mine: ['a'] })),
    ).toBe(false)
  })

  it('a vote on its way is counted at once, and an own moment is marked', () => {
    const moments = [moment('b', 1), moment('a', 0)]
    const shown = shownMoments(model({ state: state({ moments }), me: me({ mine: ['a'] }), voting: ['b'] }))
    expect(shown.map((m) => [m.id, m.people, m.whose])).toEqual([
      ['b', 2, 'voted'],
      ['a', 1, 'mine'],
    ])
  })
})
