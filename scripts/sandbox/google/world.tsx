/**
 * The sandbox's Google: OAuth with partial grants, and YouTube with the resumable upload protocol to the letter,
 * processing states, the private lock of unaudited projects, thumbnails, playlists and quota errors.
 */
import { createHash, randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono, type Context } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { toHtml } from '../../../backend/web/site/layout.tsx'
import { sendFile } from '../twitch/video.ts'
import { incomplete, problem, resource } from './answers.ts'
import { CHANNELS, Consent } from './consent.tsx'

export interface Video {
  id: string
  channelId: string
  title: string
  description: string
  tags: string[]
  askedPrivacy: string
  privacy: string
  file: string
  bytes: number
  sha256: string
  uploadedAtMs: number
  thumbnail: string | null
  /** Why YouTube rejected it. */
  rejection: string | null
  madeForKids: boolean
}

interface Session {
  id: string
  channelId: string
  metadata: {
    snippet?: { title?: string; description?: string; tags?: string[] }
    status?: { privacyStatus?: string; selfDeclaredMadeForKids?: boolean }
  }
  bytes: number
  stored: number
  file: string
  /** The final answer, which the session repeats. */
  video: Video | null
  expired: boolean
}

export interface GoogleFaults {
  /** The next requests to the upload server get these statuses, in order. */
  uploadStatuses: number[]
  /** So many videos are taken whole, and the answer that says so is a 503. */
  answersLost: number
  /** The next transfers break after so many bytes. */
  cutAfterBytes: number[]
  /** `videos.insert` answers that the day's quota is used up. */
  quotaUsedUp: boolean
  /** Tokens are no longer renewed: `invalid_grant`. */
  grantRevoked: boolean
  /** Uploads of this unaudited project are locked to private. */
  unaudited: boolean
  /** Videos are rejected for this reason once they are looked at. */
  rejects: string | null
  /** YouTube works on a video for so long. */
  processingMs: number
}

const CHUNK = 256 * 1024
const PROCESSING_MS = 1_000

export class GoogleWorld {
  readonly #clock: Clock
  readonly #dir = mkdtempSync(join(tmpdir(), 'sandbox-youtube-'))
  readonly client = { id: 'sandbox-google', secret: randomBytes(16).toString('hex') }
  readonly faults: GoogleFaults = {
    uploadStatuses: [],
    answersLost: 0,
    cutAfterBytes: [],
    quotaUsedUp: false,
    grantRevoked: false,
    unaudited: false,
    rejects: null,
    processingMs: PROCESSING_MS,
  }
  /** Told before the answer goes out, so that a listener may break the connection at that very point. */
  readonly happened = new EventEmitter<{ session: []; half: []; video: []; bytes: [stored: number] }>()
  readonly videos: Video[] = []
  readonly sessions = new Map<string, Session>()
  readonly playlists: { id: string; title: string; videoIds: string[] }[] = []
  readonly #codes = new Map<string, { channelId: string; scopes: string[]; challenge: string }>()
  readonly #refresh = new Map<string, { channelId: string; scopes: string[] }>()
  readonly #access = new Map<string, { channelId: string; scopes: string[]; expiresAtMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An access token as a consent would end in, for tests that have no browser. */
  tokenFor(channelId = 'UCsandboxstreamer0000000'): string {
    const scope = 'https://www.googleapis.com/auth/youtube.upload'
    return this.#issue({ channelId, scopes: [scope] }).access_token
  }

