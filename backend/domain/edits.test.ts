import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../shared/desk.ts'
import { nextUndo, standingEdits, type LoggedEdit } from './edit-log.ts'
import { allByOf, cardIdOf, cardsOf, readCardId, sameThing, wordsOf, type Card, type Edit } from './edits.ts'
import type { Moment } from './moments.ts'

const SECOND = 1_000
const moment = (id: string, startSec: number, endSec: number, label?: string): Moment => ({
  id,
  startMs: startSec * SECOND,
  endMs: endSec * SECOND,
  echoIds: [id],
  people: [{ userId: `by-${id}`, displayName: id.toUpperCase() }],
  labels: label ? [label] : [],
})
const THREE = [moment('a', 0, 30), moment('b', 100, 130, 'boss'), moment('c', 200, 260)]

let at = 0
const edit = (card: string, change: Change): Edit => {
  const { echoId, part } = readCardId(card)
  const of = THREE.find((m) => m.id === echoId)
  return { echoId, part, change, atMs: at++, startMs: of?.startMs ?? 0, endMs: of?.endMs ?? 0 }
}
const spans = (cards: Card[]) => cards.map((c) => [c.id, c.startMs / SECOND, c.endMs / SECOND])

describe('edits make cards of moments', () => {
  it('without edits each moment is a card, in the order of the show', () => {
    expect(spans(cardsOf(THREE, []))).toEqual([
      ['a', 0, 30],
      ['b', 100, 130],
      ['c', 200, 260],
    ])
  })

  it('trim, title and shift; of two words about the same the later counts', () => {
    const [, b] = cardsOf(THREE, [
      edit('b', { trim: { startMs: 105_000, endMs: 120_000 } }),
      edit('b', { shiftMs: -2_000 }),
      edit('b', { title: 'first' }),
      edit('b', { title: 'second' }),
    ])
    expect(b).toMatchObject({ startMs: 103_000, endMs: 118_000, title: 'second' })
    expect(cardsOf(THREE, [edit('a', { shiftMs: -5_000 })])[0]).toMatchObject({ startMs: 0, endMs: 30_000 })
    expect(cardsOf(THREE, [edit('a', { trim: { startMs: 9_000, endMs: 9_500 } })])[0]?.endMs).toBe(30_000)
  })

  it('reorders by what comes next', () => {
    const order = (...edits: Edit[]) => cardsOf(THREE, edits).map((c) => c.id)
    expect(order(edit('c', { before: 'a' }))).toEqual(['c', 'a', 'b'])
    expect(order(edit('a', { before: null }))).toEqual(['b', 'c', 'a'])
    expect(order(edit('a', { before: 'nobody' }))).toEqual(['a', 'b', 'c'])
  })

  it('merges with its people and title, and what was said about either is said about both', () => {
    const cards = cardsOf(THREE, [
      edit('b', { title: 'the boss' }),
      edit('a', { mergeWith: 'b' }),
      edit('b', { shiftMs: 1_000 }),
    ])
    expect(spans(cards)).toEqual([
      ['a', 1, 131],
      ['c', 200, 260],
    ])
    expect(cards[0]).toMatchObject({ title: 'the boss', labels: ['boss'] })
    expect(cards[0]?.people).toHaveLength(2)
  })

  it('splits into two that are edited by themselves; without the split, what was said about the second half is nothing', () => {
    const half = cardIdOf('c', 220_000)
    const dropped = edit(half, { kept: false })
    const cards = cardsOf(THREE, [edit('c', { splitAtMs: 220_000 }), dropped])
    expect(spans(cards).slice(2)).toEqual([
      ['c', 200, 220],
      [half, 220, 260],
    ])
    expect(cards.map((c) => c.kept)).toEqual([true, true, true, false])
    expect(cardsOf(THREE, [dropped]).every((c) => c.kept)).toBe(true)
    expect(cardsOf(THREE, [edit('c', { splitAtMs: 200_100 })])).toHaveLength(3)
  })

  it('any edits at all: cards have length and name, ids are unique, and nobody’s echo is lost', () => {
    const ids = fc.constantFrom('a', 'b', 'c', cardIdOf('c', 220_000), 'gone')
    const ms = fc.integer({ min: 0, max: 300_000 })
    const anyChange: fc.Arbitrary<Change> = fc.oneof(
      fc.record({ kept: fc.boolean() }),
      fc.record({ trim: fc.record({ startMs: ms, endMs: ms }) }),
      fc.record({ title: fc.option(fc.string({ maxLength: 20 })) }),
      fc.record({ shiftMs: fc.integer({ min: -300_000, max: 300_000 }) }),
      fc.record({ before: fc.option(ids) }),
      fc.record({ mergeWith: ids }),
      fc.record({ splitAtMs: fc.constantFrom(220_000, 110_000, 15_000) }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, anyChange), { maxLength: 30 }), (list) => {
        const cards = cardsOf(
          THREE,
          list.map(([id, change]) => edit(id, change)),
        )
        expect(new Set(cards.map((c) => c.id)).size).toBe(cards.length)
        for (const card of cards) {
          expect(card.endMs - card.startMs).toBeGreaterThanOrEqual(SECOND)
          expect(card.startMs).toBeGreaterThanOrEqual(0)
        }
        expect(new Set(cards.flatMap((c) => c.echoIds))).toEqual(new Set(['a', 'b', 'c']))
      }),
    )
  })

  it('words and the move of all are about the whole recap', () => {
    const all = [
      edit('', { words: { title: 'one', privacy: 'private' } }),
      edit('', { allByMs: 2_000 }),
      edit('', { words: { title: 'two' } }),
      edit('', { allByMs: -500 }),
    ]
    expect(wordsOf(all)).toEqual({ title: 'two', privacy: 'private' })
    expect(allByOf(all)).toBe(1_500)
  })

  it('knows when two changes are about the same thing', () => {
    expect(sameThing({ title: 'x' }, { title: 'y' })).toBe(true)
    expect(sameThing({ title: 'x' }, { kept: false })).toBe(false)
    expect(sameThing({ shiftMs: 1 }, { trim: { startMs: 0, endMs: 5_000 } })).toBe(true)
    expect(sameThing({ words: { title: 'x' } }, { words: { tags: [] } })).toBe(false)
    expect(sameThing({ allByMs: 1 }, { allByMs: 1 })).toBe(false)
  })
})

