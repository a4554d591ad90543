/** What is asked of YouTube's data API: the own channel, its uploads and what became of them, and playlists. */
import { randomBytes } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { problem, resource } from './answers.ts'
import { CHANNELS } from './consent.tsx'
import type { GoogleFacts } from './facts.ts'

export function dataApiRoutes(google: GoogleFacts): Hono {
  const app = new Hono()
  app.use('/youtube/v3/*', async (c, next) =>
    google.who(c.req.header('authorization')) ? next() : problem(c, 401, 'authError', 'Invalid Credentials'),
  )
  app.get('/youtube/v3/channels', (c) => {
    const channel = CHANNELS.find((ch) => ch.id === google.who(c.req.header('authorization'))?.channelId)
    const relatedPlaylists = { uploads: channel?.id.replace(/^UC/, 'UU') }
    const items = channel
      ? [
          {
            id: channel.id,
            snippet: { title: channel.title, thumbnails: { default: { url: channelPicture(c) } } },
            contentDetails: { relatedPlaylists },
          },
        ]
      : []
    return c.json({ items })
  })
  app.get('/youtube/v3/playlistItems', (c) => {
    const own = google.playlists.find((p) => p.id === c.req.query('playlistId'))
    if (own) {
      const ids = own.videoIds.filter((id) => id === (c.req.query('videoId') ?? id))
      return c.json({ items: ids.map((videoId) => ({ contentDetails: { videoId } })) })
    }
    const channelId = (c.req.query('playlistId') ?? '').replace(/^UU/, 'UC')
    const videos = google.videos.filter((v) => v.channelId === channelId).reverse()
    return c.json({ items: videos.map((v) => ({ contentDetails: { videoId: v.id } })) })
  })
  app.get('/youtube/v3/videos', (c) => {
    const ids = (c.req.queries('id') ?? []).flatMap((id) => id.split(','))
    const now = google.clock.now()
    const items = google.videos
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
    return c.json({ items })
  })
  app.get('/youtube/v3/playlists', (c) =>
    c.json({ items: google.playlists.map((p) => ({ id: p.id, snippet: { title: p.title } })) }),
  )
  app.post('/youtube/v3/playlists', async (c) => {
    if (!mayManage(google.who(c.req.header('authorization'))))
      return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
    const { snippet } = await c.req.json<{ snippet?: { title?: string } }>()
    const playlist = {
      id: `PL${randomBytes(8).toString('hex')}`,
      title: snippet?.title ?? '',
      videoIds: [],
    }
    google.playlists.push(playlist)
    return c.json({ id: playlist.id, snippet })
  })
  app.post('/youtube/v3/playlistItems', async (c) => {
    if (!mayManage(google.who(c.req.header('authorization'))))
      return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
    const { snippet } = await c.req.json<{
      snippet: { playlistId: string; resourceId: { videoId: string } }
    }>()
    const playlist = google.playlists.find((p) => p.id === snippet.playlistId)
    if (!playlist) return problem(c, 404, 'playlistNotFound', 'The playlist was not found')
    playlist.videoIds.push(snippet.resourceId.videoId)
    return c.json({ snippet })
  })
  return app
}

function mayManage(who: { scopes: string[] } | null): boolean {
  return who?.scopes.includes('https://www.googleapis.com/auth/youtube') ?? false
}

const channelPicture = (c: Context) => new URL('/channel.svg', c.req.url).href
