/** Comparing with Twitch: of many channels each has its turn, and none keeps the others waiting. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { saveChannel } from '../db/channels.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { streamStarted } from '../db/shows.ts'
import { makeLog } from '../log.ts'
import { makeReconciler, WANTED_EVENTS, type ReconcileContext, type Reconciler } from './reconcile.ts'

const NOW = Date.UTC(2026, 10, 23, 20)
const MINUTE = 60_000
const CALLBACK = 'https://echoes.example/events/twitch'

type Live = Awaited<ReturnType<ReconcileContext['twitch']['liveStreams']>>
type Facts = Awaited<ReturnType<ReconcileContext['twitch']['subscriptionsOf']>>

let db: Database
let now: number
let live: Live
/** Channels whose subscriptions and recordings were asked for, in order. */
let asked: string[]
let subscribed: Facts
let ended: string[]
/** Twitch does not answer what is about these. */
let silent: Set<string>
let reconciler: Reconciler

const idOf = (n: number) => `c${String(n).padStart(3, '0')}`
const signUp = async (count: number) => {
  for (let n = 0; n < count; n++)
    await saveChannel(db, { id: idOf(n), login: `l${n}`, displayName: `L${n}`, email: null }, NOW)
}
const streams = () => db.selectFrom('streams').select(['id', 'title', 'ended_at']).orderBy('id').execute()

beforeEach(async () => {
  db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'reconcile-')), 'echoes.sqlite'))
  onTestFinished(() => db.destroy())
  ;[now, live, asked, subscribed, ended, silent] = [NOW, [], [], [], [], new Set()]
  const heard = (channelId: string) => {
    if (silent.has(channelId)) throw new Error('Twitch does not answer')
  }
  const twitch: Partial<ReconcileContext['twitch']> = {
    liveStreams: async () => live,
    recentArchives: async (channelId) => {
      heard(channelId)
      return []
    },
    async subscriptionsOf(channelId) {
      asked.push(channelId)
      heard(channelId)
      return subscribed.filter((s) => s.channelId === channelId)
    },
    subscriptionsTo: async () => subscribed.filter((s) => s.channelId === null),
    async *allSubscriptions() {
      yield subscribed
    },
    async subscribe(type, channelId) {
      const id = `${type} ${channelId}`
      subscribed.push({ id, type, status: 'enabled', channelId: channelId || null, callback: CALLBACK })
    },
    async unsubscribe(id) {
      subscribed = subscribed.filter((s) => s.id !== id)
    },
  }
  reconciler = makeReconciler({
    db,
    clock: { now: () => now },
    log: makeLog('silent'),
    twitch: twitch as ReconcileContext['twitch'],
    vods: { measure: async () => null },
    callback: CALLBACK,
    showEnded: async (showId) => void ended.push(showId),
  })
})

const round = async () => {
  await reconciler.round()
  now += MINUTE
}

it('of 150 channels each is looked at within three rounds, and no round asks about more than sixty', async () => {
  await signUp(150)
  for (let n = 0; n < 3; n++) {
    await round()
    expect(new Set(asked).size).toBe(Math.min(150, 60 * (n + 1)))
  }
  expect(subscribed.filter((s) => s.channelId !== null)).toHaveLength(150 * WANTED_EVENTS.length)
  // Then those that were looked at longest ago: after three more, each twice at least.
  for (let n = 0; n < 3; n++) await round()
  for (let n = 0; n < 150; n++) expect(asked.filter((id) => id === idOf(n)).length).toBeGreaterThan(1)
})

it('a channel about which Twitch does not answer keeps no other waiting', async () => {
  await signUp(3)
  silent.add(idOf(0))
  live = [{ streamId: 's1', channelId: idOf(1), startedAtMs: NOW, title: 'Here' }]
  await round()
  expect((await streams()).map((s) => s.id)).toEqual(['s1'])
  expect(subscribed.filter((s) => s.channelId === idOf(2))).toHaveLength(WANTED_EVENTS.length)
})

it('a title that Twitch’s list did not have at the start is filled in once it has', async () => {
  await signUp(1)
  await streamStarted(db, { channelId: idOf(0), streamId: 's', startedAtMs: NOW, title: '' }, NOW)
  await round()
  live = [{ streamId: 's', channelId: idOf(0), startedAtMs: NOW, title: 'Late words' }]
  await round()
  expect(await streams()).toMatchObject([{ title: 'Late words', ended_at: null }])
})

it('a stream that the list lacks for a while goes on; one that it lacks for minutes has ended', async () => {
  await signUp(1)
  await streamStarted(db, { channelId: idOf(0), streamId: 's', startedAtMs: NOW, title: 'T' }, NOW)
  now += 30 * MINUTE
  live = [{ streamId: 's', channelId: idOf(0), startedAtMs: NOW, title: 'T' }]
  await round()
  live = []
  for (let n = 0; n < 4; n++) await round()
  live = [{ streamId: 's', channelId: idOf(0), startedAtMs: NOW, title: 'T' }]
  await round()
  expect(await streams()).toMatchObject([{ ended_at: null }])
  live = []
  for (let n = 0; n < 6; n++) await round()
  expect((await streams())[0]?.ended_at).not.toBeNull()
  expect(ended).toHaveLength(1)
})

it('subscriptions of channels that are gone are ended, once a day', async () => {
  await signUp(1)
  const stranger = { type: 'stream.online', status: 'enabled', callback: CALLBACK }
  subscribed.push({ id: 'old', channelId: 'gone', ...stranger })
  await round()
  expect(subscribed.some((s) => s.id === 'old')).toBe(false)
})
