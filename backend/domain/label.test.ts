import { describe, expect, it } from 'vitest'
import { showableLabel } from './label.ts'

describe('a label that others may see', () => {
  it.each([
    ['clutch', [], 'clutch'],
    ['see example.com', [], null],
    ['www.bad', [], null],
    ['what a Muppet', ['muppet'], null],
    ['m.u.p.p.e.t', ['muppet'], null],
    ['MÜPPÉT', ['muppet'], null],
    ['mupp3t', ['Muppet'], null],
    ['puppet', ['muppet'], 'puppet'],
    ['anything', ['!', ' '], 'anything'],
  ])('%s with %j banned', (label, banned, shown) => {
    expect(showableLabel([label], banned)).toBe(shown)
  })
  it('the next most used takes the place of one that may not be shown', () => {
    expect(showableLabel([null, 'muppet', 'the fall'], ['muppet'])).toBe('the fall')
    expect(showableLabel([])).toBeNull()
  })
})
