/** Twitch's Helix API, as far as Echoes uses it, with rate-limit headers and the listing's delay. */
import { randomUUID } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { jwtVerify } from 'jose'
import type { ClipShop } from './clips.ts'
import { view, type EventSub } from './eventsub.ts'
import type { TwitchId } from './id.tsx'
import type { Stream, TwitchUser, TwitchWorld, Vod } from './world.ts'

const POINTS_PER_MINUTE = 800

export interface HelixParts {
  world: TwitchWorld
  id: TwitchId
  eventsub: EventSub
  clips: ClipShop
  extension: { clientId: string; secret: string; ownerId: string }
}

export function helixRoutes({ world, id, eventsub, clips, extension }: HelixParts): Hono {
  const app = new Hono()
  let minute = 0
  let used = 0
  app.use(async (c, next) => {
    // The extension's back end comes with a token it has signed itself, and has limits of its own.
    if (c.req.path.endsWith('/extensions/pubsub')) return next()
    const now = world.clock.now()
    if (Math.floor(now / 60_000) !== minute) [minute, used] = [Math.floor(now / 60_000), 0]
    c.header('Ratelimit-Limit', String(POINTS_PER_MINUTE))
    c.header('Ratelimit-Remaining', String(Math.max(0, POINTS_PER_MINUTE - ++used)))
    c.header('Ratelimit-Reset', String((minute + 1) * 60))
    if (used > POINTS_PER_MINUTE) return problem(c, 429, 'Too Many Requests')
    if (!id.tokenOf(c) || c.req.header('client-id') !== id.client.id)
      return problem(c, 401, 'Invalid OAuth token')
    return next()
  })

  app.get('/users', (c) => {
    const token = id.tokenOf(c)
    const [ids, logins] = [c.req.queries('id') ?? [], c.req.queries('login') ?? []]
    const own = token?.userId && ids.length + logins.length === 0 ? [token.userId] : []
    const users = [...world.users.values()].filter(
      (u) => [...ids, ...own].includes(u.id) || logins.includes(u.login),
    )
    const withEmail = (u: TwitchUser) => u.id === token?.userId && token.scopes.includes('user:read:email')
    return c.json({
      data: users.map((u) => ({
        id: u.id,
        login: u.login,
        display_name: u.displayName,
        type: '',
        broadcaster_type: 'affiliate',
        description: '',
        profile_image_url: '',
        offline_image_url: '',
        view_count: 0,
        created_at: '2019-01-01T00:00:00Z',
        ...(withEmail(u) ? { email: u.email } : {}),
      })),
    })
  })

  app.get('/streams', (c) => {
    const ids = c.req.queries('user_id') ?? []
    const live = world.streams.filter(
      (s) => s.endedAtMs === null && (ids.length === 0 || ids.includes(s.userId)),
    )
    return c.json({ data: live.map((s) => streamView(world, s)), pagination: {} })
  })

  app.get('/videos', (c) => {
    const { user_id: userId, type = 'all' } = c.req.query()
    const ids = c.req.queries('id') ?? []
    const now = world.clock.now()
    const videos = world.vods
      .filter((v) => (ids.length > 0 ? ids.includes(v.id) : v.userId === userId))
      .filter((v) => v.published && v.listedAtMs <= now && (type === 'all' || v.type === type))
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
    return c.json({ data: videos.map((v) => videoView(world, v)), pagination: {} })
  })

  app.post('/videos/clips', (c) => {
    const { vod_id: vodId = '', vod_offset: offset = '', duration = '30', title = '' } = c.req.query()
    const vod = world.vods.find((v) => v.id === vodId)
    const [endSec, lengthSec] = [Number(offset), Number(duration)]
    if (!vod) return problem(c, 404, 'The VOD was not found')
    if (
      !Number.isInteger(endSec) ||
      !(lengthSec >= 5 && lengthSec <= 60) ||
      endSec < lengthSec ||
      title === ''
    )
      return problem(c, 400, 'vod_offset, duration or title is invalid')
    const clip = clips.order(vod, endSec - lengthSec, endSec, title)
    return c.json({ data: [{ id: clip.id, edit_url: `https://clips.twitch.tv/${clip.id}/edit` }] }, 202)
  })

  app.get('/clips', (c) => {
    const ids = c.req.queries('id') ?? []
    return c.json({ data: clips.listed(ids).map((clip) => clips.view(clip)), pagination: {} })
  })

  app.get('/clips/downloads', (c) => {
    const ids = c.req.queries('clip_id') ?? []
    if (ids.length > 10) return problem(c, 400, 'at most 10 clips')
    const data = clips.listed(ids).map((clip) => ({
      clip_id: clip.id,
      landscape_download_url: clips.downloadUrl(clip),
      portrait_download_url: null,
    }))
    return c.json({ data })
  })

  app.post('/streams/markers', async (c) => {
    const { user_id: userId, description = '' } = await c.req.json<{
      user_id: string
      description?: string
    }>()
    const stream = world.liveStream(userId)
    if (!stream) return problem(c, 404, 'the channel is not live')
    const createdAtMs = world.clock.now()
    const vod = world.vodOf(stream.id)
    const positionSeconds = Math.round((createdAtMs - (vod?.createdAtMs ?? stream.startedAtMs)) / 1000)
    const marker = { id: randomUUID(), streamId: stream.id, positionSeconds, createdAtMs }
    world.markers.push(marker)
    const created_at = new Date(createdAtMs).toISOString()
    return c.json({ data: [{ id: marker.id, created_at, description, position_seconds: positionSeconds }] })
  })

  app.get('/streams/markers', (c) => {
    const { user_id: userId, video_id: videoId } = c.req.query()
    const streams = world.streams.filter((s) => s.userId === userId || world.vodOf(s.id)?.id === videoId)
    const latest = streams.at(-1)
    const vod = latest && world.vodOf(latest.id)
    if (!latest || !vod) return problem(c, 404, 'no recording with markers')
    const markers = world.markers
      .filter((m) => m.streamId === latest.id)
      .map((m) => ({
        id: m.id,
        created_at: new Date(m.createdAtMs).toISOString(),
        description: '',
        position_seconds: m.positionSeconds,
        url: `https://www.twitch.tv/videos/${vod.id}?t=${m.positionSeconds}s`,
      }))
    const user = world.users.get(latest.userId)
    const whose = { user_id: latest.userId, user_login: user?.login, user_name: user?.displayName }
    return c.json({ data: [{ ...whose, videos: [{ video_id: vod.id, markers }] }], pagination: {} })
  })

  app.post('/chat/messages', async (c) => {
    // Twitch takes the ids from the query as well as from the body.
    const body = { ...c.req.query(), ...(await c.req.json<Record<string, string>>()) }
    const { broadcaster_id: channelId, sender_id: senderId, message } = body
    const sender = world.users.get(senderId ?? '')
    if (!sender || !channelId || !message)
      return problem(c, 400, 'broadcaster_id, sender_id or message is missing')
    if (message.length > 500) return problem(c, 422, 'The message is too large')
    const app = id.tokenOf(c)?.userId === null
    const may = id.grants.get(sender.id)?.has('user:bot') && id.grants.get(channelId)?.has('channel:bot')
    if (app && !may) return problem(c, 403, 'The sender or the broadcaster has not granted the app this')
    const line = world.say(channelId, sender.login, message)
    return c.json({ data: [{ message_id: line.id, is_sent: true }] })
  })

  app.get('/moderation/moderators', (c) => {
    const channelId = c.req.query('broadcaster_id') ?? ''
    if (id.tokenOf(c)?.userId !== channelId) return problem(c, 401, 'the broadcaster’s own token is needed')
    const moderators = [...(world.badges.get(channelId) ?? [])].filter(([, badges]) =>
      badges.includes('moderator'),
    )
    const data = moderators.map(([userId]) => {
      const user = world.users.get(userId)
      return { user_id: userId, user_login: user?.login, user_name: user?.displayName }
    })
    return c.json({ data, pagination: {} })
  })

  app.post('/moderation/moderators', (c) => {
    const { broadcaster_id: channelId = '', user_id: userId = '' } = c.req.query()
    const token = id.tokenOf(c)
    if (token?.userId !== channelId || !token.scopes.includes('channel:manage:moderators'))
      return problem(c, 401, 'channel:manage:moderators is missing')
    world.giveBadge(channelId, userId, 'moderator')
    return c.body(null, 204)
  })

  app.get('/users/extensions', (c) => {
    const active = world.extensionsOn.has(c.req.query('user_id') ?? '')
    const shown = { active: true, id: extension.clientId, version: '1.0.0', name: 'Echoes' }
    const slot = active ? shown : { active: false }
    return c.json({ data: { panel: { '1': slot }, overlay: {}, component: {} } })
  })

  const sentInMinute = new Map<string, { minute: number; count: number }>()
  app.post('/extensions/pubsub', async (c) => {
    const { broadcaster_id: channelId = '', message } = await c.req.json<{
      broadcaster_id?: string
      message: string
    }>()
    const token = (c.req.header('authorization') ?? '').replace('Bearer ', '')
    const key = new Uint8Array(Buffer.from(extension.secret, 'base64'))
    const claims = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] }).then(
      ({ payload }) => payload,
      () => null,
    )
    const may = claims?.role === 'external' && claims.channel_id === channelId
    if (!may || claims.user_id !== extension.ownerId || c.req.header('client-id') !== extension.clientId)
      return problem(c, 401, 'JWT could not be verified')
    if (Buffer.byteLength(message) > 5 * 1024) return problem(c, 422, 'The message is too large')
    const now = Math.floor(world.clock.now() / 60_000)
    const sent = sentInMinute.get(channelId)
    const count = sent?.minute === now ? sent.count + 1 : 1
    sentInMinute.set(channelId, { minute: now, count })
    if (count > 100) return problem(c, 429, 'Too Many Requests')
    world.pubsub.push({ channelId, message })
    world.emit('pubsub', channelId, message)
    return c.body(null, 204)
  })

  app.get('/search/channels', (c) => {
    const query = (c.req.query('query') ?? '').toLowerCase()
    const found = [...world.users.values()].filter((u) => u.login.startsWith(query)).slice(0, 20)
    const data = found.map((u) => ({
      id: u.id,
      broadcaster_login: u.login,
      display_name: u.displayName,
      broadcaster_language: 'en',
      game_id: '',
      game_name: '',
      is_live: false,
      tags: [],
      thumbnail_url: '',
      title: '',
      started_at: '',
    }))
    return c.json({ data, pagination: {} })
  })

  app.get('/channels/followers', (c) => {
    const { broadcaster_id: channelId = '', user_id: userId = '' } = c.req.query()
    const follows = world.badgesOf(channelId, userId).includes('follower')
    const user = world.users.get(userId)
    const row = { user_id: userId, user_login: user?.login, user_name: user?.displayName }
    const data = follows ? [{ ...row, followed_at: '2025-01-01T00:00:00Z' }] : []
    return c.json({ data, total: data.length, pagination: {} })
  })

  app.get('/eventsub/subscriptions', (c) => {
    const data = [...eventsub.subscriptions.values()].map(view)
    return c.json({ data, total: data.length, total_cost: 0, max_total_cost: 10_000, pagination: {} })
  })
  app.post('/eventsub/subscriptions', async (c) => {
    const { type, version, condition, transport } = await c.req.json<{
      type: string
      version: string
      condition: Record<string, string>
      transport: { callback: string; secret: string }
    }>()
    if (id.tokenOf(c)?.userId !== null) return problem(c, 400, 'webhooks need an app access token')
    const granted = id.grants.get(condition.broadcaster_user_id ?? '')
    if (type.startsWith('channel.chat.') && !granted?.has('channel:bot'))
      return problem(c, 403, 'subscription missing proper authorization')
    const created = eventsub.create({
      type,
      version,
      condition,
      callback: transport.callback,
      secret: transport.secret,
    })
    if (!created) return problem(c, 409, 'subscription already exists')
    return c.json({ data: [view(created)], total: 1, total_cost: 0, max_total_cost: 10_000 }, 202)
  })
  app.delete('/eventsub/subscriptions', (c) => {
    const known = eventsub.subscriptions.delete(c.req.query('id') ?? '')
    return known ? c.body(null, 204) : problem(c, 404, 'subscription not found')
  })
  return app
}

