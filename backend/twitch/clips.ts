/**
 * Clips made from a VOD, and where they are downloaded: Twitch's documented way to its pictures (Create Clip From VOD, Get
 * Clips, Get Clips Download). The streamer must have granted `channel:manage:clips`.
 */
import { callTwitchApi, HttpStatusCodeError } from '@twurple/api-call'
import { accessTokenIsExpired, type AuthProvider } from '@twurple/auth'
import { Fault, kindOf, type FaultKind } from '../../shared/fault.ts'
import { apiClient, asking, FOR_A_ROUND_MS } from './asking.ts'

export const CLIP_SCOPE = 'channel:manage:clips'
/** Seconds; of whole seconds, so that clips lie next to each other without a gap. */
export const CLIP_SEC = { shortest: 5, longest: 60 }
/** Clips a request for downloads may name. */
export const DOWNLOADS_A_TIME = 10
const LISTED_A_TIME = 100
const ORDER_TIMEOUT_MS = 30_000
/** Get Clips searches from a time on for a week, unless told otherwise. */
const LISTED_WITHIN_MS = 24 * 60 * 60_000

export interface ClipOrder {
  channelId: string
  vodId: string
  /** Whole seconds of the VOD at which the clip ends. */
  endSec: number
  lengthSec: number
  title: string
}

export interface Clips {
  /**
   * Orders a clip, in one request: a repetition would be a second clip for all to see. It appears in the listing seconds
   * or minutes later.
   * @param mayBeSent asked once, right before the request goes out
   * @returns its id, or null where it was not to be sent @throws Fault
   */
  order(clip: ClipOrder, mayBeSent: () => Promise<boolean>): Promise<string | null>
  /** Clips that were made since `sinceMs` and have this title: what became of an order whose answer was lost. @throws Fault */
  madeAs(channelId: string, title: string, sinceMs: number): Promise<string[]>
  /** Of these clips, those that are listed by now. @throws Fault */
  listed(clipIds: readonly string[]): Promise<Set<string>>
  /** Signed addresses of at most ten clips, which do not last; null where there is none (yet). @throws Fault */
  downloads(channelId: string, clipIds: readonly string[]): Promise<Map<string, string | null>>
}

export function twitchClips(authProvider: AuthProvider): Clips {
  const api = apiClient(authProvider)
  const tokenOf = async (userId: string, force: boolean) => {
    const seen = await authProvider.getAccessTokenForUser(userId, [CLIP_SCOPE])
    if (!seen) throw new Fault('the streamer has not let Echoes make clips', 'person')
    if (!force && !accessTokenIsExpired(seen)) return seen.accessToken
    const fresh = await authProvider.refreshAccessTokenForUser?.(userId)
    if (!fresh) throw new Fault('the streamer has not let Echoes make clips', 'person')
    return fresh.accessToken
  }
  return {
    order: ({ channelId, vodId, endSec, lengthSec, title }, mayBeSent) =>
      asking(
        'to make a clip',
        async () => {
          // Not by twurple's client, which asks again after an answer that was lost.
          const order = (token: string) =>
            callTwitchApi<{ data: { id: string }[] }>(
              {
                type: 'helix',
                url: 'videos/clips',
                method: 'POST',
                query: {
                  editor_id: channelId,
                  broadcaster_id: channelId,
                  vod_id: vodId,
                  vod_offset: String(endSec),
                  duration: String(lengthSec),
                  title,
                },
              },
              authProvider.clientId,
              token,
              'Bearer',
              { signal: AbortSignal.timeout(ORDER_TIMEOUT_MS) },
            ).catch((error: unknown) => {
              throw neverLeft(error) ? unsent('Twitch cannot be reached', 'transient') : error
            })
          const token = await tokenOf(channelId, false)
          if (!(await mayBeSent())) return null
          const made = await order(token).catch(async (error: unknown) => {
            if (!(error instanceof HttpStatusCodeError && error.statusCode === 401)) throw error
            const renewed = await tokenOf(channelId, true).catch((failed: unknown) => {
              throw unsent(failed instanceof Error ? failed.message : String(failed), kindOf(failed))
            })
            return order(renewed)
          })
          const id = made.data[0]?.id
          if (!id) throw new Fault('Twitch made a clip without an id', 'transient')
          return id
        },
        FOR_A_ROUND_MS,
        'clips',
      ),
    madeAs: (channelId, title, sinceMs) =>
      asking(
        'for a clip that was ordered',
        async () => {
          const found: string[] = []
          const query = {
            broadcaster_id: channelId,
            started_at: new Date(sinceMs).toISOString(),
            ended_at: new Date(sinceMs + LISTED_WITHIN_MS).toISOString(),
            first: String(LISTED_A_TIME),
          }
          let after: string | undefined
          do {
            const page = await api.callApi<{
              data: { id: string; title: string }[]
              pagination?: { cursor?: string }
            }>({ type: 'helix', url: 'clips', query: after === undefined ? query : { ...query, after } })
            for (const clip of page.data) if (clip.title === title) found.push(clip.id)
            after = page.pagination?.cursor
          } while (after)
          return found
        },
        FOR_A_ROUND_MS,
      ),
    listed: (clipIds) =>
      asking(
        'for clips',
        async () => {
          const found = new Set<string>()
          for (let n = 0; n < clipIds.length; n += LISTED_A_TIME) {
            // twurple leaves `first` out, and Twitch then lists 20 of a hundred.
            const { data } = await api.callApi<{ data: { id: string }[] }>({
              type: 'helix',
              url: 'clips',
              query: { id: clipIds.slice(n, n + LISTED_A_TIME), first: String(LISTED_A_TIME) },
            })
            for (const clip of data) found.add(clip.id)
          }
          return found
        },
        FOR_A_ROUND_MS,
      ),
    downloads: (channelId, clipIds) =>
      asking(
        'for the downloads of clips',
        async () => {
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
        },
        FOR_A_ROUND_MS,
        'clips',
      ),
  }
}

const unsent = (why: string, kind: FaultKind) => new Fault(why, kind, { isUnsent: true })

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a `fetch` failed before anything was sent. */
function neverLeft(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined
  return NO_CONNECTION.has(cause?.code ?? '')
}
