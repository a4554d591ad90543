/** Forty plans over a server with faults; `npm run soak -- render` plays five hundred. */
import { expect, inject, it } from 'vitest'
import { soakRender } from '../scripts/soak/render.ts'

it('each plan ends in a right recap, or in an error that names the part', { timeout: 200_000 }, async () => {
  const report = await soakRender(inject('clockVod'), 40)
  expect(report).toMatchObject({ plans: 40, wrong: 0, leftovers: 0 })
  expect(report.recaps).toBeGreaterThan(5)
  expect(report.faults).toBeGreaterThan(20)
})
