/** What the jobs work with. Everything from outside comes in here, so that tests and the sandbox put theirs in. */
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import type { Log } from '../log.ts'
import type { Piece } from '../media/assemble.ts'
import type { Storage } from '../storage/storage.ts'
import type { NoticeContext } from './notices.ts'
import type { Room } from './room.ts'

/** Every wait of the main job, in milliseconds; each is a setting (see config.ts). */
export interface Waits {
  /** After `stream.offline`, before the end is believed: Twitch's events flap. */
  settleMs: number
  /** Between looks for the VOD; doubles up to ten times this. */
  vodPollMs: number
  /** A VOD that has not come by then is reported to the streamer. */
  vodWaitMs: number
  /** A part that is damaged or gone is believed to be so after this long. */
  damagedMs: number
  /** Between attempts of a step that failed: the first pause, which doubles, and the longest. */
  retryMs: number
  longestRetryMs: number
  /** A run that broke is begun anew after this long. */
  restartMs: number
  /** Between looks whether there is room on the disk. */
  roomMs: number
  /** Between looks whether the streamer has decided or connected YouTube; doubles up to 6 hours. */
  decisionPollMs: number
  /** Between looks whether YouTube is through with a video; doubles up to five minutes. */
  processingPollMs: number
}

export interface ArchivedVod {
  vodId: string
  streamId: string
  /** The stream's, where the source knows it. */
  title?: string
  createdAtMs: number
  durationMs: number
}

/** What the jobs ask of Twitch. */
export interface TwitchPort {
  liveStreams(
    channelIds: string[],
  ): Promise<{ streamId: string; channelId: string; startedAtMs: number; title: string }[]>
  recentArchives(channelId: string): Promise<ArchivedVod[]>
  /** Of these accounts, those that are still there. */
  existingUsers(userIds: string[]): Promise<Set<string>>
}

export interface VodSpan {
  startSec: number
  endSec: number
}

export interface Footage {
  /** For each span asked for, what the renderer is to read; more than one piece where the VOD has a discontinuity. */
  pieces: Omit<Piece, 'name'>[][]
  /** For each span that cannot be had: why, as a sentence. It has no pieces then. */
  lost?: (string | undefined)[]
  partsFetched: number
  partsTotal: number
}

export interface SourceVod {
  vodId: string
  channelId: string
}

export interface BringOptions {
  /** Only parts that will change no more, one at a time, behind everything that somebody waits for. */
  ahead?: boolean
  signal?: AbortSignal
  /** Told how many bytes will come, before they do; throws where they may not. */
  expect?(bytes: number): Promise<void>
  onPart?(done: number, total: number): void
}

/** When a stream was on, UTC milliseconds. */
export interface StreamSpan {
  streamId: string
  startedAtMs: number
  endedAtMs: number
}

/** Where a VOD's pictures come from: clips, the HLS playlist, or a file. */
export interface VodSource {
  /** Whether more than a moment may be brought to look at: clips are public, so no more of them are made than needed. */
  around: 'free' | 'costly'
  /** The recordings of some streams, where they are not Twitch's. */
  recordings?(channelId: string, streams: readonly StreamSpan[]): Promise<ArchivedVod[]>
  /** How long the VOD is by now, and whether it will grow no more. @throws Fault */
  inspect(vod: ArchivedVod): Promise<{ durationMs: number; complete: boolean }>
  /** How long a growing VOD was when Twitch last wrote its playlist; null where it does not say. @throws Fault */
  measure(vodId: string): Promise<{ writtenAtMs: number; durationMs: number } | null>
  /** Brings what `spans` need to `dir`, each part once; what is there already is used. @throws Fault | MediaError */
  bring(vod: SourceVod, spans: VodSpan[], dir: string, options?: BringOptions): Promise<Footage>
}

export interface PublishRequest {
  channelId: string
  recapId: string
  file: string
  title: string
  description: string
  privacy: 'public' | 'unlisted' | 'private'
  madeForKids: boolean
  tags: string[]
  /** The upload's stored state: see `SessionStore` of the upload. */
  session: {
    load(): Promise<{ url: string | null; videoId: string | null }>
    replace(before: string | null, next: string | null): Promise<boolean>
  }
}

/** Where recaps are published. */
export interface Publisher {
  isConnected(channelId: string): Promise<boolean>
  /** Uploads the file once, whatever happened before, and returns the video's id. @throws Fault */
  upload(request: PublishRequest): Promise<string>
  /** How YouTube is doing with a video; `problem`: why it refused it. Null: it is no longer there. @throws Fault */
  videoState(
    channelId: string,
    videoId: string,
  ): Promise<{ processed: boolean; privacy: string; problem: string | null } | null>
  setThumbnail(channelId: string, videoId: string, jpeg: string): Promise<void>
  /** Puts the video into the playlist of that name, which is made where there is none; once. @throws Fault */
  addToPlaylist(channelId: string, playlist: string, videoId: string): Promise<void>
}

export interface JobContext extends NoticeContext {
  db: Database
  clock: Clock
  log: Log
  waits: Waits
  twitch: TwitchPort
  vods: VodSource
  publisher: Publisher
  storage: Storage
  room: Room
  /** Whether the channel's plan includes making videos at present; without billing it always does. */
  mayRender(channelId: string): Promise<boolean>
  /** Address of the companion site, without a slash at the end. */
  siteUrl: string
}
