/** Twitch's Helix API, as far as Echoes uses it. What it refuses before it looks at anything is in gate.ts and limits.ts. */
import { randomUUID } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { jwtVerify } from 'jose'
import { recorder } from '../recorder.ts'
import type { ClipShop } from './clips.ts'
import { view, type EventSub } from './eventsub.ts'
import { Bucket, helixGate, page, pathOf, problem } from './gate.ts'
import type { TwitchId } from './id.tsx'
import { CLIP_REQUESTS_PER_MINUTE, MOST_COST, SUBSCRIPTIONS_A_PAGE } from './limits.ts'
import type { Stream, TwitchUser, TwitchWorld, Vod } from './world.ts'

export interface HelixParts {
  world: TwitchWorld
  /** Told of each request, and of each answer 429. */
  count?: (what: string) => void
  id: TwitchId
  eventsub: EventSub
  clips: ClipShop
  extension: { clientId: string; secret: string; ownerId: string }
}

/** dev.twitch.tv/docs/chat/#rate-limits: 20 lines in 30 s, 100 where one is a moderator. */
const SPEECH_WINDOW_MS = 30_000
const MAY_SAY_MORE = new Set(['broadcaster', 'moderator'])

export function helixRoutes({ count = () => {}, world, id, eventsub, clips, extension }: HelixParts): Hono {
  const app = new Hono()
  const tokenOf = (c: Context) => {
    const token = id.tokenOf(c)
    const kind = !token ? ('none' as const) : token.userId === null ? ('app' as const) : ('user' as const)
    return { token: kind, scopes: token?.scopes ?? [] }
  }
  app.use(recorder('helix', pathOf, tokenOf))
  app.use(async (c, next) => {
    await next()
    count(c.res.status === 429 ? '429' : `${c.req.method} ${pathOf(c.req.path)}`)
  })
  app.use(helixGate(world.clock, id))
  const clipRequests = new Bucket(world.clock, CLIP_REQUESTS_PER_MINUTE)
  /** Clips have a limit of their own, beside the points. */
  const tooManyClips = (c: Context) =>
    clipRequests.take(`${c.req.method} ${pathOf(c.req.path)} ${c.req.header('authorization')}`) < 0

  const saidBy = new Map<string, number[]>()
  app.get('/users', (c) => {
    const token = id.tokenOf(c)
    const [ids, logins] = [c.req.queries('id') ?? [], c.req.queries('login') ?? []]
    if (ids.length + logins.length > 100) return problem(c, 400, 'at most 100 ids and logins together')
    if (!token?.userId && ids.length + logins.length === 0)
      return problem(c, 400, 'an id or a login is needed with an app access token')
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
    const live = world.listedStreams().filter((s) => ids.length === 0 || ids.includes(s.userId))
    return c.json(
      page(
        c,
        live.map((s) => streamView(world, s)),
      ),
    )
  })

  app.get('/videos', (c) => {
    const { user_id: userId, type = 'all' } = c.req.query()
    const ids = c.req.queries('id') ?? []
    const now = world.clock.now()
    const videos = world.vods
      .filter((v) => (ids.length > 0 ? ids.includes(v.id) : v.userId === userId))
      .filter((v) => v.published && v.listedAtMs <= now && (type === 'all' || v.type === type))
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
    const own = id.tokenOf(c)?.userId ?? null
    return c.json(
      page(
        c,
        videos.map((v) => videoView(world, v, own)),
      ),
    )
  })

  app.post('/videos/clips', (c) => {
    const { vod_id: vodId = '', vod_offset: offset = '', duration = '30', title = '' } = c.req.query()
    if (tooManyClips(c)) return problem(c, 429, 'Too Many Requests')
    const vod = world.vods.find((v) => v.id === vodId && v.userId === c.req.query('broadcaster_id'))
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
    const { broadcaster_id: channelId, started_at: from, ended_at: to } = c.req.query()
    const found = channelId
      ? clips.madeOn(channelId, Date.parse(from ?? '') || 0, Date.parse(to ?? '') || Infinity)
      : clips.listed(c.req.queries('id') ?? [])
    return c.json(
      page(
        c,
        found.map((clip) => clips.view(clip)),
      ),
    )
  })

  app.get('/clips/downloads', (c) => {
    const ids = c.req.queries('clip_id') ?? []
    if (tooManyClips(c)) return problem(c, 429, 'Too Many Requests')
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
    return c.json(page(c, [{ ...whose, videos: [{ video_id: vod.id, markers }] }]))
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
    const now = world.clock.now()
    const said = (saidBy.get(sender.id) ?? []).filter((at) => at > now - SPEECH_WINDOW_MS)
    if (said.length >= (world.badgesOf(channelId, sender.id).some((b) => MAY_SAY_MORE.has(b)) ? 100 : 20)) {
      const drop_reason = { code: 'msg_ratelimit', message: 'Your message was sent too quickly.' }
      return c.json({ data: [{ message_id: '', is_sent: false, drop_reason }] })
    }
    saidBy.set(sender.id, [...said, now])
    const line = world.say(channelId, sender.login, message)
    return c.json({ data: [{ message_id: line.id, is_sent: true }] })
  })

  app.get('/moderation/moderators', (c) => {
    const channelId = c.req.query('broadcaster_id') ?? ''
    const asked = c.req.queries('user_id') ?? []
    const moderators = [...(world.badges.get(channelId) ?? [])].filter(
      ([userId, badges]) => badges.includes('moderator') && (asked.length === 0 || asked.includes(userId)),
    )
    const rows = moderators.map(([userId]) => {
      const user = world.users.get(userId)
      return { user_id: userId, user_login: user?.login, user_name: user?.displayName }
    })
    return c.json(page(c, rows))
  })

  app.post('/moderation/moderators', (c) => {
    const { broadcaster_id: channelId = '', user_id: userId = '' } = c.req.query()
    if (world.badgesOf(channelId, userId).includes('moderator'))
      return problem(c, 400, 'user is already a mod')
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
    const found = [...world.users.values()].filter((u) => u.login.startsWith(query))
    const rows = found.map((u) => ({
      id: u.id,
      broadcaster_login: u.login,
      display_name: u.displayName,
      broadcaster_language: 'en',
      game_id: '',
      game_name: '',
      is_live: false,
      tag_ids: [],
      tags: [],
      thumbnail_url: '',
      title: '',
      started_at: '',
    }))
    return c.json(page(c, rows))
  })

  app.get('/channels/followers', (c) => {
    const { broadcaster_id: channelId = '', user_id: userId = '' } = c.req.query()
    const token = id.tokenOf(c)
    const moderates = world.badgesOf(channelId, token?.userId ?? '').includes('moderator')
    if (token?.userId !== channelId && !moderates)
      return problem(c, 401, 'the token must be the broadcaster’s or a moderator’s')
    const follows = world.badgesOf(channelId, userId).includes('follower')
    const user = world.users.get(userId)
    const row = { user_id: userId, user_login: user?.login, user_name: user?.displayName }
    const data = follows ? [{ ...row, followed_at: '2025-01-01T00:00:00Z' }] : []
    return c.json({ data, total: data.length, pagination: {} })
  })

  for (const [path, badge] of [
    ['/channels/vips', 'vip'],
    ['/subscriptions', 'subscriber'],
  ] as const)
    app.get(path, (c) => {
      const { broadcaster_id: channelId = '' } = c.req.query()
      const asked = c.req.queries('user_id') ?? []
      const rows = [...(world.badges.get(channelId) ?? [])]
        .filter(
          ([userId, badges]) => badges.includes(badge) && (asked.length === 0 || asked.includes(userId)),
        )
        .map(([userId]) => personView(world, badge, channelId, userId))
      const listed = page(c, rows)
      return c.json(badge === 'vip' ? listed : { ...listed, total: rows.length, points: rows.length })
    })

  app.get('/eventsub/subscriptions', (c) => {
    const filters = ['status', 'type', 'user_id', 'subscription_id'].filter((f) => c.req.query(f))
    if (filters.length > 1) return problem(c, 400, 'use one filter at most')
    const { status, type, user_id: userId, subscription_id: one } = c.req.query()
    const found = [...eventsub.subscriptions.values()].filter(
      (s) =>
        (!status || s.status === status) &&
        (!type || s.type === type) &&
        (!userId || Object.values(s.condition).includes(userId)) &&
        (!one || s.id === one),
    )
    const total_cost = [...eventsub.subscriptions.values()].reduce((sum, s) => sum + s.cost, 0)
    const listed = page(c, found.map(view), SUBSCRIPTIONS_A_PAGE)
    return c.json({ ...listed, total: found.length, total_cost, max_total_cost: MOST_COST })
  })
  app.post('/eventsub/subscriptions', async (c) => {
    const { type, version, condition, transport } = await c.req
      .json<{
        type?: string
        version?: string
        condition?: Record<string, string>
        transport?: { method?: string; callback?: string; secret?: string }
      }>()
      .catch(() => ({ type: '', version: '', condition: undefined, transport: undefined }))
    if (!type || !version || !condition || transport?.method !== 'webhook' || !transport.callback)
      return problem(c, 400, 'type, version, condition or transport is missing or malformed')
    const secret = transport.secret ?? ''
    if (secret.length < 10 || secret.length > 100)
      return problem(c, 400, 'the secret has 10 to 100 characters')
    const granted = id.grants.get(condition.broadcaster_user_id ?? '')
    if (type.startsWith('channel.chat.') && !granted?.has('channel:bot'))
      return problem(c, 403, 'subscription missing proper authorization')
    // Who has let the application in costs nothing.
    const cost = granted || condition.client_id ? 0 : 1
    const total = [...eventsub.subscriptions.values()].reduce((sum, s) => sum + s.cost, cost)
    if (total > MOST_COST) return problem(c, 429, 'total cost exceeded')
    const { created, existing } = eventsub.create({
      type,
      version,
      condition,
      callback: transport.callback,
      secret,
      cost,
    })
    if (existing)
      return c.json(
        { error: 'Conflict', status: 409, message: 'subscription already exists', id: existing.id },
        409,
      )
    return c.json({ data: [view(created)], total: 1, total_cost: total, max_total_cost: MOST_COST }, 202)
  })
  app.delete('/eventsub/subscriptions', (c) => {
    const known = eventsub.subscriptions.delete(c.req.query('id') ?? '')
    return known ? c.body(null, 204) : problem(c, 404, 'subscription not found')
  })
  return app
}

