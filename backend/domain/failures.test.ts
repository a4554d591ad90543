/** The failure policy: its classes, and its page. */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { format, resolveConfig } from 'prettier'
import { CALLS, faultOf, pauseAfter, type Call, type CallName } from './failures.ts'
import { kindOf } from '../../shared/fault.ts'
import { failuresPage } from './failures-doc.ts'

const NAMES = Object.keys(CALLS) as CallName[]
const anyCall = fc.constantFrom(...NAMES)
const NOW = Date.UTC(2026, 10, 26, 12)

it('docs/failures.md is the table that the code goes by', async () => {
  const path = join(import.meta.dirname, '../../docs/failures.md')
  const page = await format(failuresPage(), { ...(await resolveConfig(path)), filepath: path })
  expect(readFileSync(path, 'utf8'), 'run `npm run failures`').toBe(page)
})

it('each call is judged by this table in the very file that the table names', () => {
  for (const name of NAMES) {
    const file = readFileSync(join(import.meta.dirname, '..', CALLS[name].where), 'utf8')
    // Where an adapter hands its call's name on, it is among the arguments.
    expect(file, `${CALLS[name].where} does not judge by “${name}”`).toContain(`'${name}'`)
  }
})

it('what the machine lacks at the moment passes; what nobody expected does not', () => {
  const said = (code: string) => kindOf(Object.assign(new Error(code), { code }))
  expect(['ENOSPC', 'EMFILE', 'ENOMEM'].map(said)).toEqual(['transient', 'transient', 'transient'])
  expect([said('ENOENT'), kindOf(new TypeError('undefined is not a function'))]).toEqual(['bug', 'bug'])
})

it('every answer of every service has a class, and a quota always says until when', () => {
  const answer = fc.record({
    status: fc.oneof(fc.constant(null), fc.integer({ min: 100, max: 599 })),
    reason: fc.option(fc.string(), { nil: undefined }),
  })
  fc.assert(
    fc.property(anyCall, answer, (name, given) => {
      const fault = faultOf(name, 'something', given, NOW)
      if (fault.kind === 'quota') expect(fault.notBeforeMs).toBeGreaterThan(NOW)
    }),
  )
  for (const name of NAMES) {
    const call: Call = CALLS[name]
    for (const rule of call.rules) expect(rule.kind === 'quota', rule.when).toBe(rule.until !== undefined)
  }
})

it('a service that cannot be reached, or answers 5xx, or with a page that is not its own, is always transient', () => {
  const passing = fc.oneof(
    fc.constant(null),
    fc.constantFrom(200, 408, 429),
    fc.integer({ min: 500, max: 599 }),
  )
  const http = NAMES.filter((name) => !['mail', 'renderer'].includes(name))
  fc.assert(
    fc.property(fc.constantFrom(...http), passing, (name, status) => {
      expect(faultOf(name, 'something', { status }, NOW).kind).toBe('transient')
    }),
  )
})

it('a pause is never none, grows, and stays under its limit', () => {
  const pauses = { firstMs: 10_000, longestMs: 3_600_000 }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (failures) => {
      const pause = pauseAfter(failures, pauses)
      expect(pause).toBeGreaterThanOrEqual(pauses.firstMs)
      expect(pause).toBeLessThanOrEqual(pauses.longestMs)
      expect(pauseAfter(failures + 1, pauses)).toBeGreaterThanOrEqual(pause)
    }),
  )
})
