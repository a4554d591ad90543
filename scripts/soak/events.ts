/**
 * Schedules of Twitch's events (online, offline, flaps) with loss, repetition, delay and restarts of ours, on a moved
 * clock: once everything has settled, the shows must be those of the undisturbed schedule.
 */
import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { saveChannel } from '../../backend/db/channels.ts'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { storeEvent } from '../../backend/db/inbox.ts'
import { findShow } from '../../backend/db/shows.ts'
import type { JobContext } from '../../backend/jobs/context.ts'
import { handleEvents } from '../../backend/jobs/events.ts'
import { makeReconciler } from '../../backend/jobs/reconcile.ts'
import { confirm } from '../../backend/jobs/steps/confirm.ts'
import { makeLog } from '../../backend/log.ts'
import { readOffline, readOnline, readUpdate } from '../../backend/twitch/eventsub.ts'

export interface EventsReport {
  schedules: number
  /** Events that Twitch sent, and those of them that never came. */
  events: number
  lost: number
  repeated: number
  restarts: number
  /** Schedules whose shows are not those of the undisturbed one. */
  different: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const CHANNEL = '1000'
const BEGIN = Date.UTC(2026, 10, 1, 18)
const RECONCILE_MS = 5 * MINUTE
const SETTLE_MS = 3 * MINUTE
const TICK_MS = 15 * SECOND
/** After the last end, until everything must have been repaired. */
const REPAIR_MS = 90 * MINUTE

interface TrueStream {
  id: string
  startMs: number
  endMs: number
}

interface Schedule {
  streams: TrueStream[]
  events: { type: 'stream.online' | 'stream.offline'; streamId: string; atMs: number; startedMs: number }[]
  /** What befalls each event: after how long each copy arrives; none: it is lost. */
  arrivals: number[][]
  /** When nothing of ours runs. */
  down: { fromMs: number; toMs: number }[]
  /** How long Twitch's list of live streams is behind. */
  listingLagMs: number
}

const anySchedule: fc.Arbitrary<Schedule> = fc
  .record({
    streams: fc.array(
      fc.record({
        lengthMin: fc.integer({ min: 6, max: 90 }),
        // Not near the limit of 15 minutes: a second more or less would decide.
        gapMin: fc.oneof(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 17, max: 50 })),
        flap: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    fates: fc.infiniteStream(
      fc.oneof(
        { weight: 5, arbitrary: fc.constant([0]) },
        { weight: 2, arbitrary: fc.constant<number[]>([]) },
        {
          weight: 3,
          arbitrary: fc.array(
            fc.integer({ min: 0, max: 480 }).map((s) => s * SECOND),
            { minLength: 1, maxLength: 3 },
          ),
        },
      ),
    ),
    down: fc.array(
      fc.record({ atMin: fc.integer({ min: 0, max: 300 }), lengthMin: fc.integer({ min: 1, max: 20 }) }),
      { maxLength: 3 },
    ),
    listingLagMs: fc.integer({ min: 0, max: 120 }).map((s) => s * SECOND),
  })
  .map(({ streams, fates, down, listingLagMs }) => {
    let at = BEGIN
    const true_: (TrueStream & { flap: boolean })[] = streams.map(({ lengthMin, gapMin, flap }, n) => {
      const startMs = at
      const endMs = startMs + lengthMin * MINUTE
      at = endMs + gapMin * MINUTE
      return { id: `s${n}`, startMs, endMs, flap }
    })
    const events = true_.flatMap(({ id, startMs, endMs, flap }): Schedule['events'] => {
      const event = (type: 'stream.online' | 'stream.offline', atMs: number) => ({
        type,
        streamId: id,
        atMs,
        startedMs: startMs,
      })
      const flaps = flap
        ? [event('stream.offline', startMs + 40 * SECOND), event('stream.online', startMs + 70 * SECOND)]
        : []
      return [event('stream.online', startMs + 2 * SECOND), ...flaps, event('stream.offline', endMs)]
    })
    const fate = fates[Symbol.iterator]()
    return {
      streams: true_.map(({ id, startMs, endMs }) => ({ id, startMs, endMs })),
      events,
      arrivals: events.map(() => fate.next().value ?? [0]),
      down: down.map(({ atMin, lengthMin }) => ({
        fromMs: BEGIN + atMin * MINUTE,
        toMs: BEGIN + (atMin + lengthMin) * MINUTE,
      })),
      listingLagMs,
    }
  })

export async function soakEvents(count: number, seed?: number): Promise<EventsReport> {
  const dir = mkdtempSync(join(tmpdir(), 'echoes-events-'))
  const db = await openDatabase(join(dir, 'echoes.sqlite'))
  const report: EventsReport = { schedules: 0, events: 0, lost: 0, repeated: 0, restarts: 0, different: 0 }
  try {
    await fc.assert(
      fc.asyncProperty(anySchedule, async (schedule) => {
        const undisturbed = await play(db, {
          ...schedule,
          arrivals: schedule.events.map(() => [0]),
          down: [],
        })
        const disturbed = await play(db, schedule)
        report.schedules++
        report.events += schedule.events.length
        report.lost += schedule.arrivals.filter((copies) => copies.length === 0).length
        report.repeated += schedule.arrivals.filter((copies) => copies.length > 1).length
        report.restarts += schedule.down.length
        const [ours, wanted] = [JSON.stringify(disturbed, null, 1), JSON.stringify(undisturbed, null, 1)]
        if (ours === wanted) return
        report.different++
        throw new Error(`the shows are\n${ours}\nand should be\n${wanted}`)
      }),
      { numRuns: count, ...(seed === undefined ? {} : { seed }) },
    )
    return report
  } finally {
    await db.destroy()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** @returns the shows, each as its streams in order */
async function play(db: Database, schedule: Schedule): Promise<TrueStream[][]> {
  for (const table of ['channels', 'streams', 'shows', 'recaps', 'inbox', 'categories'] as const)
    await db.deleteFrom(table).execute()
  await saveChannel(db, { id: CHANNEL, login: 'c', displayName: 'C', email: null }, BEGIN)
  let nowMs = BEGIN
  const clock = { now: () => nowMs }
  const log = makeLog('silent')
  const { streams, listingLagMs } = schedule
  const twitch = {
    liveStreams: async () =>
      streams
        .filter((s) => s.startMs + listingLagMs <= nowMs && nowMs < s.endMs + listingLagMs)
        .map((s) => ({ streamId: s.id, channelId: CHANNEL, startedAtMs: s.startMs, title: '' })),
    recentArchives: async () =>
      streams
        .filter((s) => s.startMs <= nowMs)
        .map((s) => ({
          vodId: `v${s.id}`,
          streamId: s.id,
          createdAtMs: s.startMs,
          durationMs: Math.min(nowMs, s.endMs) - s.startMs,
        }))
        .reverse(),
    existingUsers: async (ids: string[]) => new Set(ids),
    subscriptionsOf: async () => [],
    subscriptionsTo: async () => [],
    allSubscriptions: async function* () {},
    subscribe: async () => undefined,
    unsubscribe: async () => undefined,
  }
  /** Runs as the workflow does: it waits, and then looks whether the show is really over. */
  const settling: { showId: string; ending: number; atMs: number }[] = []
  const showEnded = async (showId: string) => {
    const show = await findShow(db, showId)
    if (show) settling.push({ showId, ending: show.endings, atMs: nowMs + SETTLE_MS })
  }
  const context = { db, clock, log, twitch, showEnded }
  const reconciler = makeReconciler({ ...context, vods: { measure: async () => null }, callback: '' })
  const read = { online: readOnline, offline: readOffline, update: readUpdate, chat: async () => undefined }
  const arriving = schedule.events
    .flatMap((event, n) =>
      (schedule.arrivals[n] ?? []).map((delayMs) => ({ event, n, atMs: event.atMs + delayMs })),
    )
    .sort((a, b) => a.atMs - b.atMs)
  const lastEnd = streams.at(-1)?.endMs ?? BEGIN
  let nextReconcileMs = BEGIN + RECONCILE_MS
  for (; nowMs <= lastEnd + REPAIR_MS; nowMs += TICK_MS) {
    // What arrives while we are down is delivered again later: Twitch retries.
    if (schedule.down.some((d) => d.fromMs <= nowMs && nowMs < d.toMs)) continue
    let arrived = false
    while (arriving[0] && arriving[0].atMs <= nowMs) {
      const { event, n } = arriving.shift() as (typeof arriving)[number]
      arrived = (await storeEvent(db, incoming(event, n), nowMs)) || arrived
    }
    if (arrived) await handleEvents({ ...context, read, endEventsOf: async () => undefined })
    if (nowMs >= nextReconcileMs) {
      await reconciler.round()
      nextReconcileMs = nowMs + RECONCILE_MS
    }
    for (const due of settling.filter((s) => s.atMs <= nowMs)) {
      settling.splice(settling.indexOf(due), 1)
      await confirm({ db, clock, twitch } as unknown as JobContext, due.showId, due.ending)
    }
  }
  return showsOf(db)
}

function incoming(event: Schedule['events'][number], n: number) {
  const { type, streamId, atMs, startedMs } = event
  const said =
    type === 'stream.online'
      ? { id: streamId, type: 'live', started_at: new Date(startedMs).toISOString() }
      : { id: streamId }
  return {
    messageId: `m${n}`,
    type,
    channelId: CHANNEL,
    sentAtMs: atMs,
    payload: JSON.stringify({ event: said }),
  }
}

async function showsOf(db: Database): Promise<TrueStream[][]> {
  const rows = await db.selectFrom('streams').selectAll().orderBy('started_at').execute()
  return [...Map.groupBy(rows, (r) => r.show_id).values()].map((streams) =>
    streams.map((s) => ({ id: s.id, startMs: s.started_at, endMs: s.ended_at ?? -1 })),
  )
}
