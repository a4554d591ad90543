/** What the streamer sets and does inside Twitch: `/config/…`, for the role broadcaster and nobody else. */
import { Hono, type Context } from 'hono'
import {
  keepBody,
  longBody,
  peopleBody,
  settingsBody,
  settingsChange,
  type ConfigState,
  type ExtensionSettings,
  type FoundPeople,
  type LiveState,
  type PeopleChanged,
} from '../../../shared/api.ts'
import type { ChannelSettings } from '../../../shared/settings.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import { changeSettings, findChannel, peopleOf, setStandings } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import { saveEdit } from '../../db/edits.ts'
import { readCardId } from '../../domain/edits.ts'
import { openLongEcho, startLongEcho, stopLongEcho } from '../../db/long-echoes.ts'
import { liveShow, streamsOf } from '../../db/shows.ts'
import { panelMomentOf } from '../../panel-state.ts'
import { showMoments } from '../../show-moments.ts'
import type { ExtensionViewer } from '../../twitch/extension-token.ts'
import { bodyOf, floodGate, refuse, viewerGate } from './gate.ts'
import { streamerOnly } from './panel.ts'

export interface KnownUser {
  userId: string
  login: string
  displayName: string
}

export interface ConfigOptions {
  db: Database
  now(): number
  viewerOf: ReturnType<typeof viewerGate>
  flood: ReturnType<typeof floodGate>
  siteUrl: string
  /** What the streamer still has to do on the companion site. */
  missing(channelId: string): Promise<string[]>
  /** Accounts by their login names; unknown names are left out. */
  usersByLogin(logins: string[]): Promise<KnownUser[]>
  /** Accounts whose name begins like this. */
  search(name: string): Promise<KnownUser[]>
}

const LOGIN = /^[a-z0-9_]{1,25}$/
/** Of what Twitch finds. */
const FOUND = 8