function streamView(world: TwitchWorld, s: Stream) {
  const user = world.users.get(s.userId)
  return {
    id: s.id,
    user_id: s.userId,
    user_login: user?.login,
    user_name: user?.displayName,
    game_id: '1',
    game_name: s.game,
    type: 'live',
    title: s.title,
    tags: [],
    viewer_count: 12,
    // Twitch gives whole seconds.
    started_at: new Date(Math.floor(s.startedAtMs / 1000) * 1000).toISOString().replace('.000Z', 'Z'),
    language: 'en',
    thumbnail_url: '',
    tag_ids: [],
    is_mature: false,
  }
}

function videoView(world: TwitchWorld, v: Vod) {
  const user = world.users.get(v.userId)
  const created = new Date(v.createdAtMs).toISOString()
  const sec = Math.floor(world.vodParts(v).totalSec)
  const [hours, minutes] = [Math.floor(sec / 3600), Math.floor(sec / 60) % 60]
  return {
    id: v.id,
    stream_id: v.type === 'archive' ? v.streamId : null,
    user_id: v.userId,
    user_login: user?.login,
    user_name: user?.displayName,
    title: v.title,
    description: '',
    created_at: created,
    published_at: created,
    url: `https://www.twitch.tv/videos/${v.id}`,
    thumbnail_url: '',
    viewable: 'public',
    view_count: 1,
    language: 'en',
    type: v.type,
    duration: `${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${sec % 60}s`,
    muted_segments: v.mutedSegments.length > 0 ? v.mutedSegments : null,
  }
}

function problem(c: Context, status: 400 | 401 | 403 | 404 | 409 | 422 | 429, message: string) {
  return c.json({ error: message, status, message }, status)
}
