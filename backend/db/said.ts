/** When the bot account spoke: Twitch counts all its lines together, whichever process sent them. */
import { within, type Database } from './database.ts'

export interface SpeakingLimits {
  /** Between two lines in one channel. */
  gapMs: number
  /** At most so many lines … */
  lines: number
  /** … within this. */
  windowMs: number
}

/**
 * For an account without a moderator's badge Twitch allows 20 lines in 30 s (dev.twitch.tv/docs/chat/#rate-limits). Two
 * seconds more: of a process that is killed while a line is on its way, we do not know when it arrived.
 */
export const SPEAKING_LIMITS: SpeakingLimits = { gapMs: 10_000, lines: 20, windowMs: 32_000 }

/** Takes the right to say one line in a channel. @returns 0 when it is given, else the milliseconds to wait */
export async function maySpeak(
  db: Database,
  channelId: string,
  now: number,
  { gapMs, lines, windowMs }: SpeakingLimits = SPEAKING_LIMITS,
): Promise<number> {
  return within(db, async (tx) => {
    // One row that all hold, so that two processes do not count past each other.
    await tx
      .insertInto('said')
      .values({ channel_id: '', at: 0, recent: '[]' })
      .onConflict((c) => c.column('channel_id').doUpdateSet({ at: 0 }))
      .execute()
    const rows = await tx.selectFrom('said').selectAll().where('channel_id', 'in', ['', channelId]).execute()
    const lastHere = rows.find((r) => r.channel_id === channelId)?.at ?? -Infinity
    const all = JSON.parse(rows.find((r) => r.channel_id === '')?.recent ?? '[]') as number[]
    const recent = all.filter((at) => at > now - windowMs)
    const full = recent.length >= lines ? (recent[0] ?? now) + windowMs - now : 0
    const wait = Math.max(lastHere + gapMs - now, full)
    if (wait > 0) return Math.ceil(wait)
    await tx
      .updateTable('said')
      .set({ recent: JSON.stringify([...recent, now]) })
      .where('channel_id', '=', '')
      .execute()
    await tx
      .insertInto('said')
      .values({ channel_id: channelId, at: now, recent: '[]' })
      .onConflict((c) => c.column('channel_id').doUpdateSet({ at: now }))
      .execute()
    return 0
  })
}

/**
 * The line is said: the limits count from now, and not from when the right to say it was taken. Twitch counts when a line
 * arrives, which may be seconds later on a bad day.
 *
 * @param takenAt the `now` with which the right was taken
 */
export async function spoke(db: Database, channelId: string, takenAt: number, now: number): Promise<void> {
  await within(db, async (tx) => {
    const all = await tx
      .updateTable('said')
      .set({ at: 0 })
      .where('channel_id', '=', '')
      .returning('recent')
      .executeTakeFirst()
    const recent = JSON.parse(all?.recent ?? '[]') as number[]
    const at = recent.indexOf(takenAt)
    if (at !== -1) recent.splice(at, 1)
    await tx
      .updateTable('said')
      .set({ recent: JSON.stringify([...recent, now].sort((a, b) => a - b)) })
      .where('channel_id', '=', '')
      .execute()
    await tx.updateTable('said').set({ at: now }).where('channel_id', '=', channelId).execute()
  })
}
