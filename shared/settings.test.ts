import fc from 'fast-check'
import { expect, it } from 'vitest'
import { settingsBody, type SettingsChange } from './api.ts'
import { contradictionIn, DEFAULT_SETTINGS, settingsAfter, type ChannelSettings } from './settings.ts'

const lengths = fc.record(
  {
    defaultLengthMs: fc.integer({ min: 10_000, max: 300_000 }),
    longLengthMs: fc.integer({ min: 15_000, max: 900_000 }),
    maxLengthMs: fc.integer({ min: 15_000, max: 900_000 }),
  },
  { requiredKeys: [] },
)

it('however lengths are changed, what was asked for holds, and no length is longer than the longest echo', () => {
  fc.assert(
    fc.property(fc.array(lengths, { maxLength: 12 }), (changes) => {
      let settings: ChannelSettings = DEFAULT_SETTINGS
      for (const change of changes) {
        const { success } = settingsBody.safeParse({ version: 1, change })
        expect(success).toBe(contradictionIn(change) === null)
        if (!success) continue
        settings = settingsAfter(settings, change)
        expect(settings).toMatchObject(change)
        expect(contradictionIn(settings)).toBeNull()
        expect(settingsBody.safeParse({ version: 1, change: pick(settings) }).success).toBe(true)
      }
    }),
  )
})

it('a change that contradicts itself is refused in words', () => {
  const change: SettingsChange = { defaultLengthMs: 60_000, maxLengthMs: 30_000 }
  const answer = settingsBody.safeParse({ version: 1, change })
  expect(answer.error?.issues[0]?.message).toBe(
    'An echo without a number would be longer than the longest echo.',
  )
})

it('lowering the longest echo brings the usual one down with it', () => {
  const { defaultLengthMs, longLengthMs } = settingsAfter(DEFAULT_SETTINGS, { maxLengthMs: 15_000 })
  expect([defaultLengthMs, longLengthMs]).toEqual([15_000, 15_000])
})

function pick({ defaultLengthMs, longLengthMs, maxLengthMs }: ChannelSettings) {
  return { defaultLengthMs, longLengthMs, maxLengthMs }
}
