import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MODES, ROLES, STANDINGS, type Person, type Role } from '../../shared/mode.ts'
import { DEFAULT_SETTINGS } from '../../shared/settings.ts'
import { chaptersOf, descriptionOf } from './description.ts'
import { cardsOf, droppedOf } from './edits.ts'
import { momentsOf, type EchoSpan } from './moments.ts'
import { lengthOf, planOf } from './plan.ts'
import { decide, mayEcho } from './policy.ts'
import { deletable } from './retention.ts'
import { echoSpan, locate, type StreamTimes } from './timeline.ts'

const HOUR = 3_600_000
const person = (roles: Role[]): Person => ({ userId: '1', login: 'p', displayName: 'P', roles })
const anyRoles = fc.uniqueArray(fc.constantFrom(...ROLES.filter((r) => r !== 'streamer')))
const anyMode = fc.constantFrom(...MODES)

describe('policy', () => {
  it('the streamer may echo in every mode but off; a blocked person in none', () => {
    fc.assert(
      fc.property(anyMode, anyRoles, (mode, roles) => {
        const settings = { mode, minimumRole: 'none' as const }
        expect(mayEcho(person([...roles, 'streamer']), 'none', settings)).toBe(mode === 'off' ? 'off' : null)
        expect(mayEcho(person(roles), 'blocked', settings)).toBe('blocked')
      }),
    )
  })

  it('whoever may echo in a stricter mode may echo in a looser one', () => {
    fc.assert(
      fc.property(
        anyRoles,
        fc.constantFrom(...STANDINGS),
        fc.constantFrom('none', 'follower', 'vip'),
        (roles, standing, minimumRole) => {
          const may = (mode: (typeof MODES)[number]) =>
            mayEcho(person(roles), standing, { mode, minimumRole: minimumRole as 'none' }) === null
          if (may('streamer')) expect(may('trusted')).toBe(true)
          if (may('trusted')) expect(may('everyone')).toBe(true)
        },
      ),
    )
  })

  it('inside the cool-down a longer request replaces, anything else is refused with the seconds left', () => {
    const times = fc.record({
      agoMs: fc.integer({ min: 1, max: 44_000 }),
      before: fc.integer({ min: 5, max: 170 }),
      now: fc.integer({ min: 5, max: 170 }),
    })
    fc.assert(
      fc.property(times, ({ agoMs, before, now }) => {
        const request = {
          person: person([]),
          standing: 'approved' as const,
          askedAtMs: HOUR,
          lengthMs: now * 1000,
        }
        const previous = { id: 'e', askedAtMs: HOUR - agoMs, lengthMs: before * 1000 }
        const decision = decide(request, DEFAULT_SETTINGS, true, previous)
        if (now > before) expect(decision).toEqual({ ok: true, replaces: 'e' })
        else
          expect(decision).toMatchObject({
            ok: false,
            code: 'cooldown',
            secondsLeft: Math.ceil((45_000 - agoMs) / 1000),
          })
      }),
    )
  })
})

const anyEcho: fc.Arbitrary<Omit<EchoSpan, 'id'>> = fc
  .record({
    userId: fc.constantFrom('a', 'b', 'c', 'd'),
    startMs: fc.integer({ min: 0, max: 2 * HOUR }),
    lengthMs: fc.integer({ min: 1_000, max: 300_000 }),
    label: fc.option(fc.constantFrom('clutch', 'Clutch', 'fail')),
  })
  .map(({ userId, startMs, lengthMs, label }) => ({
    userId,
    displayName: userId,
    label,
    startMs,
    endMs: startMs + lengthMs,
  }))
const anyEchoes = fc
  .array(anyEcho, { maxLength: 60 })
  .map((echoes) => echoes.map((e, n) => ({ ...e, id: `e${n}` })))

