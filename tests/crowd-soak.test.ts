import { expect, inject, it } from 'vitest'
import { soakCrowd } from '../scripts/soak/crowd.ts'

it(
  'with more channels live than fit into one page of Twitch’s list, all are heard, and none is taken for ended',
  {
    timeout: 400_000,
  },
  async () => {
    const report = await soakCrowd({
      channels: 26,
      live: 24,
      rounds: 2,
      ending: 3,
      speed: 60,
      footageDir: inject('clockVod'),
    })
    expect(report).toMatchObject({
      commands: 48,
      refusedWrongly: 0,
      endedWrongly: 0,
      recaps: 3,
      published: 3,
      doubled: 0,
      tooMany: 0,
    })
    // A sign-up concerns its own channel, however many others there are: 9 subscriptions, and what the page shows.
    expect(report.requestsPerSignUp).toBeLessThan(30)
  },
)
