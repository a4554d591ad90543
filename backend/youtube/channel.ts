/** A connected YouTube channel: its name, what was uploaded to it, how a video is doing, its thumbnail. */
import { createReadStream } from 'node:fs'
import { auth, youtube, type youtube_v3 } from '@googleapis/youtube'
import { Fault } from '../../shared/fault.ts'
import { youtubeFault } from './errors.ts'

export interface VideoState {
  /** YouTube is through with it: people can watch it. */
  processed: boolean
  privacy: string
  /** Why YouTube refused or failed, where it did. */
  problem: string | null
}

export interface YoutubeChannel {
  /** @throws {Fault} `person` when the account has no channel */
  me(): Promise<{ id: string; title: string; picture: string }>
  /** The id of the recently uploaded video that carries `tag`, or null. */
  findUploaded(tag: string): Promise<string | null>
  /** Null when the video is gone. */
  videoState(videoId: string): Promise<VideoState | null>
  setThumbnail(videoId: string, jpeg: string): Promise<void>
  /** Puts a video into the playlist of that name, which is made where there is none; nothing where it is in it already. */
  addToPlaylist(name: string, videoId: string): Promise<void>
}

const TIMEOUT_MS = 30_000
const NEWEST = 50

/** @param api root of the API, with a slash at the end */
export function youtubeChannel(token: (force: boolean) => Promise<string>, api: string): YoutubeChannel {
  // The root must also be given with each call: media uploads ignore the client's own (facts: base-URL redirection).
  const each = { rootUrl: api, timeout: TIMEOUT_MS }
  const client = youtube({ version: 'v3', rootUrl: api })
  const call = async <T>(
    what: string,
    run: (y: youtube_v3.Youtube, o: typeof each & { auth: never }) => Promise<T>,
  ): Promise<T> => {
    const once = async (force: boolean) => {
      const oauth = new auth.OAuth2()
      oauth.setCredentials({ access_token: await token(force) })
      return run(client, { ...each, auth: oauth as never })
    }
    const refused = (error: unknown) => {
      if (error instanceof Fault) return error
      const response = (error as { response?: { status?: number; data?: unknown } }).response
      return youtubeFault(what, response?.status ?? null, response?.data, Date.now())
    }
    // Google's client does not renew a token that is refused.
    const first = await once(false).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ fault: refused(error) }),
    )
    if ('answer' in first) return first.answer
    if (first.fault.status !== 401 || first.fault.kind !== 'transient') throw first.fault
    return once(true).catch((error: unknown) => {
      throw refused(error)
    })
  }
  return {
    me: () =>
      call('for the channel', async (y, o) => {
        const data = read(await y.channels.list({ part: ['snippet'], mine: true }, o))
        const channel = data.items?.[0]
        if (!channel?.id) throw new Fault('this Google account has no YouTube channel', 'person')
        const { title, thumbnails } = channel.snippet ?? {}
        return { id: channel.id, title: title ?? channel.id, picture: thumbnails?.default?.url ?? '' }
      }),
    findUploaded: (tag) =>
      call('what was uploaded', async (y, o) => {
        const mine = read(await y.channels.list({ part: ['contentDetails'], mine: true }, o))
        const playlistId = mine.items?.[0]?.contentDetails?.relatedPlaylists?.uploads
        if (!playlistId) return null
        const listed = read(
          await y.playlistItems.list({ part: ['contentDetails'], playlistId, maxResults: NEWEST }, o),
        )
        const id = (listed.items ?? []).flatMap((i) => i.contentDetails?.videoId ?? [])
        if (id.length === 0) return null
        const videos = read(await y.videos.list({ part: ['snippet'], id }, o))
        return videos.items?.find((v) => v.snippet?.tags?.includes(tag))?.id ?? null
      }),
    videoState: (videoId) =>
      call('how the video is doing', async (y, o) => {
        const data = read(await y.videos.list({ part: ['status', 'processingDetails'], id: [videoId] }, o))
        const status = data.items?.[0]?.status
        if (!status) return null
        return {
          processed: status.uploadStatus === 'processed',
          privacy: status.privacyStatus ?? 'private',
          problem:
            status.rejectionReason ??
            status.failureReason ??
            (status.uploadStatus === 'rejected' || status.uploadStatus === 'failed'
              ? 'no reason given'
              : null),
        }
      }),
    setThumbnail: (videoId, jpeg) =>
      call('to set a thumbnail', async (y, o) => {
        await y.thumbnails.set(
          { videoId, media: { mimeType: 'image/jpeg', body: createReadStream(jpeg) } },
          o,
        )
      }),
    addToPlaylist: (name, videoId) =>
      call('to fill a playlist', async (y, o) => {
        const playlistId = (await findPlaylist(y, o, name)) ?? (await makePlaylist(y, o, name))
        const there = read(await y.playlistItems.list({ part: ['contentDetails'], playlistId, videoId }, o))
        if ((there.items ?? []).length > 0) return
        const resourceId = { kind: 'youtube#video', videoId }
        await y.playlistItems.insert(
          { part: ['snippet'], requestBody: { snippet: { playlistId, resourceId } } },
          o,
        )
      }),
  }
}

/** A proxy's page, or nothing, with status 200 must not be taken for "there is none". @throws {Fault} `transient` */
function read<T extends { kind?: string | null }>({ data }: { data: T }): T {
  if (typeof data === 'object' && data?.kind?.startsWith('youtube#')) return data
  throw new Fault('YouTube’s answer could not be read', 'transient')
}

interface CallOptions {
  rootUrl: string
  timeout: number
  auth: never
}

/** Page by page: somebody may have more playlists than fit into one. */
async function findPlaylist(
  y: youtube_v3.Youtube,
  options: CallOptions,
  name: string,
): Promise<string | null> {
  let pageToken: string | undefined
  do {
    const ask = { part: ['snippet'], mine: true, maxResults: NEWEST, ...(pageToken ? { pageToken } : {}) }
    const data = read(await y.playlists.list(ask, options))
    const known = data.items?.find((p) => p.snippet?.title === name)?.id
    if (known) return known
    pageToken = data.nextPageToken ?? undefined
  } while (pageToken)
  return null
}

async function makePlaylist(y: youtube_v3.Youtube, options: CallOptions, title: string): Promise<string> {
  const requestBody = { snippet: { title }, status: { privacyStatus: 'public' } }
  const { id } = read(await y.playlists.insert({ part: ['snippet', 'status'], requestBody }, options))
  return id ?? ''
}
