/** Step 3: the show's plan, computed from its echoes, its settings and where its VODs lie. Nothing of it is stored. */
import { findChannel } from '../../db/channels.ts'
import { ownVideosOf, type Recap } from '../../db/recaps.ts'
import { findShow, streamsOf } from '../../db/shows.ts'
import { driftOf, type Drift } from '../../domain/drift.ts'
import { planOf, type Plan } from '../../domain/plan.ts'
import { locate } from '../../domain/timeline.ts'
import { showMoments } from '../../show-moments.ts'
import type { JobContext } from '../context.ts'

export async function planShow(
  context: Pick<JobContext, 'db' | 'clock'>,
  { showId, channelId, longEchoId }: Pick<Recap, 'showId' | 'channelId' | 'longEchoId'>,
): Promise<Plan & { timing: Drift['source'] }> {
  const { db, clock } = context
  const channel = await findChannel(db, channelId)
  if (!channel) return { moments: [], leftOut: [], timing: 'table' }
  const { settings } = channel
  const streams = await streamsOf(db, showId, clock.now())
  const own = await ownVideosOf(db, showId)
  const { moments, dropped } = longEchoId
    ? // A span by itself, as long as it is.
      await showMoments(
        db,
        showId,
        streams,
        { ...settings, maxMomentMs: Infinity },
        (id) => id === longEchoId,
      )
    : await showMoments(db, showId, streams, settings, (id) => !own.has(id))
  const shiftMs = (await findShow(db, showId))?.shiftMs ?? 0
  const inVods = ({ startMs, endMs }: { startMs: number; endMs: number }) =>
    locate({ startMs: startMs + shiftMs, endMs: endMs + shiftMs }, streams, settings.drift)
  const measured = streams.every(
    ({ vod }) => !vod || driftOf(vod.samples ?? [], vod.startsAtMs, []).source === 'measured',
  )
  const plan = planOf(moments, longEchoId ? Infinity : settings.budgetMs, inVods, dropped)
  return { ...plan, timing: measured ? 'measured' : 'table' }
}