function personView(world: TwitchWorld, badge: 'vip' | 'subscriber', channelId: string, userId: string) {
  const user = world.users.get(userId)
  const who = { user_id: userId, user_login: user?.login, user_name: user?.displayName }
  if (badge === 'vip') return who
  const channel = world.users.get(channelId)
  return {
    ...who,
    broadcaster_id: channelId,
    broadcaster_login: channel?.login,
    broadcaster_name: channel?.displayName,
    gifter_id: '',
    gifter_login: '',
    gifter_name: '',
    is_gift: false,
    plan_name: 'Channel Subscription',
    tier: '1000',
  }
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

function videoView(world: TwitchWorld, v: Vod, asker: string | null) {
  const user = world.users.get(v.userId)
  const created = new Date(v.createdAtMs).toISOString()
  // The list says how long the recording will be, also while its last parts are on their way.
  const sec = Math.floor(world.vodParts({ ...v, finalLagMs: 0 }).totalSec)
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
    // The reference does not say so, but with an app token it is always null (facts/twitch.md).
    muted_segments: asker === v.userId && v.mutedSegments.length > 0 ? v.mutedSegments : null,
  }
}

// Lenient here: an app token may say a line for any bot that has granted `user:bot`; scopes are not asked of app tokens;
// titles of clips, descriptions of markers and names of events are taken as they are; markers need no stream of an hour.