export function configRoutes(options: ConfigOptions): Hono {
  const { db, now, viewerOf, flood, siteUrl } = options
  const app = new Hono()
  const streamer = async (c: Context, changes: boolean): Promise<ExtensionViewer> => {
    const viewer = await viewerOf(c)
    streamerOnly(c, viewer)
    await flood(c, viewer, changes)
    return viewer
  }
  const noStore = { 'cache-control': 'no-store' }

  app.get('/', async (c) => {
    const { channelId } = await streamer(c, false)
    return c.json(await configOf(channelId), 200, noStore)
  })

  app.patch('/settings', async (c) => {
    const { channelId } = await streamer(c, true)
    const { version, change } = await bodyOf(c, settingsBody)
    if (!(await findChannel(db, channelId))) return refuse(c, 'unfinished')
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    const changed = await changeSettings(
      db,
      channelId,
      Object.fromEntries(given) as Partial<ChannelSettings>,
      now(),
      version,
    )
    const config = await configOf(channelId)
    return changed ? c.json(config) : refuse(c, 'changed', {}, { config })
  })

  app.post('/people', async (c) => {
    const { channelId } = await streamer(c, true)
    const { names, standing } = await bodyOf(c, peopleBody)
    if (!(await findChannel(db, channelId))) return refuse(c, 'unfinished')
    const wanted = [...new Set(names.map((n) => n.trim().replace(/^@/, '').toLowerCase()))].filter(Boolean)
    const listed = await peopleOf(db, channelId)
    // Who is to be taken off the list is on it, under the name shown there, even if Twitch no longer knows it.
    const onList = standing === 'none' ? listed.filter((p) => wanted.includes(p.login)) : []
    const logins = wanted.filter((n) => LOGIN.test(n) && !onList.some((p) => p.login === n))
    const users = logins.length > 0 ? await options.usersByLogin(logins).catch(() => null) : []
    if (!users) return refuse(c, 'twitch')
    const people = [...onList, ...users].filter((p) => p.userId !== channelId)
    await setStandings(db, channelId, people, standing, now())
    const found = new Set([...onList, ...users].map((p) => p.login))
    const unknown = wanted.filter((n) => !found.has(n))
    return c.json({ config: await configOf(channelId), unknown } satisfies PeopleChanged)
  })

  app.get('/search', async (c) => {
    await streamer(c, false)
    const name = (c.req.query('name') ?? '').trim().replace(/^@/, '').toLowerCase()
    if (name.length < 2 || !LOGIN.test(name))
      return c.json({ people: [] } satisfies FoundPeople, 200, noStore)
    // The search knows channels that have streamed; the exact name finds everybody else.
    const asked = await Promise.all([options.usersByLogin([name]), options.search(name)]).catch(() => null)
    if (!asked) return refuse(c, 'twitch')
    const people = [...new Map(asked.flat().map((p) => [p.userId, p])).values()].slice(0, FOUND)
    return c.json({ people } satisfies FoundPeople, 200, noStore)
  })

  app.get('/live', async (c) => {
    const { channelId } = await streamer(c, false)
    return c.json(await liveOf(channelId), 200, noStore)
  })

  app.post('/moments', async (c) => {
    const { channelId } = await streamer(c, true)
    const { momentId, kept } = await bodyOf(c, keepBody)
    const live = await liveOf(channelId)
    const show = await liveShow(db, channelId)
    if (!show || !live.moments.some((m) => m.id === momentId)) return refuse(c, 'no-moment')
    const edit = { channelId, showId: show.id, recapId: '', author: channelId, ...readCardId(momentId) }
    await saveEdit(db, { ...edit, change: { kept } }, now())
    return c.json(await liveOf(channelId))
  })

  app.post('/long', async (c) => {
    const { channelId } = await streamer(c, true)
    const { on } = await bodyOf(c, longBody)
    const show = await liveShow(db, channelId)
    if (!show) return refuse(c, 'offline')
    const at = { channelId, streamId: show.streamId, showId: show.id, userId: channelId }
    if (on) await startLongEcho(db, at, now())
    else await stopLongEcho(db, at, now())
    return c.json(await liveOf(channelId))
  })

  async function configOf(channelId: string): Promise<ConfigState> {
    const channel = await findChannel(db, channelId)
    const people = channel ? await peopleOf(db, channelId) : []
    const listed = (standing: string) =>
      people.filter((p) => p.standing === standing).map(({ userId, login }) => ({ userId, login }))
    return {
      signedUp: channel !== null,
      siteUrl,
      missing: channel ? await options.missing(channelId) : [],
      version: channel?.settingsVersion ?? 0,
      settings: extensionSettings(channel?.settings ?? DEFAULT_SETTINGS),
      approved: listed('approved'),
      blocked: listed('blocked'),
    }
  }

  async function liveOf(channelId: string): Promise<LiveState> {
    const channel = await findChannel(db, channelId)
    const settings = channel?.settings ?? DEFAULT_SETTINGS
    const show = channel && (await liveShow(db, channelId))
    const view = show
      ? await showMoments(db, show.id, await streamsOf(db, show.id, now()), settings)
      : { moments: [], dropped: new Set<string>() }
    return {
      signedUp: channel !== null,
      nowMs: now(),
      revision: channel?.revision ?? 0,
      version: channel?.settingsVersion ?? 0,
      mode: settings.mode,
      minimumRole: settings.minimumRole,
      live: show ? { startedAtMs: show.startedAtMs } : null,
      longSinceMs: show ? await openLongEcho(db, show.streamId) : null,
      moments: view.moments
        .map((m) => ({ ...panelMomentOf(m, settings), kept: !view.dropped.has(m.id) }))
        .reverse(),
    }
  }
  return app
}

/** What of the settings the contract has; the others are not for changing. */
function extensionSettings(settings: ChannelSettings): ExtensionSettings {
  const fields = Object.keys(settingsChange.shape) as (keyof ExtensionSettings)[]
  return Object.fromEntries(fields.map((field) => [field, settings[field]])) as ExtensionSettings
}