describe('moments', () => {
  it('do not depend on the order of the echoes, do not overlap, and count each echo in exactly one', () => {
    fc.assert(
      fc.property(anyEchoes, (echoes) => {
        const moments = momentsOf(echoes, DEFAULT_SETTINGS)
        expect(momentsOf([...echoes].reverse(), DEFAULT_SETTINGS)).toEqual(moments)
        moments.forEach((m, n) => expect(m.startMs).toBeGreaterThanOrEqual(moments[n - 1]?.endMs ?? 0))
        expect(moments.flatMap((m) => m.echoIds).sort()).toEqual(echoes.map((e) => e.id).sort())
        for (const m of moments) expect(m.endMs - m.startMs).toBeLessThanOrEqual(DEFAULT_SETTINGS.maxMomentMs)
      }),
    )
  })
})

describe('a new game', () => {
  it('is a boundary: no moment reaches over it, unless what is left is too short to stand alone', () => {
    fc.assert(
      fc.property(anyEchoes, fc.integer({ min: 1, max: 2 * HOUR }), (echoes, at) => {
        const moments = momentsOf(echoes, DEFAULT_SETTINGS, [], [at])
        expect(moments.flatMap((m) => m.echoIds).sort()).toEqual(echoes.map((e) => e.id).sort())
        for (const m of moments) {
          const of = echoes.filter((e) => m.echoIds.includes(e.id) && e.endMs - at >= 10_000)
          const [before, after] = [of.filter((e) => e.startMs < at), of.filter((e) => e.startMs >= at)]
          const reach = Math.max(0, ...before.map((e) => e.endMs))
          // What came after the boundary and was not covered by what came before stands alone.
          if (before.length > 0)
            for (const e of after) expect(e.endMs - Math.max(reach, e.startMs)).toBeLessThan(5_000)
        }
      }),
    )
  })
})

describe('votes and edits', () => {
  const anyTouched = fc.tuple(
    anyEchoes.filter((e) => e.length > 0),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('a', 'x', 'y'), fc.boolean()), { maxLength: 20 }),
  )
  it('a +1 adds its person to the moment of its echo once, and changes no length', () => {
    fc.assert(
      fc.property(anyTouched, ([echoes, touches]) => {
        const votes = touches.map(([n, userId]) => {
          const { id, startMs, endMs } = echoes[n % echoes.length] as EchoSpan
          return { echoId: id, startMs, endMs, userId, displayName: userId }
        })
        const before = momentsOf(echoes, DEFAULT_SETTINGS)
        const after = momentsOf(echoes, DEFAULT_SETTINGS, votes)
        const spans = (moments: typeof before) => moments.map((m) => [m.id, m.startMs, m.endMs])
        expect(spans(after)).toEqual(spans(before))
        for (const m of after) {
          const ids = m.people.map((p) => p.userId)
          expect(new Set(ids).size).toBe(ids.length)
          for (const vote of votes) if (m.echoIds.includes(vote.echoId)) expect(ids).toContain(vote.userId)
        }
      }),
    )
  })

  it('the latest word about a moment counts, also when the echo that named it was taken back', () => {
    fc.assert(
      fc.property(anyTouched, ([echoes, touches]) => {
        const edits = touches.map(([n, , kept], atMs) => {
          const { id, startMs, endMs } = echoes[n % echoes.length] as EchoSpan
          return { echoId: id, part: 0, startMs, endMs, change: { kept }, atMs }
        })
        const moments = momentsOf(echoes, DEFAULT_SETTINGS)
        const cards = cardsOf(moments, edits)
        const dropped = droppedOf(cards)
        for (const m of moments) {
          const last = edits.filter((e) => m.echoIds.includes(e.echoId)).at(-1)
          expect(dropped.has(m.id)).toBe(last?.change.kept === false)
        }
        const plan = planOf(cards, HOUR * 10, (m) => [
          { streamId: 's', vodId: 'v', startSec: m.startMs / 1000, endSec: m.endMs / 1000 },
        ])
        expect(plan.moments.some((m) => dropped.has(m.moment.id))).toBe(false)
      }),
    )
    const [one, two] = [
      { id: 'one', userId: 'a', displayName: 'A', label: null, startMs: 0, endMs: 30_000 },
      { id: 'two', userId: 'b', displayName: 'B', label: null, startMs: 5_000, endMs: 40_000 },
    ]
    const drop = { echoId: 'one', part: 0, startMs: 0, endMs: 30_000, change: { kept: false }, atMs: 1 }
    const droppedAmong = (echoes: EchoSpan[]) =>
      droppedOf(cardsOf(momentsOf(echoes, DEFAULT_SETTINGS), [drop]))
    expect(droppedAmong([one, two])).toEqual(new Set(['one']))
    expect(droppedAmong([two])).toEqual(new Set(['two']))
  })
})

