/**
 * What YouTube told is asked for anew before it is 30 days old, or deleted (YouTube API Services Developer Policies, III.E.4):
 * a connected channel's name and picture, and what became of uploaded videos.
 */
import { kindOf } from '../../shared/fault.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { dropYoutubeGrant, forgetYoutubeName, refreshYoutubeGrant, staleYoutubeGrants } from '../db/grants.ts'
import { refreshUpload, staleUploads } from '../db/uploads.ts'
import { errorText, type Log } from '../log.ts'
import type { Publisher } from './context.ts'

const DAY_MS = 24 * 60 * 60_000
/** Asked for from this age on, so that some days are left in which YouTube does not answer. */
const ASK_MS = 25 * DAY_MS
const DELETE_MS = 30 * DAY_MS

export interface RefreshContext {
  db: Database
  clock: Clock
  log: Log
  /** @throws {Fault} `person` when the grant is gone */
  channel(channelId: string): Promise<{ id: string; title: string; picture: string }>
  publisher: Pick<Publisher, 'videoState'>
}

export async function refreshYoutube(context: RefreshContext): Promise<void> {
  const { db, clock, log, channel, publisher } = context
  const now = clock.now()
  for (const { channelId, sinceMs } of await staleYoutubeGrants(db, now - ASK_MS)) {
    try {
      await refreshYoutubeGrant(db, channelId, await channel(channelId), now)
    } catch (error) {
      log.info({ error: errorText(error), channelId }, 'a YouTube channel could not be asked for anew')
      if (sinceMs >= now - DELETE_MS) continue
      // YouTube may only have been away: then access stays, and what it told of the channel goes.
      if (kindOf(error) === 'person') await dropYoutubeGrant(db, channelId)
      else await forgetYoutubeName(db, channelId)
    }
  }
  for (const { recapId, channelId, videoId, sinceMs } of await staleUploads(db, now - ASK_MS)) {
    try {
      const state = await publisher.videoState(channelId, videoId)
      await refreshUpload(db, recapId, state, now)
    } catch (error) {
      log.info({ error: errorText(error), recapId }, 'a video could not be asked for anew')
      if (sinceMs < now - DELETE_MS) await refreshUpload(db, recapId, null, now)
    }
  }
}
