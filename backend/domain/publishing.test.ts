/** Publishing under any events in any order. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actionOf, after, mayBegin, mayDrop, NEW, type Publication, type PublishEvent } from './publishing.ts'

const NOW = 1_000_000
const anyEvent: fc.Arbitrary<PublishEvent> = fc.oneof(
  fc
    .constantFrom(
      'agreed',
      'withdrawn',
      'dropped',
      'connected',
      'grant-gone',
      'session',
      'video',
      'processed',
      'rejected',
      'fault',
      'again',
    )
    .map((type) => ({ type }) as PublishEvent),
  fc.integer({ min: 0, max: 100 }).map((n) => ({ type: 'quota' as const, untilMs: NOW + n })),
  fc.integer({ min: 0, max: 100 }).map((n) => ({ type: 'time' as const, nowMs: NOW + n })),
)
const events = fc.array(anyEvent, { maxLength: 60 })

/** Every state on the way, with the event that led to it. */
function walk(list: readonly PublishEvent[]) {
  let now: Publication = NEW
  return list.map((event) => {
    const before = now
    now = after(before, event)
    return { before, event, now }
  })
}

it('an upload never begins without the streamer’s agreement, a grant, and room in the quota', () => {
  fc.assert(
    fc.property(events, (list) => {
      let agreed = false
      for (const { before, event, now } of walk(list)) {
        if (before.stage === 'idle' && now.stage === 'uploading') {
          expect(agreed && mayBegin(before)).toBe(true)
          expect(before).toMatchObject({ connected: true, parkedUntilMs: null })
        }
        if (event.type === 'agreed') agreed = true
        if (event.type === 'withdrawn') agreed = false
        if (event.type === 'again' && before.stage === 'dropped') agreed = false
      }
    }),
    { numRuns: 2_000 },
  )
})

it('there is one video: once YouTube has it, nothing begins anew, and nothing takes it back', () => {
  fc.assert(
    fc.property(events, (list) => {
      const steps = walk(list)
      const begun = steps.filter((s) => s.before.stage === 'idle' && s.now.stage === 'uploading')
      const there = steps.findIndex((s) => s.now.stage === 'uploaded')
      expect(begun.length).toBeLessThanOrEqual(1)
      if (there !== -1)
        for (const { now } of steps.slice(there)) expect(['uploaded', 'live', 'refused']).toContain(now.stage)
    }),
    { numRuns: 2_000 },
  )
})

it('nothing is lost: from wherever it is, faults and quotas that end, and a streamer who acts, bring it up', () => {
  fc.assert(
    fc.property(events, (list) => {
      let now = walk(list).at(-1)?.now ?? NEW
      if (now.stage === 'dropped') now = after(now, { type: 'again' })
      for (let n = 0; n < 10; n++) {
        const action = actionOf(now)
        if (action.do === 'nothing') break
        const event: PublishEvent =
          action.do === 'ask'
            ? { type: action.for === 'word' ? 'agreed' : 'connected' }
            : action.do === 'wait'
              ? { type: 'time', nowMs: action.untilMs }
              : action.do === 'watch'
                ? { type: 'processed' }
                : { type: now.stage === 'uploading' ? 'video' : 'session' }
        now = after(now, event)
      }
      expect(['live', 'refused']).toContain(now.stage)
    }),
    { numRuns: 2_000 },
  )
})

it('somebody is told: each state is over, or says whose turn it is, and never asks for what is there', () => {
  fc.assert(
    fc.property(events, (list) => {
      for (const { now } of walk(list)) {
        const action = actionOf(now)
        if (action.do === 'ask') expect(action.for === 'word' ? now.agreed : now.connected).toBe(false)
        if (action.do === 'wait') expect(action.untilMs).toBe(now.parkedUntilMs)
        if (action.do === 'nothing') expect(action.because).toBe(now.stage)
      }
    }),
  )
})

it('a drop counts until the upload begins, and not after', () => {
  fc.assert(
    fc.property(events, (list) => {
      for (const { before, event, now } of walk(list))
        if (event.type === 'dropped') expect(now.stage).toBe(mayDrop(before) ? 'dropped' : before.stage)
    }),
  )
})