const start = Date.UTC(2026, 10, 1)
const anyShow: fc.Arbitrary<StreamTimes[]> = fc
  .array(
    fc.record({
      lengthMs: fc.integer({ min: 60_000, max: 4 * HOUR }),
      gapMs: fc.integer({ min: 1_000, max: 900_000 }),
      lagMs: fc.integer({ min: 0, max: 3_000 }),
      vod: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((streams) => {
    let at = start
    return streams.map(({ lengthMs, gapMs, lagMs, vod }, n) => {
      const startedAtMs = at
      at += lengthMs + gapMs
      const recording = { vodId: `v${n}`, startsAtMs: startedAtMs + lagMs, durationMs: lengthMs - lagMs }
      return {
        streamId: `s${n}`,
        startedAtMs,
        endedAtMs: startedAtMs + lengthMs,
        vod: vod ? recording : null,
      }
    })
  })

describe('timeline', () => {
  it('every echo lies inside the show, and its pieces inside their VODs, in order, no longer than it', () => {
    fc.assert(
      fc.property(
        anyShow,
        fc.integer({ min: 0, max: 12 * HOUR }),
        fc.integer({ min: 5_000, max: 300_000 }),
        (show, at, lengthMs) => {
          const last = show.at(-1)?.endedAtMs ?? 0
          const span = echoSpan({ askedAtMs: start + at, lengthMs, latencyMs: null }, show, 3_000)
          if (!span) return
          expect(span.startMs).toBeGreaterThanOrEqual(0)
          expect(start + span.endMs).toBeLessThanOrEqual(last)
          const pieces = locate(span, show, [])
          expect(lengthOf(pieces)).toBeLessThanOrEqual(span.endMs - span.startMs + 1)
          for (const p of pieces) {
            const vod = show.find((s) => s.vod?.vodId === p.vodId)?.vod
            expect(p.startSec).toBeGreaterThanOrEqual(0)
            expect(p.endSec * 1000).toBeLessThanOrEqual((vod?.durationMs ?? 0) + 1)
          }
        },
      ),
    )
  })

  it('a VOD that began two seconds late, and the drift after four hours, shift the position', () => {
    const stream = {
      streamId: 's',
      startedAtMs: start,
      endedAtMs: start + 5 * HOUR,
      vod: { vodId: 'v', startsAtMs: start + 2_000, durationMs: 5 * HOUR },
    }
    const [early] = locate({ startMs: 60_000, endMs: 90_000 }, [stream], DEFAULT_SETTINGS.drift)
    expect(early).toMatchObject({ startSec: 58, endSec: 88 })
    const [late] = locate(
      { startMs: 4.5 * HOUR, endMs: 4.5 * HOUR + 30_000 },
      [stream],
      DEFAULT_SETTINGS.drift,
    )
    expect(late?.startSec).toBe(4.5 * 3600 - 2 + 2)
  })
})

describe('plan', () => {
  it('keeps to the budget and the order of the stream, and accounts for every moment', () => {
    fc.assert(
      fc.property(anyEchoes, fc.integer({ min: 10_000, max: HOUR }), (echoes, budgetMs) => {
        const moments = momentsOf(echoes, DEFAULT_SETTINGS)
        const plan = planOf(cardsOf(moments, []), budgetMs, (m) => [
          { streamId: 's', vodId: 'v', startSec: m.startMs / 1000, endSec: m.endMs / 1000 },
        ])
        expect(plan.moments.reduce((sum, m) => sum + lengthOf(m.pieces), 0)).toBeLessThanOrEqual(budgetMs + 1)
        expect(plan.moments.length + plan.leftOut.length).toBe(moments.length)
        if (moments.length > 0) expect(plan.moments.length).toBeGreaterThan(0)
        const starts = plan.moments.map((m) => m.moment.startMs)
        expect(starts).toEqual([...starts].sort((a, b) => a - b))
      }),
    )
  })

  it('never leaves a moment out for the budget while one that fewer people wanted, and that is no shorter, is in', () => {
    fc.assert(
      fc.property(anyEchoes, fc.integer({ min: 10_000, max: HOUR }), (echoes, budgetMs) => {
        const moments = momentsOf(echoes, DEFAULT_SETTINGS)
        const plan = planOf(cardsOf(moments, []), budgetMs, (m) => [
          { streamId: 's', vodId: 'v', startSec: m.startMs / 1000, endSec: m.endMs / 1000 },
        ])
        for (const { moment: out } of plan.leftOut)
          for (const { moment: kept } of plan.moments) {
            const noShorter = kept.endMs - kept.startMs >= out.endMs - out.startMs
            if (noShorter && plan.moments.length > 1)
              expect(kept.people.length).toBeGreaterThanOrEqual(out.people.length)
          }
      }),
    )
  })
})

describe('retention', () => {
  const rules = { workMaxAgeMs: 24 * HOUR, recapMaxAgeMs: 7 * 24 * HOUR }
  it('age alone decides: a recap older than its time goes, though the channel has fewer than seven streams', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 20 * 24 }),
        fc.integer({ min: 1, max: 30 }),
        (count, done, ageHours, keepDays) => {
          const media = Array.from({ length: count }, (_, n) => ({
            key: `r${n}`,
            kind: 'recap' as const,
            createdAtMs: 0,
            done,
            keepMs: keepDays * 24 * HOUR,
          }))
          const gone = deletable(media, rules, ageHours * HOUR)
          // The channel may want it sooner, never later than the operator allows.
          expect(gone.length).toBe(ageHours >= Math.min(7, keepDays) * 24 ? count : 0)
        },
      ),
    )
  })
  it('nothing is deleted before it is done with, unless its age says so', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('work' as const, 'recap' as const),
        fc.integer({ min: 0, max: 23 * HOUR }),
        (kind, ageMs) => {
          expect(deletable([{ key: 'k', kind, createdAtMs: 0, done: false }], rules, ageMs)).toEqual([])
        },
      ),
    )
  })
})

