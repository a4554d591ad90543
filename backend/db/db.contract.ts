/** What must hold for the database, whichever it is: run by `db.test.ts` on SQLite and on PostgreSQL. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../shared/mode.ts'
import { changeSettings, findChannel, saveChannel, setMode, setStanding, standingOf } from './channels.ts'
import { consentOf, giveConsent } from './consents.ts'
import type { Database } from './database.ts'
import { channelOfDeck, saveDeckKey } from './deck-keys.ts'
import { addEditor, channelsEditedBy, editorsOf, isEditor, removeEditor } from './editors.ts'
import { editLog, saveEdit, undoEdit } from './edits.ts'
import { hooksOf, saveHook } from './hooks.ts'
import { endSessionsOf, findSession, saveSession, turnSession } from './sessions.ts'
import { commandOutcomes, countingEchoes, takeEcho } from './echoes.ts'
import { undoEcho } from './own-echo.ts'
import { forgetPerson, withdrawGone, withdrawModerated } from './withdrawals.ts'
import { leaveRooms, shareRooms } from './bot-rooms.ts'
import { gapsBetween, markHeard, unheardBetween } from './chat-gaps.ts'
import { maySpeak, spoke } from './said.ts'
import { nameIdentity, rememberIdentity } from './identities.ts'
import { clipOrders, forgetClipOrders } from './clip-orders.ts'
import { beginDeparture } from './departures.ts'
import { startLongEcho, stopLongEcho } from './long-echoes.ts'
import { saveVote, votesOf } from './votes.ts'
import { takeEarlyEchoes } from './early-echoes.ts'
import { findGrant, grantRevoked, renewGrant, staleYoutubeGrants, storeNewGrant } from './grants.ts'
import { eventFailed, eventHandled, storeEvent, stuckEvents, waitingEvents, wakeEvents } from './inbox.ts'
import { dropLease, takeLease } from './leases.ts'
import { unstartedOwnVideos } from './own-videos.ts'
import { messageSent, queueMessage, takeMessage } from './outbox.ts'
import { NO_RECORDING, showsWithoutRecording, takeUpAgain, UNREADABLE } from './recap-again.ts'
import { decideRecap, Overtaken, recapOfShow, recordStep } from './recaps.ts'
import { findShow, streamEnded, streamGoesOn, streamsOf, streamStarted, unfinishedShows } from './shows.ts'

const NOW = Date.UTC(2026, 10, 23, 20)
const DAY_MS = 24 * 60 * 60_000

export function databaseContract(name: string, open: () => Promise<Database>): void {
  describe(`on ${name}`, () => {
    let db: Database
    let channelId: string
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.destroy())

    const newChannel = async () => {
      channelId = randomUUID()
      await saveChannel(db, { id: channelId, login: 'sunny', displayName: 'Sunny', email: null }, NOW)
    }
    const goLive = (startedAtMs = NOW) => {
      const streamId = randomUUID()
      return streamStarted(db, { channelId, streamId, startedAtMs, title: 'T' }, NOW).then((showId) => ({
        streamId,
        showId,
      }))
    }
    const ask = (
      login: string,
      atMs: number,
      lengthMs: number | null,
      roles: Role[] = [],
      sourceKey: string = randomUUID(),
    ) => ({
      channelId,
      person: { userId: `u-${login}`, login, displayName: login, roles },
      source: 'chat' as const,
      sourceKey,
      askedAtMs: atMs,
      lengthMs,
      latencyMs: null,
      label: null,
    })

    it('a recap without a recording is taken up when there is one; one that cannot be read, once a day', async () => {
      await newChannel()
      const { showId } = await goLive()
      await streamEnded(db, { channelId, streamId: null, endedAtMs: NOW + 60_000 }, NOW + 60_000)
      const fail = async (step: string, at: number) => {
        const recap = await recapOfShow(db, { id: showId, channelId }, at)
        await recordStep(db, recap, { state: 'failed', step, failure: 'x' }, at)
      }
      await fail(UNREADABLE, NOW)
      expect(await showsWithoutRecording(db, channelId, NOW)).toEqual([showId])
      expect(await takeUpAgain(db, showId, NOW + DAY_MS - 1)).toBe(false)
      expect(await takeUpAgain(db, showId, NOW + DAY_MS)).toBe(true)
      expect(await showsWithoutRecording(db, channelId, NOW)).toEqual([])
      await fail(NO_RECORDING, NOW + DAY_MS)
      expect(await takeUpAgain(db, showId, NOW + DAY_MS)).toBe(true)
      expect(await takeUpAgain(db, showId, NOW + DAY_MS)).toBe(false)
    })

    it('a sweep leaves alone what the streamer has dropped', async () => {
      await newChannel()
      const { showId, streamId } = await goLive()
      await streamEnded(db, { channelId, streamId, endedAtMs: NOW + 60_000 }, NOW)
      const swept = async () => (await unfinishedShows(db)).some((show) => show.id === showId)
      expect(await swept()).toBe(true)
      const recap = await recapOfShow(db, { id: showId, channelId }, NOW)
      expect(await swept()).toBe(true)
      expect(await decideRecap(db, recap.id, channelId, 'drop', NOW)).toBe(true)
      expect(await swept()).toBe(false)
      const own = await recapOfShow(db, { id: showId, channelId }, NOW, 'a long echo')
      const unstarted = async () => (await unstartedOwnVideos(db)).some((each) => each.showId === showId)
      expect(await unstarted()).toBe(true)
      await decideRecap(db, own.id, channelId, 'drop', NOW)
      expect(await unstarted()).toBe(false)
    })

    it('who leaves agrees to nothing any more', async () => {
      await newChannel()
      await giveConsent(db, channelId, 'auto_publish', {}, NOW)
      await beginDeparture(db, channelId, NOW)
      expect(await consentOf(db, channelId)).toBeNull()
    })

    it('of all who want a clip one orders it; again only when the order has become nothing', async () => {
      await newChannel()
      const orders = clipOrders(db)
      const key = { channelId, vodId: randomUUID(), startSec: 10, endSec: 40 }
      const claims = await Promise.all(Array.from({ length: 5 }, () => orders.claim(key, NOW, NOW - 1_000)))
      expect(claims.filter(Boolean)).toHaveLength(1)
      expect(await orders.find(key)).toEqual({ sentAtMs: NOW, clipId: null })
      expect(await orders.claim(key, NOW + 999, NOW - 1)).toBe(false)
      expect(await orders.claim(key, NOW + 1_000, NOW)).toBe(true)
      await orders.made(key, 'FunnyClip')
      expect(await orders.claim(key, NOW + DAY_MS, NOW + DAY_MS)).toBe(false)
      await orders.forget(key, null)
      expect(await orders.find(key)).toEqual({ sentAtMs: NOW + 1_000, clipId: 'FunnyClip' })
      await forgetClipOrders(db, NOW + 1_001)
      expect(await orders.find(key)).toBeNull()
    })

    it('the same message, taken by ten at once, is one echo', async () => {
      await newChannel()
      const { showId } = await goLive()
      const request = ask('mod', NOW + 60_000, null, ['moderator'])
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => takeEcho(db, request, NOW)))
      expect(outcomes.map((o) => o.kind).sort()).toEqual(['accepted', ...Array<string>(9).fill('known')])
      expect(await countingEchoes(db, showId)).toHaveLength(1)
    })

    it('two different messages of one person at the same moment: the cool-down lets one through', async () => {
      await newChannel()
      await setStanding(db, channelId, { userId: 'u-ann', login: 'ann' }, 'approved', NOW)
      const { showId } = await goLive()
      const both = [ask('ann', NOW + 60_000, 30_000), ask('ann', NOW + 60_000, 30_000)]
      await Promise.all(both.map((r) => takeEcho(db, r, NOW)))
      expect(await countingEchoes(db, showId)).toHaveLength(1)
      expect(await commandOutcomes(db, channelId)).toEqual({ accepted: 1, cooldown: 1 })
    })

    it('a longer echo replaces, and undo brings the replaced one back', async () => {
      await newChannel()
      await setStanding(db, channelId, { userId: 'u-ann', login: 'ann' }, 'approved', NOW)
      const { showId } = await goLive()
      await takeEcho(db, ask('ann', NOW + 60_000, 20_000), NOW)
      await takeEcho(db, ask('ann', NOW + 70_000, 40_000), NOW)
      expect((await countingEchoes(db, showId)).map((e) => e.lengthMs)).toEqual([40_000])
      const { person } = ask('ann', 0, null)
      expect(
        await undoEcho(db, { channelId, person, messageId: randomUUID(), atMs: NOW + 75_000 }, NOW),
      ).toBe('undone')
      expect((await countingEchoes(db, showId)).map((e) => e.lengthMs)).toEqual([20_000])
    })

    it('streamer only and back leaves the lists and the other settings as they were', async () => {
      await newChannel()
      await setStanding(db, channelId, { userId: 'u-ann', login: 'ann' }, 'approved', NOW)
      await changeSettings(db, channelId, { latencyMs: -2_000 }, NOW)
      const before = await findChannel(db, channelId)
      await setMode(db, channelId, 'streamer', NOW)
      expect((await findChannel(db, channelId))?.settings.mode).toBe('streamer')
      await setMode(db, channelId, 'trusted', NOW)
      expect((await findChannel(db, channelId))?.settings).toEqual(before?.settings)
      expect(await standingOf(db, channelId, 'u-ann')).toBe('approved')
    })

    it('what was changed on an older version of the settings is not written over the newer', async () => {
      await newChannel()
      const version = (await findChannel(db, channelId))?.settingsVersion ?? 0
      expect(await changeSettings(db, channelId, { cooldownMs: 1_000 }, NOW, version)).toBe(true)
      expect(await changeSettings(db, channelId, { cooldownMs: 2_000 }, NOW, version)).toBe(false)
      expect((await findChannel(db, channelId))?.settings.cooldownMs).toBe(1_000)
    })

    it('an echo is taken back within the channel’s time, and by the streamer at any time', async () => {
      await newChannel()
      const { showId } = await goLive()
      await takeEcho(db, ask('mod', NOW + 60_000, null, ['moderator']), NOW)
      const undo = (login: string, atMs: number, roles: Role[]) => {
        const { person } = ask(login, 0, null, roles)
        return undoEcho(db, { channelId, person, messageId: randomUUID(), atMs }, NOW)
      }
      expect(await undo('mod', NOW + 60_000 + 30_001, ['moderator'])).toBe('too-late')
      expect(await undo('mod', NOW + 60_000 + 30_000, ['moderator'])).toBe('undone')
      await takeEcho(db, ask('sunny', NOW + 60_000, null, ['streamer']), NOW)
      expect(await undo('sunny', NOW + 600_000, ['streamer'])).toBe('undone')
      expect(await countingEchoes(db, showId)).toEqual([])
    })

    it('what a viewer did in the panel before they told who they are is theirs, with their name', async () => {
      await newChannel()
      const { showId } = await goLive()
      await changeSettings(db, channelId, { mode: 'everyone' }, NOW)
      const viewer = { userId: 'Uopaque', login: '', displayName: '', roles: [] }
      const echo = { ...ask('x', NOW + 60_000, 20_000), person: viewer, source: 'panel' as const }
      expect((await takeEcho(db, echo, NOW)).kind).toBe('accepted')
      expect(await countingEchoes(db, showId)).toMatchObject([{ userId: 'Uopaque', displayName: null }])
      expect(await rememberIdentity(db, { channelId, opaqueId: 'Uopaque', userId: '77' }, NOW)).toBe(true)
      expect(await rememberIdentity(db, { channelId, opaqueId: 'Uopaque', userId: '77' }, NOW)).toBe(false)
      await nameIdentity(db, '77', { login: 'vera', displayName: 'Vera' })
      expect(await countingEchoes(db, showId)).toMatchObject([{ userId: '77', displayName: 'Vera' }])
      // In chat they are the same person: the cool-down holds.
      const chat = { ...ask('x', NOW + 61_000, 20_000), person: { ...viewer, userId: '77', login: 'vera' } }
      expect(await takeEcho(db, chat, NOW)).toMatchObject({ kind: 'refused', decision: { code: 'cooldown' } })
      expect(await saveVote(db, { channelId, showId, userId: 'Uopaque', echoId: 'e' }, NOW)).toBe(true)
      expect(await saveVote(db, { channelId, showId, userId: 'Uopaque', echoId: 'e' }, NOW)).toBe(false)
      expect(await votesOf(db, showId)).toEqual([{ userId: '77', displayName: 'Vera', echoId: 'e' }])
    })

    it('a long echo is one at a time, and one that nobody ends, ends with its stream', async () => {
      await newChannel()
      const { streamId, showId } = await goLive()
      const at = { channelId, streamId, showId, userId: channelId }
      await Promise.all([startLongEcho(db, at, NOW + 10_000), startLongEcho(db, at, NOW + 10_000)])
      expect(await countingEchoes(db, showId)).toEqual([])
      await stopLongEcho(db, at, NOW + 70_000)
      expect(await countingEchoes(db, showId)).toMatchObject([{ askedAtMs: NOW + 70_000, lengthMs: 60_000 }])
      await startLongEcho(db, at, NOW + 100_000)
      await streamEnded(db, { channelId, streamId, endedAtMs: NOW + 130_000 }, NOW)
      expect((await countingEchoes(db, showId)).map((e) => e.lengthMs).sort()).toEqual([30_000, 60_000])
    })

    it('a failure in what is written together touches only itself', async () => {
      await newChannel()
      await goLive()
      const requests = Array.from({ length: 20 }, (_, n) =>
        n === 7
          ? { ...ask('mod', NOW + 60_000, null, ['moderator']), person: null as never }
          : ask('mod', NOW + 60_000 + n, null, ['moderator']),
      )
      const settled = await Promise.allSettled(requests.map((r) => takeEcho(db, r, NOW)))
      expect(settled.map((s) => s.status).filter((s) => s === 'rejected')).toHaveLength(1)
      expect(await commandOutcomes(db, channelId)).toEqual({ accepted: 19 })
    })

    it('online and offline, repeated and out of order, end in one show', async () => {
      await newChannel()
      const { streamId, showId } = await goLive()
      const start = { channelId, streamId, startedAtMs: NOW, title: 'T' }
      const end = { channelId, streamId, endedAtMs: NOW + 3_600_000 }
      expect(await streamEnded(db, end, NOW)).toBe(showId)
      expect(await streamEnded(db, end, NOW)).toBeNull()
      expect(await streamStarted(db, start, NOW)).toBe(showId)
      expect(await findShow(db, showId)).toMatchObject({ endedAtMs: NOW + 3_600_000, endings: 1 })
    })

    it('a time in which no bot heard chat is known, whichever bot hears again', async () => {
      const from = NOW + 3_600_000
      expect(await markHeard(db, 'one', from, 15_000)).toBeNull()
      expect(await markHeard(db, 'two', from + 5_000, 15_000)).toBeNull()
      expect(await markHeard(db, 'one', from + 65_000, 15_000)).toEqual({
        fromMs: from + 5_000,
        toMs: from + 65_000,
      })
      expect(await gapsBetween(db, channelId, from, from + 10_000)).toHaveLength(1)
      expect(await gapsBetween(db, channelId, from + 66_000, from + 70_000)).toEqual([])
    })

    it('one line in ten seconds and channel, twenty in half a minute, for all processes together', async () => {
      const at = NOW + 7_200_000
      const asked = await Promise.all(
        Array.from({ length: 30 }, (_, n) => maySpeak(db, `room${Math.floor(n / 2)}`, at + n)),
      )
      expect(asked.filter((wait) => wait === 0)).toHaveLength(15)
      const more = await Promise.all(Array.from({ length: 30 }, (_, n) => maySpeak(db, `more${n}`, at + 100)))
      expect(more.filter((wait) => wait === 0)).toHaveLength(5)
      expect(await maySpeak(db, 'room0', at + 33_000)).toBe(0)
      // It arrived four seconds later: from then on it counts.
      await spoke(db, 'room0', at + 33_000, at + 37_000)
      expect(await maySpeak(db, 'room0', at + 44_000)).toBe(3_000)
    })

    it('bots share the channels evenly, each channel is one bot’s, and a dead bot’s are taken over', async () => {
      const rules = { leaseMs: 60_000, most: 1_000 }
      const channels = Array.from({ length: 11 }, (_, n) => `shared${String(n).padStart(2, '0')}`)
      const at = NOW + 10_800_000
      const round = async (bots: string[], now: number) => {
        const rooms = new Map<string, string[]>()
        // Twice: what one gives away, another takes in its next turn.
        for (let turn = 0; turn < 2; turn++)
          for (const bot of bots) rooms.set(bot, await shareRooms(db, bot, channels, now + turn, rules))
        return rooms
      }
      const all = (rooms: Map<string, string[]>) => [...rooms.values()].flat().sort()
      expect(all(await round(['a'], at))).toEqual(channels)
      const three = await round(['a', 'b', 'c'], at + 10_000)
      expect(all(three)).toEqual(channels)
      expect([...three.values()].map((r) => r.length).sort()).toEqual([3, 4, 4])
      // b is killed: nobody hears its rooms until its leases lapse, then the others have them.
      expect(all(await round(['a', 'c'], at + 20_000)).length).toBeLessThan(channels.length)
      expect(all(await round(['a', 'c'], at + 75_000))).toEqual(channels)
      await leaveRooms(db, 'a')
      expect(all(await round(['c'], at + 76_000))).toEqual(channels)
      expect(await shareRooms(db, 'c', channels, at + 77_000, { ...rules, most: 5 })).toHaveLength(5)
      await leaveRooms(db, 'c')
    })

    it('echoes of accounts that are gone do not count', async () => {
      await newChannel()
      const { showId } = await goLive()
      await setMode(db, channelId, 'everyone', NOW)
      for (const userId of ['71', '72', 'Uviewer']) {
        const request = ask(userId, NOW + 60_000, null)
        await takeEcho(db, { ...request, person: { ...request.person, userId } }, NOW)
      }
      const asked: string[][] = []
      const isThere = async (ids: string[]) => {
        asked.push(ids)
        return new Set(['72'])
      }
      await withdrawGone(db, showId, isThere, NOW)
      expect(asked).toEqual([['71', '72']])
      expect((await countingEchoes(db, showId)).map((e) => e.userId).sort()).toEqual(['72', 'Uviewer'])
    })

    it('a flap lets the show go on, and a restart within the limit joins it', async () => {
      await newChannel()
      const { streamId, showId } = await goLive()
      await streamEnded(db, { channelId, streamId, endedAtMs: NOW + 60_000 }, NOW)
      await streamGoesOn(db, streamId, NOW + 90_000)
      expect((await findShow(db, showId))?.endedAtMs).toBeNull()
      await streamEnded(db, { channelId, streamId, endedAtMs: NOW + 120_000 }, NOW)
      const again = await goLive(NOW + 300_000)
      expect(again.showId).toBe(showId)
      expect(await streamsOf(db, showId, NOW + 400_000)).toHaveLength(2)
      await streamEnded(db, { channelId, streamId: again.streamId, endedAtMs: NOW + 400_000 }, NOW)
      expect((await goLive(NOW + 10 * 3_600_000)).showId).not.toBe(showId)
    })

    it('an overtaken worker cannot record its step', async () => {
      await newChannel()
      const { showId } = await goLive()
      const recap = await recapOfShow(db, { id: showId, channelId }, NOW)
      expect((await recapOfShow(db, { id: showId, channelId }, NOW)).id).toBe(recap.id)
      await recordStep(db, recap, { step: 'a' }, NOW)
      await expect(recordStep(db, recap, { step: 'b' }, NOW)).rejects.toThrow(Overtaken)
    })

    it('an echo that comes before the word that its stream is on counts once the stream is known', async () => {
      await newChannel()
      const request = ask('mod', NOW + 30_000, null, ['moderator'])
      expect(await takeEcho(db, request, NOW)).toMatchObject({
        kind: 'refused',
        decision: { code: 'offline' },
      })
      expect(await takeEcho(db, request, NOW)).toEqual({ kind: 'known' })
      expect(await takeEarlyEchoes(db, channelId, NOW)).toBe(0)
      const { showId } = await goLive()
      expect(await takeEarlyEchoes(db, channelId, NOW)).toBe(1)
      expect(await takeEarlyEchoes(db, channelId, NOW)).toBe(0)
      expect(await countingEchoes(db, showId)).toMatchObject([{ askedAtMs: NOW + 30_000 }])
      expect(await takeEcho(db, request, NOW)).toEqual({ kind: 'known' })
    })

    it('an early echo that a moderator deletes, or whose author wants to be forgotten, never counts', async () => {
      await newChannel()
      const [deleted, forgotten] = [ask('a', NOW, null, ['moderator']), ask('b', NOW, null, ['moderator'])]
      await takeEcho(db, deleted, NOW)
      await takeEcho(db, forgotten, NOW)
      await withdrawModerated(db, { channelId, messageId: deleted.sourceKey }, NOW)
      await forgetPerson(db, channelId, 'u-b', NOW)
      await goLive()
      expect(await takeEarlyEchoes(db, channelId, NOW)).toBe(0)
    })

    it('an event that fails is tried again with growing pauses for as long as it takes, and holds up no other', async () => {
      const event = (messageId: string) => ({
        messageId,
        type: 'stream.online',
        channelId: 'c',
        sentAtMs: NOW - 60_000,
        payload: '{}',
      })
      const [poison, fine] = [event(randomUUID()), event(randomUUID())]
      await storeEvent(db, poison, NOW)
      let now = NOW
      const pauses: number[] = []
      for (let n = 0; n < 30; n++) {
        await eventFailed(db, poison.messageId, 'no', now)
        const before = now
        while (!(await waitingEvents(db, now)).some((e) => e.messageId === poison.messageId)) now += 1_000
        pauses.push(now - before)
      }
      expect(pauses[0]).toBe(2_000)
      expect(pauses.at(-1)).toBe(60 * 60_000)
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
      await eventFailed(db, poison.messageId, 'no', now)
      await storeEvent(db, fine, now)
      expect((await waitingEvents(db, now, 1)).map((e) => e.messageId)).toEqual([fine.messageId])
      expect(await stuckEvents(db)).toBeGreaterThan(0)
      await wakeEvents(db)
      expect(await waitingEvents(db, now)).toContainEqual(poison)
      for (const { messageId } of [poison, fine]) await eventHandled(db, messageId, now)
    })

    it('news that access was taken back ends no grant that was given since', async () => {
      await newChannel()
      const grant = { channelId, provider: 'twitch' as const, accountId: channelId, accountName: 'Sunny' }
      const clock = { now: () => NOW }
      await storeNewGrant(db, { ...grant, scopes: [], tokens: 't', state: 'ok' }, clock)
      expect(await grantRevoked(db, channelId, 'twitch', NOW, NOW - 1)).toBe(false)
      expect((await findGrant(db, channelId, 'twitch'))?.state).toBe('ok')
      expect(await grantRevoked(db, channelId, 'twitch', NOW, NOW + 1)).toBe(true)
      expect((await findGrant(db, channelId, 'twitch'))?.state).toBe('needs_reauth')
    })

    it('what YouTube told grows old however often the tokens are renewed', async () => {
      await newChannel()
      const grant = { channelId, provider: 'youtube' as const, accountId: 'UC', accountName: 'S' }
      await storeNewGrant(db, { ...grant, scopes: [], tokens: 't', state: 'ok' }, { now: () => NOW })
      const later = { now: () => NOW + 20 * DAY_MS }
      await renewGrant(db, channelId, 'youtube', later, async () => ({
        tokens: 'u',
        scopes: [],
        state: 'ok',
      }))
      const stale = await staleYoutubeGrants(db, NOW + DAY_MS)
      expect(stale).toContainEqual({ channelId, sinceMs: NOW })
    })

    it('a renewal that is under way does not put the old grant over a new one', async () => {
      await newChannel()
      const clock = { now: () => Date.now() }
      const grant = { channelId, provider: 'twitch' as const, accountId: channelId, accountName: 'Sunny' }
      const whole = { ...grant, scopes: [], state: 'ok' as const }
      await storeNewGrant(db, { ...whole, tokens: 'old' }, clock)
      let answer = () => {}
      const asked = new Promise<void>((resolve) => (answer = resolve))
      let begun = () => {}
      const renews = new Promise<void>((resolve) => (begun = resolve))
      const renewing = renewGrant(db, channelId, 'twitch', clock, async () => {
        begun()
        await asked
        return { tokens: 'renewed old', scopes: [], state: 'ok' }
      })
      await renews
      const storing = storeNewGrant(db, { ...whole, tokens: 'new' }, clock)
      answer()
      await Promise.all([renewing, storing])
      expect((await findGrant(db, channelId, 'twitch'))?.tokens).toBe('new')
    })

    it('where bots share rooms, a room whose bot has gone has a gap of its own', async () => {
      const rooms = [randomUUID(), randomUUID()]
      const rules = { leaseMs: 90_000, most: 10 }
      const at = NOW + 40 * DAY_MS
      expect(await shareRooms(db, 'gap-a', rooms, at, rules)).toHaveLength(2)
      await shareRooms(db, 'gap-b', rooms, at + 91_000, rules)
      expect(await unheardBetween(db, rooms[0] ?? '', at, at + 200_000)).toBe(91_000)
      expect(await unheardBetween(db, randomUUID(), at, at + 200_000)).toBe(0)
      await leaveRooms(db, 'gap-b')
    })

    it('an event is stored once, and waits until it is handled', async () => {
      const event = {
        messageId: randomUUID(),
        type: 'stream.online',
        channelId: 'c',
        sentAtMs: NOW,
        payload: '{}',
      }
      expect([await storeEvent(db, event, NOW), await storeEvent(db, event, NOW)]).toEqual([true, false])
      expect(await waitingEvents(db, NOW)).toContainEqual(event)
      await eventHandled(db, event.messageId, NOW)
      expect(await waitingEvents(db, NOW)).not.toContainEqual(event)
    })

    it('a mail is queued once, and taken by one at a time until the hold is over', async () => {
      const mail = {
        kind: 'mail' as const,
        payload: { to: 'a@b.c' },
        uniqueKey: randomUUID(),
        channelId: 'c',
      }
      await queueMessage(db, mail, NOW)
      await queueMessage(db, mail, NOW)
      const taken = await takeMessage(db, ['mail'], NOW, 1_000)
      expect(taken).toMatchObject({ payload: { to: 'a@b.c' }, attempts: 1 })
      expect(await takeMessage(db, ['mail'], NOW, 1_000)).toBeNull()
      const again = await takeMessage(db, ['mail'], NOW + 1_000, 1_000)
      expect(again).toMatchObject({ id: taken?.id, attempts: 2 })
      await messageSent(db, again?.id ?? '', NOW)
      expect(await takeMessage(db, ['mail'], NOW + 10_000, 1_000)).toBeNull()
    })

    it('of many who take messages at once each gets one of its own', async () => {
      const kind = 'bucket' as const
      for (let n = 0; n < 6; n++)
        await queueMessage(db, { kind, uniqueKey: randomUUID(), payload: {}, channelId: 'many' }, NOW)
      const taken = await Promise.all(Array.from({ length: 6 }, () => takeMessage(db, [kind], NOW, 1_000)))
      expect(new Set(taken.map((message) => message?.id)).size).toBe(6)
      expect(taken).not.toContain(null)
    })

    it('edits of a show get numbers in a row, whoever makes them at once; a clash is told to who was behind', async () => {
      await newChannel()
      const { showId } = await goLive()
      const at = { channelId, showId, recapId: 'r' }
      const rename = (author: string, title: string) => ({
        ...at,
        author,
        echoId: 'e',
        part: 0,
        change: { title },
      })
      const many = Array.from({ length: 10 }, (_, n) => saveEdit(db, rename('ann', `title ${n}`), NOW))
      expect(await Promise.all(many)).toEqual(Array<null>(10).fill(null))
      expect((await editLog(db, showId)).map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(await saveEdit(db, rename('ben', 'other'), NOW, 9)).toMatchObject({ seq: 10, author: 'ann' })
      expect(await saveEdit(db, rename('ann', 'mine'), NOW, 9)).toBeNull()
      expect(await saveEdit(db, { ...rename('ben', ''), change: { kept: false } }, NOW, 0)).toBeNull()
      expect(await undoEdit(db, { ...at, author: 'ben' }, 'undo', NOW)).toBe(true)
      expect(await undoEdit(db, { ...at, author: 'ben' }, 'undo', NOW)).toBe(false)
      expect(await undoEdit(db, { ...at, author: 'ben' }, 'redo', NOW)).toBe(true)
      expect(await editLog(db, showId)).toHaveLength(14)
    })

    it('two shows that become one keep the order of their edits', async () => {
      await newChannel()
      const first = await goLive(NOW)
      const edit = { channelId, recapId: '', author: 'ann', echoId: 'e', part: 0, change: { kept: false } }
      await saveEdit(db, { ...edit, showId: first.showId }, NOW)
      await streamEnded(db, { channelId, streamId: first.streamId, endedAtMs: NOW + 60_000 }, NOW)
      // Far later, as it looked; then a stream between them becomes known.
      const second = await goLive(NOW + 30 * 60_000)
      await saveEdit(db, { ...edit, showId: second.showId }, NOW)
      const between = { channelId, streamId: randomUUID(), startedAtMs: NOW + 10 * 60_000, title: 'T' }
      await streamStarted(db, between, NOW, NOW + 20 * 60_000)
      expect((await editLog(db, first.showId)).map((e) => e.seq)).toEqual([1, 2])
    })

    it('sessions say who acts where, and end one by one or all at once', async () => {
      await newChannel()
      const [one, two] = [randomUUID(), randomUUID()]
      for (const idHash of [one, two])
        await saveSession(db, { idHash, userId: channelId, channelId, expiresAtMs: NOW + 1_000 }, NOW)
      expect(await findSession(db, one, NOW)).toEqual({ userId: channelId, channelId })
      expect(await findSession(db, one, NOW + 1_000)).toBeNull()
      await turnSession(db, two, 'elsewhere')
      expect(await findSession(db, two, NOW)).toEqual({ userId: channelId, channelId: 'elsewhere' })
      await endSessionsOf(db, channelId)
      expect([await findSession(db, one, NOW), await findSession(db, two, NOW)]).toEqual([null, null])
    })

    it('editors come and go; agreements, addresses and keys take each other’s place', async () => {
      await newChannel()
      const editor = { userId: randomUUID(), login: 'modesto' }
      await addEditor(db, channelId, editor, NOW)
      await addEditor(db, channelId, { ...editor, login: 'renamed' }, NOW)
      expect(await editorsOf(db, channelId)).toEqual([{ ...editor, login: 'renamed' }])
      expect(await channelsEditedBy(db, editor.userId)).toEqual([{ id: channelId, displayName: 'Sunny' }])
      await removeEditor(db, channelId, editor.userId)
      expect(await isEditor(db, channelId, editor.userId)).toBe(false)

      await Promise.all(['a', 'b', 'c'].map(() => giveConsent(db, channelId, 'auto_publish', {}, NOW)))
      await giveConsent(db, channelId, 'upload', {}, NOW)
      expect(await consentOf(db, channelId)).toBe('upload')
      const given = db.selectFrom('consents').select('kind').where('channel_id', '=', channelId)
      expect(await given.execute()).toHaveLength(2)

      for (const key of [randomUUID(), channelId]) await saveDeckKey(db, channelId, key, NOW)
      expect(await channelOfDeck(db, channelId)).toBe(channelId)
      for (const target of ['old', 'new']) await saveHook(db, channelId, { kind: 'discord', target }, NOW)
      expect(await hooksOf(db, channelId)).toEqual([{ kind: 'discord', target: 'new', failure: null }])
    })

    it('a lease has one holder, until it lapses or is dropped', async () => {
      const lease = randomUUID()
      expect(await takeLease(db, lease, 'a', 1_000, NOW)).toBe(true)
      expect(await takeLease(db, lease, 'b', 1_000, NOW + 999)).toBe(false)
      expect(await takeLease(db, lease, 'a', 1_000, NOW + 500)).toBe(true)
      expect(await takeLease(db, lease, 'b', 1_000, NOW + 1_500)).toBe(true)
      await dropLease(db, lease, 'b')
      expect(await takeLease(db, lease, 'c', 1_000, NOW + 1_500)).toBe(true)
    })
  })
}
