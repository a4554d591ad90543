/** The state of the sandbox's Twitch: people, streams, VODs, chat, and the acts that change them. */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../shared/clock.ts'
import type { Footage } from '../footage/parts.ts'

export interface TwitchUser {
  id: string
  login: string
  displayName: string
  email: string
}

export interface Stream {
  id: string
  userId: string
  title: string
  game: string
  startedAtMs: number
  endedAtMs: number | null
}

export interface Vod {
  id: string
  streamId: string | null
  userId: string
  title: string
  type: 'archive' | 'highlight' | 'upload'
  createdAtMs: number
  /** When Get Videos begins to list it. */
  listedAtMs: number
  /** Length at a time: it grows while live. */
  endedAtMs: number | null
  footageDir: string
  footage: Footage
  mutedParts: Set<number>
  /** Parts that the CDN does not have (any more), though the playlist names them. */
  goneParts: Set<number>
  mutedSegments: { offset: number; duration: number }[]
  published: boolean
  /** The last parts land in the playlist, and its end is marked, so long after the stream has ended. */
  finalLagMs: number
  /** Seconds of the stream that the recording lacks, as after a drop of the connection. */
  lacks: { fromSec: number; lengthSec: number } | null
}

export interface ChatLine {
  id: string
  channelId: string
  user: TwitchUser
  badges: string[]
  text: string
  atMs: number
}

/** What a moderator does in a chat: to one message, to a person's (a ban, or a time-out of some seconds), to all. */
export type Moderation = { channelId: string } & (
  { line: ChatLine } | { user: TwitchUser; seconds: number | null } | { all: true }
)

export interface WorldEvents {
  chat: [ChatLine]
  moderation: [Moderation]
  /** An EventSub event: type, broadcaster, payload of `event`. */
  event: [type: string, channelId: string, event: Record<string, unknown>]
  pubsub: [channelId: string, message: unknown]
}

export interface GoLiveOptions {
  title?: string
  game?: string
  /** For a script that plays a past stream; default now. */
  startedAtMs?: number
  /** How long after the stream's start its recording begins. */
  vodLagMs?: number
  listingDelayMs?: number
  footageDir?: string
  finalLagMs?: number
  lacks?: { fromSec: number; lengthSec: number }
}

/** What lands late is the last batch of parts. */
const LAST_BATCH_SEC = 30

export class TwitchWorld extends EventEmitter<WorldEvents> {
  readonly clock: Clock
  readonly #footageDir: string
  readonly users = new Map<string, TwitchUser>()
  readonly streams: Stream[] = []
  readonly vods: Vod[] = []
  readonly chat: ChatLine[] = []
  /** Channel id → user id → badges. */
  readonly badges = new Map<string, Map<string, string[]>>()
  /** Channels with the extension active on them. */
  readonly extensionsOn = new Set<string>()
  readonly pubsub: { channelId: string; message: unknown }[] = []
  readonly markers: { id: string; streamId: string; positionSeconds: number; createdAtMs: number }[] = []
  /** How far Twitch's list of live streams is behind its events, milliseconds. */
  listingLagMs = 0
  /** By stream id; a script may say that a stream began, or ended, earlier. */
  readonly #wentLiveAtMs = new Map<string, number>()
  readonly #wentOffAtMs = new Map<string, number>()
  #nextId = 40_712_345_601

  constructor(clock: Clock, footageDir: string) {
    super()
    this.clock = clock
    this.#footageDir = footageDir
  }

