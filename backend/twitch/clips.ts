/**
 * Clips made from a VOD, and where they are downloaded: Twitch's documented way to its pictures (Create Clip From VOD, Get
 * Clips, Get Clips Download). The streamer must have granted `channel:manage:clips`.
 */
import { ApiClient } from '@twurple/api'
import type { AuthProvider } from '@twurple/auth'
import { asking } from './asking.ts'

export const CLIP_SCOPE = 'channel:manage:clips'
/** Seconds; of whole seconds, so that clips lie next to each other without a gap. */
export const CLIP_SEC = { shortest: 5, longest: 60 }
/** Clips a request for downloads may name. */
export const DOWNLOADS_A_TIME = 10
const LISTED_A_TIME = 100

export interface ClipOrder {
  channelId: string
  vodId: string
  /** Whole seconds of the VOD at which the clip ends. */
  endSec: number
  lengthSec: number
  title: string
}

export interface Clips {
  /** Orders a clip. It appears in the listing seconds or minutes later. @returns its id @throws Fault */
  order(clip: ClipOrder): Promise<string>
  /** Of these clips, those that are listed by now. @throws Fault */
  listed(clipIds: readonly string[]): Promise<Set<string>>
  /** Signed addresses of at most ten clips, which do not last; null where there is none (yet). @throws Fault */
  downloads(channelId: string, clipIds: readonly string[]): Promise<Map<string, string | null>>
}

export function twitchClips(authProvider: AuthProvider): Clips {
  const api = new ApiClient({ authProvider, logger: { minLevel: 'critical' } })
  return {
    order: ({ channelId, vodId, endSec, lengthSec, title }) =>
      asking('to make a clip', () =>
        api.clips.createClipFromVod({
          channel: channelId,
          vodId,
          vodOffset: endSec,
          duration: lengthSec,
          title,
        }),
      ),
    listed: (clipIds) =>
      asking('for clips', async () => {
        const found = new Set<string>()
        for (let n = 0; n < clipIds.length; n += LISTED_A_TIME)
          for (const clip of await api.clips.getClipsByIds(clipIds.slice(n, n + LISTED_A_TIME)))
            found.add(clip.id)
        return found
      }),
    downloads: (channelId, clipIds) =>
      asking('for the downloads of clips', async () => {
        // twurple does not have this one.
        const answer = await api.callApi<{
          data: { clip_id: string; landscape_download_url: string | null }[]
        }>({
          type: 'helix',
          url: 'clips/downloads',
          userId: channelId,
          scopes: [CLIP_SCOPE],
          query: { editor_id: channelId, broadcaster_id: channelId, clip_id: [...clipIds] },
        })
        return new Map(answer.data.map((d) => [d.clip_id, d.landscape_download_url]))
      }),
  }
}
