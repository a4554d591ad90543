/** A recap that waits for the streamer's word: nothing is published by itself, and it can be made anew. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { DeskState } from '../shared/desk.ts'
import { recapsOf, type Recap } from '../backend/db/recaps.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
beforeAll(async () => {
  running = await startRunning()
})
afterAll(() => running?.stop())

it('all moments are moved with one press; then it is published, once', async () => {
  const { sandbox, site, channelId, echoes } = running
  await setUpStreamer(site, PEOPLE.streamer)
  await running.subscribed()
  const visitor = new Visitor()
  await signIn(visitor, site, PEOPLE.streamer)
  await visitor.submit(`${site}/agreement`, { kind: 'upload' })
  sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000, title: 'Clock practice' })
  const known = () => echoes.db.selectFrom('streams').select('id').executeTakeFirst()
  await vi.waitFor(async () => expect(await known()).toBeTruthy(), 10_000)
  sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 thunder')
  const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
  await vi.waitFor(async () => expect(await taken()).toHaveLength(1), 10_000)
  sandbox.twitch.end(channelId)

  const waiting = () =>
    vi.waitFor(async () => {
      const [recap] = await recapsOf(echoes.db, channelId)
      expect(recap?.state).toBe('rendered')
      return recap as Recap
    }, 30_000)
  const startOf = (recap: Recap) => recap.product?.moments[0]?.pieces[0]?.startSec ?? NaN
  const before = await waiting()
  expect(before.product?.timing).toBe('table')
  const edit = { seen: 0, card: '', change: { allByMs: -2_000 } }
  const edited = await visitor.ask<DeskState>(`${site}/recaps/${before.id}/edits`, edit)
  expect(edited.body).toMatchObject({ fresh: false, timing: 'table', allByMs: -2_000, canUndo: true })
  await visitor.ask(`${site}/recaps/${before.id}/again`, {})
  const after = await vi.waitFor(async () => {
    const again = await waiting()
    expect(again.version).toBeGreaterThan(before.version + 1)
    return again
  }, 30_000)
  expect(after.id).toBe(before.id)
  expect(startOf(after)).toBeCloseTo(startOf(before) - 2, 3)

  await visitor.submit(`${site}/recaps/${before.id}/publish`, {})
  await vi.waitFor(
    async () => expect((await recapsOf(echoes.db, channelId)).map((r) => r.state)).toEqual(['published']),
    30_000,
  )
  expect(sandbox.google.videos).toHaveLength(1)
})