describe('the log of edits', () => {
  it('undo all is nothing, redo all is everything; nobody takes back what somebody else did', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ann', 'ben'), { minLength: 1, maxLength: 20 }), (authors) => {
        const log: LoggedEdit[] = authors.map((author, n) => ({
          id: `e${n}`,
          author,
          change: { shiftMs: n },
        }))
        const mine = authors.filter((a) => a === 'ann').length
        const step = (what: 'undo' | 'redo') => {
          const id = nextUndo(log, 'ann')[what]
          if (id === null) return false
          const change = what === 'undo' ? { undo: id } : { redo: id }
          log.push({ id: `x${log.length}`, author: 'ann', change })
          return true
        }
        let steps = 0
        while (step('undo')) steps++
        expect(steps).toBe(mine)
        expect(standingEdits(log).every((e) => e.author === 'ben')).toBe(true)
        while (step('redo')) steps--
        expect(steps).toBe(0)
        expect(standingEdits(log).map((e) => e.id)).toEqual(authors.map((_, n) => `e${n}`))
      }),
    )
  })

  it('a new change after an undo leaves nothing to bring back', () => {
    const log: LoggedEdit[] = [
      { id: '1', author: 'ann', change: { shiftMs: 1 } },
      { id: '2', author: 'ann', change: { undo: '1' } },
    ]
    expect(nextUndo(log, 'ann')).toEqual({ undo: null, redo: '1' })
    log.push({ id: '3', author: 'ann', change: { shiftMs: 2 } })
    expect(nextUndo(log, 'ann')).toEqual({ undo: '3', redo: null })
  })
})
