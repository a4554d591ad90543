/** What editors may do, and what makes a recap wait for its streamer. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Change } from '../../shared/desk.ts'
import { isTouched, mayDo } from './desk-rights.ts'

it('publishing, dropping, restoring, privacy and audience are the streamer’s alone; the rest is also an editor’s', () => {
  const edits: [Change, boolean][] = [
    [{ kept: false }, true],
    [{ title: 'Better' }, true],
    [{ words: { title: 'Better', thumbnail: 'a' } }, true],
    [{ words: { privacy: 'public' } }, false],
    [{ words: { title: 'Better', madeForKids: false } }, false],
  ]
  for (const [change, editor] of edits) {
    expect(mayDo('editor', { do: 'edit', change })).toBe(editor)
    expect(mayDo('streamer', { do: 'edit', change })).toBe(true)
  }
  expect(mayDo('editor', { do: 'publish' })).toBe(false)
  expect(mayDo('editor', { do: 'drop' })).toBe(false)
  expect(mayDo('editor', { do: 'again', dropped: true })).toBe(false)
  expect(mayDo('editor', { do: 'again', dropped: false })).toBe(true)
})

it('a change by somebody else counts whenever it was made; the streamer’s own from when the recap is ready', () => {
  const edit = fc.record({
    author: fc.constantFrom('', 'me', 'other'),
    atMs: fc.integer({ min: 0, max: 20 }),
  })
  fc.assert(
    fc.property(fc.array(edit), (edits) => {
      const others = edits.some((e) => e.author !== 'me')
      const later = edits.some((e) => e.atMs >= 10)
      expect(isTouched(edits, 'me', 10)).toBe(others || later)
    }),
  )
})