  addUser(login: string, id = String(this.#nextId++ % 1_000_000_000)): TwitchUser {
    const user = {
      id,
      login,
      displayName: login[0]?.toUpperCase() + login.slice(1),
      email: `${login}@example.com`,
    }
    this.users.set(id, user)
    return user
  }

  userOf(login: string): TwitchUser {
    const user = [...this.users.values()].find((u) => u.login === login)
    if (!user) throw new Error(`the sandbox knows nobody named ${login}`)
    return user
  }

  /** Gives a person a badge (moderator, vip, subscriber …) in a channel. */
  giveBadge(channelId: string, userId: string, badge: string): void {
    const ofChannel = this.badges.get(channelId) ?? new Map<string, string[]>()
    this.badges.set(channelId, ofChannel)
    ofChannel.set(userId, [...(ofChannel.get(userId) ?? []), badge])
  }

  badgesOf(channelId: string, userId: string): string[] {
    const own = this.badges.get(channelId)?.get(userId) ?? []
    return channelId === userId ? ['broadcaster', ...own] : own
  }

  liveStream(userId: string): Stream | undefined {
    return this.streams.find((s) => s.userId === userId && s.endedAtMs === null)
  }

  /** Who is live, as Twitch's list has it by now. */
  listedStreams(): Stream[] {
    const now = this.clock.now()
    return this.streams.filter(
      (s) =>
        (this.#wentLiveAtMs.get(s.id) ?? s.startedAtMs) + this.listingLagMs <= now &&
        (s.endedAtMs === null || now < (this.#wentOffAtMs.get(s.id) ?? s.endedAtMs) + this.listingLagMs),
    )
  }

  goLive(userId: string, options: GoLiveOptions = {}): Stream {
    const { title = 'A test stream', game = 'Just Chatting', vodLagMs = 0, listingDelayMs = 0 } = options
    const now = this.clock.now()
    const startedAtMs = options.startedAtMs ?? now
    const stream: Stream = { id: String(this.#nextId++), userId, title, game, startedAtMs, endedAtMs: null }
    this.streams.push(stream)
    this.#wentLiveAtMs.set(stream.id, now)
    const footageDir = options.footageDir ?? this.#footageDir
    this.vods.push({
      id: String(this.#nextId++ % 10_000_000_000),
      streamId: stream.id,
      userId,
      title,
      type: 'archive',
      createdAtMs: startedAtMs + vodLagMs,
      listedAtMs: now + listingDelayMs,
      endedAtMs: null,
      footageDir,
      footage: JSON.parse(readFileSync(join(footageDir, 'parts.json'), 'utf8')) as Footage,
      mutedParts: new Set(),
      goneParts: new Set(),
      mutedSegments: [],
      published: true,
      finalLagMs: options.finalLagMs ?? 0,
      lacks: options.lacks ?? null,
    })
    const startedAt = new Date(startedAtMs).toISOString()
    this.emit('event', 'stream.online', userId, {
      id: stream.id,
      ...this.#broadcaster(userId),
      type: 'live',
      started_at: startedAt,
    })
    return stream
  }

  /** Ends the stream, as a drop of the connection does, too. */
  end(userId: string, atMs = this.clock.now()): void {
    const stream = this.liveStream(userId)
    if (!stream) throw new Error('this channel is not live')
    stream.endedAtMs = atMs
    this.#wentOffAtMs.set(stream.id, this.clock.now())
    const vod = this.vodOf(stream.id)
    if (vod) vod.endedAtMs = atMs
    this.emit('event', 'stream.offline', userId, { id: stream.id, ...this.#broadcaster(userId) })
  }

  /** Twitch's events flap: it says that the stream has ended and began again, under the same id, and it never stopped. */
  flap(userId: string): void {
    const stream = this.liveStream(userId)
    if (!stream) return
    const broadcaster = this.#broadcaster(userId)
    this.emit('event', 'stream.offline', userId, { id: stream.id, ...broadcaster })
    const started_at = new Date(stream.startedAtMs).toISOString()
    this.emit('event', 'stream.online', userId, { id: stream.id, ...broadcaster, type: 'live', started_at })
  }

  changeGame(userId: string, game: string): void {
    const stream = this.liveStream(userId)
    if (stream) stream.game = game
    const names = { title: stream?.title ?? '', language: 'en', category_id: '1', category_name: game }
    this.emit('event', 'channel.update', userId, {
      ...this.#broadcaster(userId),
      ...names,
      content_classification_labels: [],
    })
  }

  say(channelId: string, login: string, text: string, atMs = this.clock.now()): ChatLine {
    const user = this.userOf(login)
    const badges = this.badgesOf(channelId, user.id)
    const line: ChatLine = { id: randomUUID(), channelId, user, badges, text, atMs }
    this.chat.push(line)
    this.emit('chat', line)
    return line
  }

  /** Somebody takes back at Twitch what they granted the application. */
  disconnect(userId: string, clientId: string): void {
    const { login, displayName } = this.users.get(userId) ?? { login: '', displayName: '' }
    const event = { client_id: clientId, user_id: userId, user_login: login, user_name: displayName }
    this.emit('event', 'user.authorization.revoke', userId, event)
  }

  moderate(moderation: Moderation): void {
    this.emit('moderation', moderation)
    const { channelId } = moderation
    const target = 'line' in moderation ? moderation.line.user : 'user' in moderation ? moderation.user : null
    const event = {
      ...this.#broadcaster(channelId),
      ...(target
        ? { target_user_id: target.id, target_user_login: target.login, target_user_name: target.displayName }
        : {}),
      ...('line' in moderation ? { message_id: moderation.line.id } : {}),
    }
    const type = 'line' in moderation ? 'message_delete' : target ? 'clear_user_messages' : 'clear'
    this.emit('event', `channel.chat.${type}`, channelId, event)
  }

  vodOf(streamId: string): Vod | undefined {
    return this.vods.find((v) => v.streamId === streamId)
  }

  /** How many parts of a VOD are there, and how long they are together. A part appears when it is complete. */
  vodParts(vod: Vod): { count: number; totalSec: number; ended: boolean } {
    const now = this.clock.now()
    const elapsedSec = ((vod.endedAtMs ?? now) - vod.createdAtMs) / 1000
    const { fromSec = Infinity, lengthSec = 0 } = vod.lacks ?? {}
    const lackingSec = Math.min(Math.max(0, elapsedSec - fromSec), lengthSec)
    const isFinal = vod.endedAtMs === null || now >= vod.endedAtMs + vod.finalLagMs
    const untilSec = elapsedSec - lackingSec - (isFinal ? 0 : LAST_BATCH_SEC)
    let [count, totalSec] = [0, 0]
    for (const sec of vod.footage.parts) {
      const whole = totalSec + sec <= untilSec + 0.001
      if (!whole && (vod.endedAtMs === null || !isFinal || totalSec >= untilSec)) break
      count++
      totalSec += sec
    }
    return { count, totalSec, ended: vod.endedAtMs !== null && isFinal }
  }

  #broadcaster(userId: string) {
    const user = this.users.get(userId)
    return {
      broadcaster_user_id: userId,
      broadcaster_user_login: user?.login ?? '',
      broadcaster_user_name: user?.displayName ?? '',
    }
  }
}

// Lenient here: titles and games may be anything; nobody is banned, and chat has no modes.
