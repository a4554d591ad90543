/** Recaps that get another try: at the streamer’s request, or because their recording has appeared after all. */
import { within, type Database } from './database.ts'

/** Why a recap was given up: nobody pays for it; these are taken up again once somebody does. */
export const NO_PLAN = 'no-plan'

/** Why a recap was given up: there was no recording. It is taken up again as soon as there is one. */
export const NO_RECORDING = 'no-recording'

/** Why a recap was given up: nothing of its recording could be read. Once a day it is looked whether it can be by now. */
export const UNREADABLE = 'unreadable'
const UNREADABLE_AGAIN_MS = 24 * 60 * 60_000

/**
 * Takes up a recap that was given up because there was no recording: now there is one.
 * @returns false when there is no such recap
 */
export async function takeUpAgain(db: Database, showId: string, now: number): Promise<boolean> {
  return within(db, async (tx) => {
    const again = await tx
      .updateTable('recaps')
      .set((e) => ({
        state: 'preparing',
        failure: null,
        step: 'settling',
        version: e('version', '+', 1),
        updated_at: now,
      }))
      .where('show_id', '=', showId)
      .where('state', '=', 'failed')
      .where((e) =>
        e.or([
          e('step', '=', NO_RECORDING),
          e.and([e('step', '=', UNREADABLE), e('updated_at', '<=', now - UNREADABLE_AGAIN_MS)]),
        ]),
      )
      .executeTakeFirst()
    if (again.numUpdatedRows === 0n) return false
    // A new ending, so that a new run is started for it.
    await tx
      .updateTable('shows')
      .set((e) => ({ endings: e('endings', '+', 1) }))
      .where('id', '=', showId)
      .execute()
    return true
  })
}

/** Shows of a channel whose recap was given up for want of its recording. @param sinceMs of their end */
export async function showsWithoutRecording(
  db: Database,
  channelId: string,
  sinceMs: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('recaps')
    .innerJoin('shows', 'shows.id', 'recaps.show_id')
    .select('recaps.show_id')
    .distinct()
    .where('recaps.channel_id', '=', channelId)
    .where('recaps.state', '=', 'failed')
    .where('recaps.step', 'in', [NO_RECORDING, UNREADABLE])
    .where('shows.ended_at', '>=', sinceMs)
    .execute()
  return rows.map((row) => row.show_id)
}

/** Gives a show whose run is of no use a new one, and each of its unfinished videos, too. */
export async function endAnew(db: Database, showId: string): Promise<void> {
  await within(db, async (tx) => {
    await tx
      .updateTable('recaps')
      .set({ run_id: null })
      .where('show_id', '=', showId)
      .where('state', 'in', ['preparing', 'rendered'])
      .execute()
    await tx
      .updateTable('shows')
      .set((e) => ({ endings: e('endings', '+', 1) }))
      .where('id', '=', showId)
      .execute()
  })
}

/**
 * The streamer wants the video rendered again, from the plan as it is now.
 * @returns false when it is decided upon or under way, or not theirs
 */
export async function makeAnew(
  db: Database,
  recapId: string,
  channelId: string,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('recaps')
    .set((e) => ({ state: 'preparing', step: 'settling', version: e('version', '+', 1), updated_at: now }))
    .where('id', '=', recapId)
    .where('channel_id', '=', channelId)
    .where('state', '=', 'rendered')
    .where('decision', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Tries a recap again that failed, came out empty or was dropped. Its show gets a new run.
 * @returns its show, or null when there is nothing to take up
 */
export async function retryRecap(
  db: Database,
  recapId: string,
  channelId: string,
  now: number,
): Promise<string | null> {
  return within(db, async (tx) => {
    const again = await tx
      .updateTable('recaps')
      .set((e) => ({
        state: 'preparing',
        step: 'settling',
        failure: null,
        decision: null,
        // The streamer gets to review it again before it is published.
        ready_at: null,
        version: e('version', '+', 1),
        updated_at: now,
      }))
      .where('id', '=', recapId)
      .where('channel_id', '=', channelId)
      .where((e) => e.or([e('state', 'in', ['failed', 'empty']), e('decision', '=', 'drop')]))
      .where('state', '!=', 'published')
      .returning('show_id')
      .executeTakeFirst()
    if (!again) return null
    await tx
      .updateTable('shows')
      .set((e) => ({ endings: e('endings', '+', 1) }))
      .where('id', '=', again.show_id)
      .execute()
    return again.show_id
  })
}

/** What was not made because nobody paid is made now, where Twitch may still have its recording. @param sinceMs end of its show */
export async function takeUpUnpaid(
  db: Database,
  channelId: string,
  sinceMs: number,
  now: number,
): Promise<void> {
  const unpaid = await db
    .selectFrom('recaps')
    .innerJoin('shows', 'shows.id', 'recaps.show_id')
    .select(['recaps.id', 'recaps.show_id'])
    .where('recaps.channel_id', '=', channelId)
    .where('recaps.state', '=', 'failed')
    .where('recaps.step', '=', NO_PLAN)
    .where('shows.ended_at', '>=', sinceMs)
    .execute()
  for (const { id } of unpaid)
    await db
      .updateTable('recaps')
      .set((e) => ({
        state: 'preparing',
        step: 'settling',
        failure: null,
        run_id: null,
        version: e('version', '+', 1),
        updated_at: now,
      }))
      .where('id', '=', id)
      .execute()
  const shows = [...new Set(unpaid.map((recap) => recap.show_id))]
  if (shows.length === 0) return
  await db
    .updateTable('shows')
    .set((e) => ({ endings: e('endings', '+', 1) }))
    .where('id', 'in', shows)
    .execute()
}
