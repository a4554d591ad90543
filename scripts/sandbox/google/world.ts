/** The sandbox's Google: sign-in with partial grants, and YouTube with its uploads, data API and public pages. */
import { EventEmitter } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { sendFile } from '../twitch/video.ts'
import { recorder } from '../recorder.ts'
import { dataApiRoutes } from './data-api.ts'
import type { GoogleFacts, GoogleFaults } from './facts.ts'
import { youtubeGate } from './gate.ts'
import { QUOTA } from './limits.ts'
import { GoogleOauth } from './oauth.tsx'
import { uploadRoutes } from './uploads.ts'

const PROCESSING_MS = 1_000

export class GoogleWorld implements GoogleFacts {
  readonly clock: Clock
  readonly dir = mkdtempSync(join(tmpdir(), 'sandbox-youtube-'))
  readonly faults: GoogleFaults = {
    uploadStatuses: [],
    thumbnailStatuses: [],
    answersLost: 0,
    cutAfterBytes: [],
    quotaUsedUp: false,
    channelLimit: false,
    dataStatuses: [],
    unlistedVideos: false,
    grantRevoked: false,
    keptPrivate: false,
    rejects: null,
    processingMs: PROCESSING_MS,
  }
  readonly happened: GoogleFacts['happened'] = new EventEmitter()
  readonly videos: GoogleFacts['videos'] = []
  readonly sessions: GoogleFacts['sessions'] = new Map()
  readonly playlists: GoogleFacts['playlists'] = []
  readonly channels = new Map([
    ['UCsandboxstreamer0000000', 'Sandbox Streamer'],
    ['UCsandboxother0000000000', 'Another Channel'],
  ])
  readonly quota = { ...QUOTA }
  readonly #oauth: GoogleOauth

  constructor(clock: Clock) {
    this.clock = clock
    this.#oauth = new GoogleOauth(clock, this.faults, this.channels)
  }

  get client() {
    return this.#oauth.client
  }

  who(authorization: string | undefined) {
    return this.#oauth.who(authorization)
  }

  /** An access token as a consent would end in, for tests that have no browser. */
  tokenFor(channelId = 'UCsandboxstreamer0000000'): string {
    const scopes = ['upload', 'readonly'].map((name) => `https://www.googleapis.com/auth/youtube.${name}`)
    return this.#oauth.issue({ channelId, scopes }).access_token
  }

  /** Whether anybody holds a grant for a channel. */
  isGranted(channelId: string): boolean {
    return this.#oauth.isGranted(channelId)
  }

  /** The person takes back at Google what they granted for a channel. */
  revoke(channelId: string): void {
    this.#oauth.revoke(channelId)
  }

  /** No access token works any more; they must be renewed. */
  expireTokens(): void {
    this.#oauth.expireAccess()
  }

  routes(): Hono {
    const app = new Hono()
    app.route('/', this.#oauth.routes())
    const asked = recorder(
      'youtube',
      (path) => path,
      (c) => {
        const who = this.who(c.req.header('authorization'))
        return { token: who ? 'user' : 'none', scopes: who?.scopes ?? [] }
      },
    )
    const gate = youtubeGate(this)
    for (const path of ['/youtube/v3/*', '/upload/youtube/v3/*']) app.use(path, asked, gate)
    app.route('/', uploadRoutes(this))
    app.route('/', dataApiRoutes(this))
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
}

// Lenient here: pages of videos are only their files.
