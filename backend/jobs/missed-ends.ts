/** Ends that Twitch's events did not bring: the recording tells when a stream was over. */
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { liveStreams, streamEnded } from '../db/shows.ts'
import { errorText, type Log } from '../log.ts'
import type { ArchivedVod, TwitchPort } from './context.ts'

interface Context {
  db: Database
  clock: Clock
  log: Log
  twitch: Pick<TwitchPort, 'recentArchives'>
  showEnded(showId: string): Promise<void>
}

/** When a stream that is over ended, by its recording; null while there is none. */
export function endOf(streamId: string, archives: readonly ArchivedVod[]): number | null {
  const vod = archives.find((a) => a.streamId === streamId)
  return vod ? vod.createdAtMs + vod.durationMs : null
}

/** The latest recordings; none where Twitch does not answer, which the operator is told. */
export async function archivesNow(
  { log, twitch }: Pick<Context, 'log' | 'twitch'>,
  channelId: string,
): Promise<ArchivedVod[]> {
  return twitch.recentArchives(channelId).catch((error: unknown) => {
    log.warn({ channelId, error: errorText(error) }, 'when a stream ended was not looked up')
    return []
  })
}

/** A new stream has begun, so those before it are over, though nobody said so. */
export async function endStreamsBefore(
  context: Context,
  channelId: string,
  next: { streamId: string; startedAtMs: number },
): Promise<void> {
  const { db, clock, showEnded } = context
  const open = (await liveStreams(db, channelId)).filter(
    (s) => s.streamId !== next.streamId && s.startedAtMs < next.startedAtMs,
  )
  if (open.length === 0) return
  // Without an answer the start of the next one stands for the end.
  const archives = await archivesNow(context, channelId)
  for (const { streamId } of open) {
    const endedAtMs = Math.min(endOf(streamId, archives) ?? next.startedAtMs, next.startedAtMs)
    const ended = await streamEnded(db, { channelId, streamId, endedAtMs }, clock.now())
    if (ended) await showEnded(ended)
  }
}
