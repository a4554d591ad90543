/** A dozen kills of uploads; `npm run soak -- upload` makes two hundred. */
import { expect, it } from 'vitest'
import { seeded } from '../scripts/soak/seeded.ts'
import { soakUpload } from '../scripts/soak/upload.ts'

it(
  'an upload that is killed at any byte and moment ends as one video, whole',
  { timeout: 120_000 },
  async () => {
    const report = await soakUpload(12, seeded(Date.now() % 100_000))
    expect(report).toMatchObject({ lost: 0, doubled: 0, damaged: 0 })
    expect(report.kills).toBeGreaterThanOrEqual(12)
  },
)