  /** Whether anybody holds a grant for a channel. */
  isGranted(channelId: string): boolean {
    return [...this.#refresh.values()].some((grant) => grant.channelId === channelId)
  }

  /** No access token works any more; they must be renewed. */
  expireTokens(): void {
    this.#access.clear()
  }

  routes(): Hono {
    const app = new Hono()
    this.#oauth(app)
    this.#uploads(app)
    this.#api(app)
    app.get('/watch/:id', (c) => {
      const video = this.videos.find((v) => v.id === c.req.param('id'))
      return video ? sendFile(c, video.file, 'video/mp4') : c.notFound()
    })
    app.get('/channel.svg', (c) =>
      c.body(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#0f766e"/></svg>',
        200,
        { 'content-type': 'image/svg+xml' },
      ),
    )
    app.get('/vi/:id/mqdefault.jpg', (c) => {
      const picture = this.videos.find((v) => v.id === c.req.param('id'))?.thumbnail
      return picture ? sendFile(c, picture, 'image/jpeg') : c.notFound()
    })
    return app
  }

  #oauth(app: Hono): void {
    app.get('/o/oauth2/v2/auth', (c) => c.html(toHtml(<Consent query={c.req.query()} />)))
    app.post('/o/oauth2/v2/auth', async (c) => {
      const form = await c.req.parseBody({ all: true })
      const back = new URL(String(form.redirect_uri))
      back.searchParams.set('state', String(form.state))
      const scopes = [form.granted ?? []].flat().map(String)
      const code = randomBytes(15).toString('hex')
      this.#codes.set(code, {
        channelId: String(form.channel),
        scopes,
        challenge: String(form.code_challenge),
      })
      back.searchParams.set('code', code)
      back.searchParams.set('scope', scopes.join(' '))
      return c.redirect(back.href)
    })
    app.post('/token', async (c) => {
      const form = (await c.req.parseBody()) as Record<string, string>
      if (form.client_id !== this.client.id || form.client_secret !== this.client.secret)
        return c.json({ error: 'invalid_client' }, 401)
      if (form.grant_type === 'authorization_code') {
        const code = this.#codes.get(form.code ?? '')
        const challenge = createHash('sha256')
          .update(form.code_verifier ?? '')
          .digest('base64url')
        if (!code || code.challenge !== challenge) return c.json({ error: 'invalid_grant' }, 400)
        this.#codes.delete(form.code ?? '')
        const refreshToken = randomBytes(25).toString('hex')
        this.#refresh.set(refreshToken, code)
        return c.json({ ...this.#issue(code), refresh_token: refreshToken })
      }
      const grant = this.#refresh.get(form.refresh_token ?? '')
      if (!grant || this.faults.grantRevoked)
        return c.json(
          { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
          400,
        )
      return c.json(this.#issue(grant))
    })
    app.post('/revoke', async (c) => {
      const { token } = (await c.req.parseBody()) as Record<string, string>
      const grant = this.#refresh.get(token ?? '')
      if (!grant) return c.json({ error: 'invalid_token' }, 400)
      this.#refresh.delete(token ?? '')
      for (const [access, each] of this.#access)
        if (each.channelId === grant.channelId) this.#access.delete(access)
      return c.json({})
    })
  }

  #issue(grant: { channelId: string; scopes: string[] }) {
    const accessToken = randomBytes(20).toString('hex')
    this.#access.set(accessToken, { ...grant, expiresAtMs: this.#clock.now() + 3_600_000 })
    return {
      access_token: accessToken,
      expires_in: 3599,
      scope: grant.scopes.join(' '),
      token_type: 'Bearer',
    }
  }

  #who(c: Context) {
    const access = this.#access.get((c.req.header('authorization') ?? '').replace('Bearer ', ''))
    return access && access.expiresAtMs > this.#clock.now() ? access : null
  }

  #uploads(app: Hono): void {
    app.post('/upload/youtube/v3/videos', async (c) => {
      const who = this.#who(c)
      if (!who) return problem(c, 401, 'authError', 'Invalid Credentials')
      const status = this.faults.uploadStatuses.shift()
      if (status) return problem(c, status, 'backendError', 'Backend Error')
      if (this.faults.quotaUsedUp)
        return problem(
          c,
          429,
          'rateLimitExceeded',
          "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day'",
        )
      if (!who.scopes.some((s) => s.endsWith('/youtube.upload')))
        return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
      const metadata = await c.req.json<Session['metadata']>()
      const title = metadata.snippet?.title ?? ''
      if (title === '' || [...title].length > 100 || /[<>]/.test(title))
        return problem(c, 400, 'invalidTitle', 'The title is invalid')
      const id = randomBytes(24).toString('base64url')
      const bytes = Number(c.req.header('x-upload-content-length'))
      const file = join(this.#dir, `${id}.upload`)
      writeFileSync(file, '')
      this.sessions.set(id, {
        id,
        channelId: who.channelId,
        metadata,
        bytes,
        stored: 0,
        file,
        video: null,
        expired: false,
      })
      this.happened.emit('session')
      const location = new URL(c.req.url)
      location.searchParams.set('upload_id', id)
      return c.body(null, 200, { location: location.href })
    })

    app.put('/upload/youtube/v3/videos', async (c) => {
      if (!this.#who(c)) return problem(c, 401, 'authError', 'Invalid Credentials')
      const session = this.sessions.get(c.req.query('upload_id') ?? '')
      if (!session || session.expired) return problem(c, 404, 'notFound', 'Not Found')
      if (session.video) return c.json(resource(session.video), 201)
      const range = /^bytes (?:\*|(\d+)-(\d+))\/(\d+)$/.exec(c.req.header('content-range') ?? '')
      const status = this.faults.uploadStatuses.shift()
      if (status) return problem(c, status, 'backendError', 'Backend Error')
      if (range && range[1] === undefined) return incomplete(c, session)
      const [from, to] = range ? [Number(range[1]), Number(range[2])] : [0, session.bytes - 1]
      // An overlap or a gap: nothing is taken.
      if (from !== session.stored)
        return problem(c, 400, 'badRequest', 'The range does not go on where the upload is')
      const cut = this.faults.cutAfterBytes.shift()
      await receive(c, session, cut, (before) => {
        if (before < session.bytes / 2 && session.stored >= session.bytes / 2) this.happened.emit('half')
        this.happened.emit('bytes', session.stored)
      })
      // Parts that are not the last come in multiples of 256 KiB, and only those are kept.
      if (session.stored < session.bytes) {
        const keep =
          to < session.bytes - 1 || cut !== undefined
            ? Math.floor(session.stored / CHUNK) * CHUNK
            : session.stored
        writeFileSync(session.file, readFileSync(session.file).subarray(0, keep))
        session.stored = keep
        if (cut !== undefined) return problem(c, 503, 'backendError', 'Backend Error')
        return incomplete(c, session)
      }
      session.video = this.#complete(session)
      if (this.faults.answersLost > 0) {
        this.faults.answersLost--
        return problem(c, 503, 'backendError', 'Backend Error')
      }
      return c.json(resource(session.video), 201)
    })

    app.post('/upload/youtube/v3/thumbnails/set', async (c) => {
      const video = this.videos.find((v) => v.id === c.req.query('videoId'))
      if (!video) return problem(c, 404, 'videoNotFound', 'The video was not found')
      video.thumbnail = join(this.#dir, `${video.id}.jpg`)
      writeFileSync(video.thumbnail, Buffer.from(await c.req.arrayBuffer()))
      return c.json({ kind: 'youtube#thumbnailSetResponse', items: [] })
    })
  }

  #complete(session: Session): Video {
    const { snippet = {}, status = {} } = session.metadata
    const askedPrivacy = status.privacyStatus ?? 'public'
    const video: Video = {
      id: randomBytes(8).toString('base64url'),
      channelId: session.channelId,
      title: snippet.title ?? '',
      description: snippet.description ?? '',
      tags: snippet.tags ?? [],
      askedPrivacy,
      privacy: this.faults.unaudited ? 'private' : askedPrivacy,
      file: session.file,
      bytes: statSync(session.file).size,
      sha256: createHash('sha256').update(readFileSync(session.file)).digest('hex'),
      uploadedAtMs: this.#clock.now(),
      thumbnail: null,
      rejection: this.faults.rejects,
      madeForKids: status.selfDeclaredMadeForKids ?? false,
    }
    this.videos.push(video)
    this.happened.emit('video')
    return video
  }

  #api(app: Hono): void {
    app.use('/youtube/v3/*', async (c, next) =>
      this.#who(c) ? next() : problem(c, 401, 'authError', 'Invalid Credentials'),
    )
    app.get('/youtube/v3/channels', (c) => {
      const channel = CHANNELS.find((ch) => ch.id === this.#who(c)?.channelId)
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
      const own = this.playlists.find((p) => p.id === c.req.query('playlistId'))
      if (own) {
        const ids = own.videoIds.filter((id) => id === (c.req.query('videoId') ?? id))
        return c.json({ items: ids.map((videoId) => ({ contentDetails: { videoId } })) })
      }
      const channelId = (c.req.query('playlistId') ?? '').replace(/^UU/, 'UC')
      const videos = this.videos.filter((v) => v.channelId === channelId).reverse()
      return c.json({ items: videos.map((v) => ({ contentDetails: { videoId: v.id } })) })
    })
    app.get('/youtube/v3/videos', (c) => {
      const ids = (c.req.queries('id') ?? []).flatMap((id) => id.split(','))
      const now = this.#clock.now()
      const items = this.videos
        .filter((v) => ids.includes(v.id))
        .map((v) => {
          const processed = now - v.uploadedAtMs >= this.faults.processingMs
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
      c.json({ items: this.playlists.map((p) => ({ id: p.id, snippet: { title: p.title } })) }),
    )
    app.post('/youtube/v3/playlists', async (c) => {
      if (!mayManage(this.#who(c)))
        return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
      const { snippet } = await c.req.json<{ snippet?: { title?: string } }>()
      const playlist = {
        id: `PL${randomBytes(8).toString('hex')}`,
        title: snippet?.title ?? '',
        videoIds: [],
      }
      this.playlists.push(playlist)
      return c.json({ id: playlist.id, snippet })
    })
    app.post('/youtube/v3/playlistItems', async (c) => {
      if (!mayManage(this.#who(c)))
        return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
      const { snippet } = await c.req.json<{
        snippet: { playlistId: string; resourceId: { videoId: string } }
      }>()
      const playlist = this.playlists.find((p) => p.id === snippet.playlistId)
      if (!playlist) return problem(c, 404, 'playlistNotFound', 'The playlist was not found')
      playlist.videoIds.push(snippet.resourceId.videoId)
      return c.json({ snippet })
    })
  }
}

async function receive(
  c: Context,
  session: Session,
  cut: number | undefined,
  onStored: (before: number) => void,
): Promise<void> {
  const out = createWriteStream(session.file, { flags: 'a' })
  let left = cut ?? Infinity
  try {
    for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
      const taken = chunk.subarray(0, left)
      left -= taken.length
      const before = session.stored
      session.stored += taken.length
      onStored(before)
      if (!out.write(taken)) await new Promise<void>((resolve) => out.once('drain', () => resolve()))
    }
  } catch {
    // The sender is gone: what came is kept.
  }
  await new Promise<void>((resolve) => out.end(() => resolve()))
}

function mayManage(who: { scopes: string[] } | null): boolean {
  return who?.scopes.includes('https://www.googleapis.com/auth/youtube') ?? false
}

const channelPicture = (c: Context) => new URL('/channel.svg', c.req.url).href
