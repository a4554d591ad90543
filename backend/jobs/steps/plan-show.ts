/** Step 3: the show's plan, computed from its echoes, its settings and where its VODs lie. Nothing of it is stored. */
import { findChannel } from '../../db/channels.ts'
import { countingEchoes } from '../../db/echoes.ts'
import { streamsOf } from '../../db/shows.ts'
import { momentsOf, type EchoSpan } from '../../domain/moments.ts'
import { planOf, type Plan } from '../../domain/plan.ts'
import { echoSpan, locate } from '../../domain/timeline.ts'
import type { JobContext } from '../context.ts'

export async function planShow(
  context: Pick<JobContext, 'db' | 'clock'>,
  showId: string,
  channelId: string,
): Promise<Plan> {
  const { db, clock } = context
  const channel = await findChannel(db, channelId)
  if (!channel) return { moments: [], leftOut: [] }
  const { settings } = channel
  const streams = await streamsOf(db, showId, clock.now())
  const echoes = await countingEchoes(db, showId)
  const spans = echoes.flatMap((echo): EchoSpan[] => {
    const span = echoSpan(echo, streams, settings.latencyMs)
    return span
      ? [{ id: echo.id, userId: echo.userId, displayName: echo.displayName, label: echo.label, ...span }]
      : []
  })
  const moments = momentsOf(spans, settings)
  return planOf(moments, settings.budgetMs, (moment) => locate(moment, streams, settings.drift))
}
