/** A selection of recordings of all kinds; `npm run soak -- media` renders them all. */
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CATALOGUE } from '../scripts/media-catalogue/catalogue.ts'
import { selection } from '../scripts/media-catalogue/selection.ts'
import { soakMedia } from '../scripts/soak/media.ts'

it.skipIf(!existsSync('/usr/bin/ffmpeg'))(
  'recordings of each kind become recaps that show what was asked for, or are refused by name',
  { timeout: 300_000 },
  async () => {
    const report = await soakMedia({
      sources: selection(),
      cutsOf: (n) => [n % 2 === 0 ? 'exact' : 'keyframe'],
    })
    expect(report.complaints).toEqual([])
    expect(report.right).toBeGreaterThan(report.renders / 2)
  },
)

it('no two sources of the catalogue have one name', () => {
  expect(new Set(CATALOGUE.map((s) => s.name)).size).toBe(CATALOGUE.length)
})
