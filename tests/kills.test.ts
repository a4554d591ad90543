/** A dozen kills of the main job; `npm run soak -- kills` has a hundred. */
import { expect, inject, it } from 'vitest'
import { freshDatabase } from '../scripts/soak/database.ts'
import { soakKills, type Point } from '../scripts/soak/kills.ts'

/** Two kills for each instance, so that all points are met and a kill while recovering is, too. */
const PLANS: Point[][] = [
  ['a command is said', 'render running'],
  ['the bot answers', 'parts are fetched'],
  ['the end is told', 'an upload session opens'],
  ['confirm completed', 'half the video is there'],
  ['locate-0 completed', 'the whole video is there'],
  ['render completed', 'publish-0 completed'],
  ['decision-0 completed', 'the mail is there'],
]

it('a killed Echoes ends with the same recap, one upload and one mail', { timeout: 400_000 }, async () => {
  const server = inject('postgresUrl')
  const report = await soakKills({
    plans: PLANS,
    jitterMs: () => 0,
    footageDir: inject('clockVod'),
    // Every second one on PostgreSQL, where there is one.
    databaseUrl: async (n) => (server && n % 2 === 1 ? freshDatabase(server, `kills_${n}`) : null),
  })
  expect(report).toMatchObject({
    lost: 0,
    doubled: 0,
    different: 0,
    leftovers: 0,
    uploadsPerRecap: 1,
    mailsPerRecap: 1,
  })
  expect(report.kills).toBeGreaterThanOrEqual(12)
})