describe('description', () => {
  it('stays inside YouTube’s limits for any labels and names', () => {
    const anyShown = fc.record({
      lengthSec: fc.integer({ min: 1, max: 200 }),
      label: fc.option(fc.string({ unit: 'binary', maxLength: 80 })),
      people: fc.array(fc.string({ unit: 'binary', maxLength: 25 }), { maxLength: 50 }),
    })
    fc.assert(
      fc.property(fc.array(anyShown, { maxLength: 80 }), (list) => {
        let atSec = 0
        const shown = list.map(({ lengthSec, label, people }) => {
          atSec += lengthSec
          const at = { atSec: atSec - lengthSec, durationSec: lengthSec, runtimeMs: atSec * 1000 }
          return { ...at, label, people, unnamed: lengthSec % 3 }
        })
        const stream = { title: '{credits} <b>', startedAtMs: 0 }
        const { descriptionTemplate } = DEFAULT_SETTINGS
        const text = descriptionOf(`${descriptionTemplate} {title}`, stream, shown, atSec, 'streamer')
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(5_000)
        expect(text).not.toMatch(/[<>]/)
        const chapters = chaptersOf(shown, atSec)
        if (chapters.length > 0) {
          expect(chapters.length).toBeGreaterThanOrEqual(3)
          expect(chapters[0]?.atSec).toBe(0)
          chapters.forEach((c, n) =>
            expect((chapters[n + 1]?.atSec ?? atSec) - c.atSec).toBeGreaterThanOrEqual(10),
          )
        }
      }),
    )
  })
})
