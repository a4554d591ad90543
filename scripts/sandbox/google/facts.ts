/** What the sandbox's Google knows, and what may go wrong with it. */
import type { EventEmitter } from 'node:events'
import type { Clock } from '../../../shared/clock.ts'
import type { Grant } from './oauth.tsx'

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

export interface Session {
  id: string
  /** UTC milliseconds. */
  openedAtMs: number
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
  /** The next thumbnails are answered with these. */
  thumbnailStatuses: number[]
  /** So many videos are taken whole, and the answer that says so is a 503. */
  answersLost: number
  /** The next transfers break after so many bytes. */
  cutAfterBytes: number[]
  /** `videos.insert` answers that the day's quota is used up. */
  quotaUsedUp: boolean
  /** `videos.insert` answers that the channel itself has uploaded too much in a day. */
  channelLimit: boolean
  /** `videos.list` does not have any video (yet). */
  unlistedVideos: boolean
  /** The next questions for videos get these statuses, in order. */
  dataStatuses: number[]
  /** Tokens are no longer renewed: `invalid_grant`. */
  grantRevoked: boolean
  /** The creator's own account settings make each upload private at first. */
  keptPrivate: boolean
  /** Videos are rejected for this reason once they are looked at. */
  rejects: string | null
  /** YouTube works on a video for so long. */
  processingMs: number
}

export interface Playlist {
  id: string
  channelId: string
  privacy: string
  title: string
  videoIds: string[]
}

export interface GoogleFacts {
  clock: Clock
  /** Where uploaded files lie. */
  dir: string
  faults: GoogleFaults
  /** Told before the answer goes out, so that a listener may break the connection at that very point. */
  happened: EventEmitter<{ session: []; half: []; video: []; bytes: [stored: number] }>
  videos: Video[]
  sessions: Map<string, Session>
  playlists: Playlist[]
  /** Channel id → title. */
  channels: Map<string, string>
  /** What the project may do in a day. */
  quota: { units: number; uploads: number }
  /** Whose a request is, by its access token. */
  who(authorization: string | undefined): Grant | null
}

// Lenient here: these are only the names of things.
