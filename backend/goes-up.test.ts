/** When a recap that nobody touches goes up. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { changeSettings, findChannel, saveChannel } from './db/channels.ts'
import { giveConsent } from './db/consents.ts'
import { openDatabase } from './db/database.ts'
import { recapOfShow } from './db/recaps.ts'
import { streamStarted } from './db/shows.ts'
import { goesUpAt } from './goes-up.ts'

const NOW = Date.UTC(2026, 10, 23, 20)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

it('a recap goes up when the time for review is over; one that was ready before the streamer agreed waits for their word', async () => {
  const db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'goes-up-')), 'echoes.sqlite'))
  onTestFinished(() => db.destroy())
  await saveChannel(db, { id: 'c', login: 'clara', displayName: 'Clara', email: null }, NOW)
  const stream = { channelId: 'c', streamId: 's', startedAtMs: NOW, title: 'T' }
  const showId = await streamStarted(db, stream, NOW)
  await changeSettings(db, 'c', { reviewMs: MINUTE }, NOW)
  const channel = await findChannel(db, 'c')
  if (!channel || !showId) throw new Error('there is no show')
  const recap = { ...(await recapOfShow(db, { id: showId, channelId: 'c' }, NOW)), readyAtMs: NOW }
  const upAt = () => goesUpAt(db, channel, recap)
  expect(await upAt()).toBeNull()
  await giveConsent(db, 'c', 'auto_publish', {}, NOW - 1)
  expect(await upAt()).toBe(NOW + MINUTE)
  await giveConsent(db, 'c', 'upload', {}, NOW)
  expect(await upAt()).toBeNull()
  await giveConsent(db, 'c', 'auto_publish', {}, NOW + DAY)
  expect(await upAt()).toBeNull()
})
