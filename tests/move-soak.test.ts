/** Some objects and faults; `npm run soak -- move` moves a thousand through two hundred. */
import { expect, it } from 'vitest'
import { hasSwift } from '../scripts/sandbox/s3/swift.ts'
import { soakMove } from '../scripts/soak/move.ts'
import { seeded } from '../scripts/soak/seeded.ts'

it.skipIf(!hasSwift())(
  'whatever fails while media is moved, each object is there once in the end, unharmed',
  { timeout: 180_000 },
  async () => {
    const report = await soakMove({ objects: 40, faults: 16, random: seeded(Date.now() % 100_000) })
    expect(report).toMatchObject({ objects: 40, lost: 0, doubled: 0, damaged: 0 })
    expect(report?.faults).toBeGreaterThan(6)
  },
)
