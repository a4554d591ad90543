/** When a recording is as long as it gets, where nothing says so but that it stands still. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Fault } from '../../../shared/fault.ts'
import { saveChannel } from '../../db/channels.ts'
import { openDatabase } from '../../db/database.ts'
import { takeEcho } from '../../db/echoes.ts'
import { streamEnded, streamStarted } from '../../db/shows.ts'
import type { JobContext } from '../context.ts'
import { locateVods, type Located } from './locate-vods.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

/** A stream of an hour, of which Twitch lists a recording of so many minutes. */
async function look(recordedMs: number, inspect?: () => Promise<never>) {
  const db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'locate-')), 'echoes.sqlite'))
  onTestFinished(() => db.destroy())
  let now = START + 70 * MINUTE
  await saveChannel(db, { id: 'c', login: 'clara', displayName: 'Clara', email: null }, START)
  const stream = { channelId: 'c', streamId: 's', startedAtMs: START, title: 'T' }
  const showId = await streamStarted(db, stream, START)
  const person = { userId: 'c', login: 'clara', displayName: 'Clara', roles: ['streamer' as const] }
  const echo = {
    channelId: 'c',
    person,
    source: 'chat' as const,
    sourceKey: '1',
    lengthMs: null,
    latencyMs: null,
    label: null,
  }
  await takeEcho(db, { ...echo, askedAtMs: START + 10 * MINUTE }, START + 10 * MINUTE)
  await streamEnded(
    db,
    { channelId: 'c', streamId: 's', endedAtMs: START + 60 * MINUTE },
    START + 60 * MINUTE,
  )
  const vod = { vodId: 'v', streamId: 's', createdAtMs: START, durationMs: recordedMs }
  const context = {
    db,
    clock: { now: () => now },
    twitch: { recentArchives: async () => [vod] },
    vods: { inspect: inspect ?? (async () => ({ durationMs: recordedMs, complete: false })) },
  } as unknown as JobContext
  let before: Located | null = null
  return async (laterMs: number) => {
    now += laterMs
    before = await locateVods(context, 'r', showId, before)
    return { ...before }
  }
}

it('one that covers the stream is complete as soon as it stands still', async () => {
  const at = await look(60 * MINUTE)
  expect(await at(0)).toMatchObject({ kind: 'waiting' })
  expect(await at(MINUTE)).toMatchObject({ kind: 'found' })
})

it('one that lacks what a drop of the connection cost is complete once it has stood still for half an hour', async () => {
  const at = await look(40 * MINUTE)
  for (let n = 0; n < 3; n++) expect(await at(10 * MINUTE)).toMatchObject({ kind: 'waiting' })
  expect(await at(10 * MINUTE)).toMatchObject({ kind: 'found' })
})

it('one that is listed and cannot be read is another matter than one that does not come', async () => {
  const gone = await look(60 * MINUTE, async () => {
    throw new Fault('the playlist is gone', 'damaged')
  })
  expect(await gone(0)).toMatchObject({ kind: 'waiting', unreadable: true })
  const away = await look(60 * MINUTE, async () => {
    throw new Fault('Twitch answered 503', 'transient')
  })
  expect(await away(0)).toMatchObject({ kind: 'waiting', unreadable: false })
})
