/** Which long echoes of a show become videos of their own: those of a channel that wants it so, for good. */
import { findChannel } from '../../db/channels.ts'
import { longEchoesOf } from '../../db/long-echoes.ts'
import { ownVideosOf } from '../../db/own-videos.ts'
import { recapOfShow } from '../../db/recaps.ts'
import { findShow } from '../../db/shows.ts'
import type { JobContext } from '../context.ts'

/** Notes a video for each long echo, where the channel wants it. @returns the long echoes that have one */
export async function beginOwnVideos(
  { db, clock }: Pick<JobContext, 'db' | 'clock'>,
  showId: string,
): Promise<Set<string>> {
  const show = await findShow(db, showId)
  const channel = show && (await findChannel(db, show.channelId))
  if (show && channel?.settings.longSpans === 'own-video')
    for (const { id } of await longEchoesOf(db, showId)) await recapOfShow(db, show, clock.now(), id)
  return ownVideosOf(db, showId)
}
