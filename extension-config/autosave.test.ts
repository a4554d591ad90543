import { describe, expect, it } from 'vitest'
import type { ConfigState, ExtensionSettings } from '../shared/api.ts'
import { DEFAULT_SETTINGS } from '../shared/settings.ts'
import { afterConflict } from './autosave.ts'

const config = (change: Partial<ExtensionSettings> = {}): ConfigState => ({
  signedUp: true,
  siteUrl: '',
  missing: [],
  version: 1,
  settings: { ...DEFAULT_SETTINGS, ...change },
  approved: [],
  blocked: [],
})

describe('when the settings were changed elsewhere meanwhile', () => {
  it('what only one side touched goes through', () => {
    expect(afterConflict(config(), config({ undoMs: 1_000 }), { cooldownMs: 2_000 })).toEqual([])
  })

  it('what both changed alike is no dispute', () => {
    expect(afterConflict(config(), config({ mode: 'streamer' }), { mode: 'streamer' })).toEqual([])
  })

  it('what both changed differently is for the streamer to say', () => {
    expect(
      afterConflict(config(), config({ cooldownMs: 90_000 }), { cooldownMs: 30_000, votes: false }),
    ).toEqual([{ field: 'cooldownMs', mine: 30_000, theirs: 90_000 }])
  })
})
