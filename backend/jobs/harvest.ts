/**
 * Fetches parts for moments while the stream still runs, so that almost nothing is left to fetch at its end. What is
 * fetched lies where the recap will look for it; a part that has changed since has another name there, and is fetched again.
 */
import { countingEchoes } from '../db/echoes.ts'
import { recordMedia } from '../db/media.ts'
import { liveStreams, saveVod, showOfStream } from '../db/shows.ts'
import { errorText } from '../log.ts'
import type { JobContext } from './context.ts'
import { expectRoom, NoRoom } from './room.ts'
import { bringFootage, partsKey } from './steps/bring-footage.ts'
import { planShow } from '../show-plan.ts'

export type HarvestContext = Pick<
  JobContext,
  'db' | 'clock' | 'log' | 'twitch' | 'vods' | 'storage' | 'room' | 'mayRender'
> & {
  /** A moment is fetched when nobody has asked for more of it for so long: until then it may grow, or be taken back. */
  quietMs: number
}

/** @param fetched what was fetched for which show: nothing new means nothing to ask Twitch for */
export async function harvest(context: HarvestContext, fetched: Map<string, string>): Promise<void> {
  const { db, log } = context
  const live = await liveStreams(db)
  const shows = new Set<string>()
  for (const stream of live) {
    const showId = await showOfStream(db, stream.streamId)
    if (!showId) continue
    shows.add(showId)
    try {
      await harvestShow(context, { ...stream, showId }, fetched)
    } catch (error) {
      if (error instanceof NoRoom) log.warn({ error: error.message }, 'nothing is fetched ahead')
      else log.info({ error: errorText(error), showId }, 'parts were not fetched ahead')
    }
  }
  for (const showId of fetched.keys()) if (!shows.has(showId)) fetched.delete(showId)
}

async function harvestShow(
  context: HarvestContext,
  stream: { streamId: string; channelId: string; showId: string },
  fetched: Map<string, string>,
): Promise<void> {
  const { db, clock, twitch, room, quietMs } = context
  const { showId, channelId, streamId } = stream
  const asked = await countingEchoes(db, showId)
  const settled = asked.filter((echo) => echo.askedAtMs <= clock.now() - quietMs)
  const wanted = settled.map((echo) => echo.id).join(' ')
  if (settled.length === 0 || fetched.get(showId) === wanted) return
  if (!(await context.mayRender(channelId))) return
  const vod = (await twitch.recentArchives(channelId)).find((a) => a.streamId === streamId)
  if (!vod) return
  const { durationMs } = await context.vods.inspect(vod)
  await saveVod(db, streamId, { vodId: vod.vodId, createdAtMs: vod.createdAtMs, durationMs })
  const plan = await planShow(context, { showId, channelId, longEchoId: null })
  if (!plan) return
  const isSettled = new Set(settled.map((echo) => echo.id))
  const moments = plan.moments.filter(({ moment }) => moment.echoIds.every((id) => isSettled.has(id)))
  await recordMedia(db, { key: partsKey(showId), channelId, showId, kind: 'work' }, clock.now())
  await bringFootage(
    context,
    stream,
    { moments },
    { ahead: true, expect: (bytes) => expectRoom(room, bytes) },
  )
  // What reached into parts that still grow is looked at again.
  if (moments.length === plan.moments.length) fetched.set(showId, wanted)
}

/** For the composition root: a harvest that remembers. */
export function makeHarvest(context: HarvestContext): () => Promise<void> {
  const fetched = new Map<string, string>()
  return () => harvest(context, fetched)
}
