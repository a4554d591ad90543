/** Clips as a way to a recording: each is public on the channel, so none is ordered twice without need. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../../shared/fault.ts'
import { expect, inject, it, onTestFinished, vi } from 'vitest'
import { PEOPLE, startSandbox } from '../../../scripts/sandbox/sandbox.ts'
import { clipOrders } from '../../db/clip-orders.ts'
import { openDatabase } from '../../db/database.ts'
import { Downloads } from '../../media/downloads.ts'
import { renderRecap } from '../../media/render.ts'
import { twitchClips, type Clips } from '../../twitch/clips.ts'
import { storedAuthProvider } from '../../twitch/tokens.ts'
import { clipsSource } from './clips.ts'

const STREAM_SEC = 150
const LOST_MS = 3_600_000

/** A source of clips of one recording. @param ordering what becomes of an order, where that is not what Twitch does */
async function source(ordering: (order: Clips['order']) => Clips['order'] = (order) => order) {
  const sandbox = await startSandbox({ footageDir: inject('clockVod') })
  onTestFinished(() => sandbox.close())
  vi.stubEnv('TWURPLE_MOCK_API_PORT', new URL(sandbox.addresses.twitch).port)
  onTestFinished(() => void vi.unstubAllEnvs())
  sandbox.clips.listingDelayMs = 300
  const { id, secret } = sandbox.twitchId.client
  const channelId = sandbox.twitch.userOf(PEOPLE.streamer).id
  const scopes = ['channel:manage:clips']
  const accessToken = sandbox.twitchId.issueFor(channelId, scopes)
  const tokens = { accessToken, refreshToken: '', obtainedAtMs: Date.now(), expiresInSec: 14_400, scopes }
  const twitch = twitchClips(
    storedAuthProvider(id, secret, { read: async () => tokens, renew: async () => null }),
  )
  const stream = sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - STREAM_SEC * 1000 })
  sandbox.twitch.end(channelId)
  const vod = { vodId: sandbox.twitch.vodOf(stream.id)?.id ?? '', channelId, durationMs: STREAM_SEC * 1000 }
  const folder = () => mkdtempSync(join(tmpdir(), 'clips-'))
  const db = await openDatabase(join(folder(), 'orders.sqlite'))
  onTestFinished(() => db.destroy())
  const clock = { now: Date.now() }
  const clips = clipsSource({
    clips: { ...twitch, order: ordering(twitch.order) },
    orders: clipOrders(db),
    downloads: new Downloads({ overall: 12, perHost: 6 }),
    pollMs: 100,
    patienceMs: 30_000,
    lostMs: LOST_MS,
    now: () => clock.now,
  })
  const ordered = () => sandbox.clips.ordered.map((c) => c.startSec)
  return { sandbox, clips, vod, folder, clock, ordered }
}

it('45 moments by way of clips: each is ordered once, also when answers are lost on the way', async () => {
  let lost = 0
  const { clips, vod, folder, ordered } = await source((order) => async (clip, mayBeSent) => {
    const made = await order(clip, mayBeSent)
    // Every tenth answer does not arrive.
    if (clip.endSec % 10 === 0 && lost++ < 4) throw new Error('the connection broke')
    return made
  })
  const dir = folder()
  const spans = Array.from({ length: 45 }, (_, n) => ({ startSec: 5 + 3 * n, endSec: 10 + 3 * n }))
  const footage = await vi.waitFor(() => clips.bring(vod, spans, dir), 60_000)
  expect(lost).toBeGreaterThan(0)
  expect(ordered()).toHaveLength(45)
  const pieces = footage.pieces.flatMap((ofSpan, n) => ofSpan.map((p) => ({ ...p, name: `moment ${n + 1}` })))
  const rendered = await renderRecap({ pieces, file: join(dir, 'recap.mp4'), stillsDir: dir })
  expect(rendered.pieces).toHaveLength(45)
  // What was downloaded is swept away: the clips are known all the same.
  await clips.bring(vod, spans.slice(0, 5), folder())
  expect(ordered()).toHaveLength(45)
  expect(rendered.durationSec).toBeGreaterThan(45 * 4.8)
}, 180_000)

it('an order of which nobody knows what became of it holds up none of the others', async () => {
  const { clips, vod, folder, ordered } = await source((order) => async (clip, mayBeSent) => {
    if (clip.endSec !== 20) return order(clip, mayBeSent)
    if (!(await mayBeSent())) return null
    throw new Error('the connection broke, and Twitch has heard nothing')
  })
  const spans = [10, 40, 70].map((startSec) => ({ startSec, endSec: startSec + 10 }))
  const dir = folder()
  await expect(clips.bring(vod, spans, dir)).rejects.toThrow('the connection broke')
  const unsure = 'Twitch has not said whether it made clip 10-20 s'
  await expect(clips.bring(vod, spans, dir)).rejects.toMatchObject({ kind: 'transient', message: unsure })
  expect(ordered()).toEqual([40, 70])
  await expect(clips.bring(vod, spans, dir)).rejects.toThrow(unsure)
  expect(ordered()).toEqual([40, 70])
}, 60_000)

it('an order that was turned away for want of a grant goes out at once when the streamer has connected again', async () => {
  let isRevoked = true
  const { clips, vod, folder, ordered } = await source((order) => async (clip, mayBeSent) => {
    if (!isRevoked) return order(clip, mayBeSent)
    await mayBeSent()
    throw new Fault('the grant at Twitch is no longer valid', 'person', { isUnsent: true })
  })
  const spans = [{ startSec: 10, endSec: 20 }]
  await expect(clips.bring(vod, spans, folder())).rejects.toMatchObject({ kind: 'person' })
  isRevoked = false
  expect((await clips.bring(vod, spans, folder())).pieces[0]).toHaveLength(1)
  expect(ordered()).toEqual([10])
}, 60_000)

it('a clip that was deleted at Twitch is ordered again, but not before its order is two hours old', async () => {
  const { sandbox, clips, vod, folder, clock, ordered } = await source()
  const spans = [{ startSec: 10, endSec: 20 }]
  await clips.bring(vod, spans, folder())
  sandbox.clips.delete(sandbox.clips.ordered[0]?.id ?? '')
  // The recap that is being made looks a few times before it goes without the clip.
  for (const passedMs of [LOST_MS, 10_000, LOST_MS - 10_000]) {
    clock.now += passedMs
    const { lost } = await clips.bring(vod, spans, folder())
    expect(lost).toEqual(['clip 10-20 s has never appeared'])
    expect(ordered()).toEqual([])
  }
  const { pieces } = await clips.bring(vod, spans, folder())
  expect(pieces[0]).toHaveLength(1)
  expect(ordered()).toEqual([10])
}, 60_000)
