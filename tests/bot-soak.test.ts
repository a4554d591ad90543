/** Two bots, two restarts, a dozen channels; `npm run soak -- bot` has two hundred. */
import { expect, inject, it } from 'vitest'
import { soakBot } from '../scripts/soak/bot.ts'
import { inventedTiming, realTiming } from '../scripts/soak/chat-timing.ts'
import { seeded } from '../scripts/soak/seeded.ts'

it(
  'bots that restart lose and double nothing, and keep to Twitch’s limits',
  { timeout: 240_000 },
  async () => {
    const random = seeded(7)
    const report = await soakBot({
      channels: 12,
      seconds: 15,
      restarts: 2,
      timing: realTiming() ?? inventedTiming(600, random),
      random,
      footageDir: inject('clockVod'),
    })
    expect(report).toMatchObject({ lost: 0, doubled: 0, answeredTwice: 0, repliesTooSoon: 0 })
    expect(report.sent).toBeGreaterThan(10)
    expect(report.replies).toBeGreaterThan(0)
  },
)
