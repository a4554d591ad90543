/** Step 1: has the show really ended? Twitch's events flap, so the stream is looked up once more after settling. */
import { recapOfShow, type Recap } from '../../db/recaps.ts'
import { findShow, streamGoesOn, streamsOf } from '../../db/shows.ts'
import type { JobContext } from '../context.ts'

const SETTLED = new Set(['published', 'empty', 'failed'])

/** @returns the recap to make, or null when the show goes on (or has ended anew, which starts its own run), or it is made or dropped */
export async function confirm(
  context: JobContext,
  showId: string,
  ending: number,
  longEchoId?: string,
): Promise<Recap | null> {
  const { db, clock, twitch } = context
  const show = await findShow(db, showId)
  if (!show || show.endedAtMs === null || show.endings !== ending) return null
  const streams = await streamsOf(db, showId, clock.now())
  const live = await twitch.liveStreams([show.channelId])
  const goesOn = live.find((l) => streams.some((s) => s.streamId === l.streamId))
  if (goesOn) {
    await streamGoesOn(db, goesOn.streamId, clock.now())
    return null
  }
  const recap = await recapOfShow(db, show, clock.now(), longEchoId)
  return SETTLED.has(recap.state) || recap.decision === 'drop' ? null : recap
}
