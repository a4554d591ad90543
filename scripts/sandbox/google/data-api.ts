/** What is asked of YouTube's data API: the own channel, its uploads and what became of them, and playlists. */
import { randomBytes } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { page, problem, resource } from './answers.ts'
import type { GoogleFacts } from './facts.ts'

/** Behind the gate: there is somebody, and they may. */
export function dataApiRoutes(google: GoogleFacts): Hono {
  const app = new Hono()
  const channelOf = (c: Context) => google.who(c.req.header('authorization'))?.channelId ?? ''
  app.get('/youtube/v3/channels', (c) => {
    const id = channelOf(c)
    const title = google.channels.get(id)
    const relatedPlaylists = { uploads: id.replace(/^UC/, 'UU') }
    const items = title
      ? [
          {
            kind: 'youtube#channel',
            id,
            snippet: { title, thumbnails: { default: { url: channelPicture(c) } } },
            contentDetails: { relatedPlaylists },
          },
        ]
      : []
    return c.json(page(c, 'youtube#channelListResponse', items))
  })
  app.get('/youtube/v3/playlistItems', (c) => {
    const own = google.playlists.find((p) => p.id === c.req.query('playlistId'))
    const uploads = (c.req.query('playlistId') ?? '').replace(/^UU/, 'UC')
    if (!own && !google.channels.has(uploads))
      return problem(c, 404, 'playlistNotFound', 'The playlist was not found')
    const ids = own
      ? own.videoIds
      : google.videos
          .filter((v) => v.channelId === uploads)
          .map((v) => v.id)
          .reverse()
    const wanted = ids.filter((id) => id === (c.req.query('videoId') ?? id))
    const items = wanted.map((videoId) => ({ kind: 'youtube#playlistItem', contentDetails: { videoId } }))
    return c.json(page(c, 'youtube#playlistItemListResponse', items))
  })
  app.get('/youtube/v3/videos', (c) => {
    const status = google.faults.dataStatuses.shift()
    if (status) return problem(c, status, status === 403 ? 'forbidden' : 'backendError', 'No')
    const ids = (c.req.queries('id') ?? []).flatMap((id) => id.split(','))
    const now = google.clock.now()
    const items = (google.faults.unlistedVideos ? [] : google.videos)
      .filter((v) => ids.includes(v.id))
      .map((v) => {
        const processed = now - v.uploadedAtMs >= google.faults.processingMs
        const uploadStatus = !processed ? 'uploaded' : v.rejection ? 'rejected' : 'processed'
        const rejected = processed && v.rejection ? { rejectionReason: v.rejection } : {}
        const processingDetails = { processingStatus: processed ? 'succeeded' : 'processing' }
        return {
          ...resource(v),
          status: { uploadStatus, privacyStatus: v.privacy, ...rejected },
          processingDetails,
        }
      })
    return c.json({ kind: 'youtube#videoListResponse', items })
  })
  app.get('/youtube/v3/playlists', (c) => {
    const own = google.playlists.filter((p) => p.channelId === channelOf(c))
    return c.json(
      page(
        c,
        'youtube#playlistListResponse',
        own.map((p) => ({ kind: 'youtube#playlist', id: p.id, snippet: { title: p.title } })),
      ),
    )
  })
  app.post('/youtube/v3/playlists', async (c) => {
    const { snippet, status } = await c.req
      .json<{ snippet?: { title?: string }; status?: { privacyStatus?: string } }>()
      .catch(() => ({ snippet: undefined, status: undefined }))
    const title = snippet?.title ?? ''
    if (title === '' || title.length > 150)
      return problem(c, 400, 'playlistTitleRequired', 'The title is missing')
    const id = `PL${randomBytes(8).toString('hex')}`
    const privacy = status?.privacyStatus ?? 'public'
    google.playlists.push({ id, channelId: channelOf(c), privacy, title, videoIds: [] })
    return c.json({ kind: 'youtube#playlist', id, snippet: { title } })
  })
  app.post('/youtube/v3/playlistItems', async (c) => {
    const { snippet } = await c.req
      .json<{ snippet?: { playlistId?: string; resourceId?: { kind?: string; videoId?: string } } }>()
      .catch(() => ({ snippet: undefined }))
    const { playlistId, resourceId } = snippet ?? {}
    const playlist = google.playlists.find((p) => p.id === playlistId && p.channelId === channelOf(c))
    if (!playlist) return problem(c, 404, 'playlistNotFound', 'The playlist was not found')
    if (resourceId?.kind !== 'youtube#video' || !google.videos.some((v) => v.id === resourceId.videoId))
      return problem(c, 404, 'videoNotFound', 'The video was not found')
    playlist.videoIds.push(resourceId.videoId ?? '')
    return c.json({ kind: 'youtube#playlistItem', snippet: { playlistId, resourceId } })
  })
  return app
}

const channelPicture = (c: Context) => new URL('/channel.svg', c.req.url).href

// Lenient here: `part` brings what Echoes asks for and not all of it; a playlist has no end of room.
