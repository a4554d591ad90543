/** Some shows in bad weather; `npm run soak -- weather` plays hundreds. */
import { expect, inject, it } from 'vitest'
import { seeded } from '../scripts/soak/seeded.ts'
import { soakWeather } from '../scripts/soak/weather.ts'

it(
  'under faults of every service and kills of every process each recap is published once, or its owner told and it goes ahead',
  { timeout: 1_200_000 },
  async () => {
    const report = await soakWeather({
      shows: 4,
      streamers: 2,
      sources: ['hls'],
      speed: 60,
      random: seeded(3),
      footageDir: inject('clockVod'),
    })
    expect(report.complaints).toEqual([])
    expect(report).toMatchObject({ shows: 4, lost: 0, doubled: 0, publicWithoutConsent: 0, crashes: 0 })
    expect(report.published).toBe(report.recaps)
    expect(report.faults).toBeGreaterThan(0)
  },
)
