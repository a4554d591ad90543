/** What viewers ask for and do: `/panel/…`. */
import { Hono, type Context } from 'hono'
import { echoBody, voteBody, type ApiRefusal, type EchoTaken, type PanelMe } from '../../../shared/api.ts'
import { cleanLabel } from '../../../shared/clean-text.ts'
import type { Person } from '../../../shared/mode.ts'
import { DEFAULT_SETTINGS, type ChannelSettings } from '../../../shared/settings.ts'
import { identityWords, panelReason, type ApiReason } from '../../../shared/text.ts'
import { findChannel, peopleOf, standingOf, type Channel } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import { isAsked, latestEcho, outcomeOf, takeEcho } from '../../db/echoes.ts'
import { undoOwnEcho } from '../../db/own-echo.ts'
import { identityOf } from '../../db/identities.ts'
import { saveVote } from '../../db/votes.ts'
import { cooldownEnd, mayEcho, type PreviousEcho } from '../../domain/policy.ts'
import type { ExtensionViewer } from '../../twitch/extension-token.ts'
import { bodyOf, floodGate, headerOf, languageOfRequest, refuse, stop, viewerGate } from './gate.ts'
import { isSignedIn, type ExtensionPeople } from './people.ts'
import type { CachedView, ChannelViews } from './views.ts'

export interface PanelOptions {
  db: Database
  now(): number
  viewerOf: ReturnType<typeof viewerGate>
  flood: ReturnType<typeof floodGate>
  views: ChannelViews
  people: ExtensionPeople
}

const LONGEST_LATENCY_MS = 60_000

/**
 * `GET /panel/state`. No limit for each person here: it would cost more than the answer, which is kept. The answer's
 * headers come in one piece (`cors` among them), since adding each to an answer costs more than all the rest.
 */
export function stateRoute(
  { viewerOf, views }: Pick<PanelOptions, 'viewerOf' | 'views'>,
  cors: (origin: string | undefined) => Record<string, string>,
) {
  const fixed = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  const answer = (c: Context, { json, etag }: CachedView): Response => {
    const headers = { ...fixed, etag, ...cors(headerOf(c, 'origin')) }
    if (headerOf(c, 'if-none-match') === etag) return c.body(null, 304, headers)
    return c.body(json, 200, headers)
  }
  const answerLater = async (c: Context, viewer: ExtensionViewer | Promise<ExtensionViewer>) =>
    answer(c, await views.get((await viewer).channelId))
  return (c: Context): Response | Promise<Response> => {
    const viewer = viewerOf(c)
    if (viewer instanceof Promise) return answerLater(c, viewer)
    const kept = views.peek(viewer.channelId)
    return kept ? answer(c, kept) : answerLater(c, viewer)
  }
}

export function panelRoutes({ db, now, viewerOf, flood, views, people }: PanelOptions): Hono {
  const app = new Hono()

  app.get('/me', async (c) => {
    const viewer = await viewerOf(c)
    await flood(c, viewer, false)
    const view = await views.get(viewer.channelId)
    const person = await people.personOf(viewer, view.state.minimumRole)
    return c.json(await meOf(c, viewer, person, view), 200, { 'cache-control': 'no-store' })
  })

  app.post('/echoes', async (c) => {
    const viewer = await viewerOf(c)
    await flood(c, viewer, true)
    const body = await bodyOf(c, echoBody)
    if (!isSignedIn(viewer)) return refuse(c, 'signed-out')
    const { channelId } = viewer
    const view = views.recent(channelId) ?? (await views.get(channelId))
    const person = await people.personOf(viewer, view.state.minimumRole)
    const measured = body.latencyMs ?? -1
    const askedAtMs = now()
    // One press of one person: nobody else's key is the same.
    const sourceKey = `panel:${channelId}:${viewer.opaqueId}:${body.key}`
    const outcome = await takeEcho(
      db,
      {
        channelId,
        person,
        source: 'panel',
        sourceKey,
        askedAtMs,
        lengthMs: body.lengthMs,
        latencyMs: measured >= 0 && measured <= LONGEST_LATENCY_MS ? Math.round(measured) : null,
        label: cleanLabel(body.label ?? ''),
      },
      now(),
    )
    switch (outcome.kind) {
      case 'no-channel':
        return refuse(c, 'unfinished')
      case 'refused': {
        const { code, secondsLeft } = outcome.decision
        const maxSec = ((await findChannel(db, channelId))?.settings.maxLengthMs ?? 0) / 1000
        const { minimumRole } = view.state
        return refuse(c, code, { maxSec, minimumRole, ...(secondsLeft === undefined ? {} : { secondsLeft }) })
      }
      case 'known': {
        const before = await outcomeOf(db, 'panel', sourceKey)
        if (!before || 'refused' in before) return refuse(c, 'cooldown', { secondsLeft: 1 })
        return c.json({ ...before, me: await meOf(c, viewer, person, view) } satisfies EchoTaken, 200)
      }
      case 'accepted': {
        const { echoId, lengthMs, replaced, settings, allIds } = outcome
        const me: PanelMe = {
          ...nobody(viewer, now()),
          ...timesOf(person, { id: echoId, askedAtMs, lengthMs }, settings, now()),
          ...ownMoments(view, allIds),
        }
        return c.json({ echoId, lengthMs, replaced, me } satisfies EchoTaken, 201)
      }
    }
  })

  app.delete('/echoes/:id', async (c) => {
    const viewer = await viewerOf(c)
    await flood(c, viewer, true)
    const view = await views.get(viewer.channelId)
    const person = await people.personOf(viewer, view.state.minimumRole)
    const echoId = c.req.param('id')
    const outcome = await undoOwnEcho(db, { channelId: viewer.channelId, person, echoId, atMs: now() }, now())
    if (outcome === 'undone') return c.json(await meOf(c, viewer, person, view), 200)
    return refuse(c, outcome === 'nothing' ? 'nothing-to-undo' : outcome)
  })

  app.post('/votes', async (c) => {
    const viewer = await viewerOf(c)
    await flood(c, viewer, true)
    const { momentId } = await bodyOf(c, voteBody)
    if (!isSignedIn(viewer)) return refuse(c, 'signed-out')
    const { channelId } = viewer
    const view = await views.get(channelId)
    const person = await people.personOf(viewer, view.state.minimumRole)
    const { userId } = await identityOf(db, channelId, person.userId)
    if (!view.state.votes) return refuse(c, 'votes-off')
    if ((await standingOf(db, channelId, userId)) === 'blocked') return refuse(c, 'blocked')
    // The echo that named the moment may have been replaced since the panel saw it: the vote finds its place all the same.
    if (!view.showId || !(await isAsked(db, view.showId, momentId))) return refuse(c, 'no-moment')
    await saveVote(db, { channelId, showId: view.showId, userId, echoId: momentId }, now())
    const me = await meOf(c, viewer, person, view)
    return c.json({ ...me, voted: [...new Set([...me.voted, momentId])] } satisfies PanelMe, 200)
  })

  async function meOf(
    c: Context,
    viewer: ExtensionViewer,
    person: Person,
    view: CachedView,
  ): Promise<PanelMe> {
    const { channelId } = viewer
    const channel = await findChannel(db, channelId)
    if (!channel) {
      return { ...nobody(viewer, now()), refusal: reasonOf(c, viewer, 'unfinished', DEFAULT_SETTINGS) }
    }
    const { settings } = channel
    const { userId, allIds } = await identityOf(db, channelId, person.userId)
    const code = isSignedIn(viewer)
      ? mayEcho(person, await standingOf(db, channelId, userId), settings)
      : 'signed-out'
    const latest = view.showId ? await latestEcho(db, view.showId, allIds) : null
    return {
      ...nobody(viewer, now()),
      identity:
        code !== null && (await identityHelps(viewer, channel)) ? identityWords(languageOfRequest(c)) : null,
      refusal: code && reasonOf(c, viewer, code, settings),
      ...(latest ? timesOf(person, latest, settings, now()) : {}),
      ...ownMoments(view, allIds),
    }
  }

  /** In which modes it makes a difference whether we know who somebody is. */
  async function identityHelps(
    { userId, role, opaqueId }: ExtensionViewer,
    channel: Channel,
  ): Promise<boolean> {
    if (userId || role !== 'viewer' || opaqueId.startsWith('A')) return false
    const { mode, minimumRole } = channel.settings
    if (mode === 'everyone') return minimumRole !== 'none'
    if (mode === 'streamer') return false
    return (await peopleOf(db, channel.id)).some((p) => p.standing === 'approved')
  }
  return app
}

function reasonOf(
  c: Context,
  { role }: ExtensionViewer,
  reason: ApiReason,
  { minimumRole, votes }: Pick<ChannelSettings, 'minimumRole' | 'votes'>,
): ApiRefusal {
  const context = { minimumRole, votes, streamer: role === 'broadcaster' }
  return { reason, ...panelReason(reason, context, languageOfRequest(c)) }
}

function nobody(viewer: ExtensionViewer, nowMs: number): PanelMe {
  return {
    nowMs,
    role: viewer.role,
    signedIn: isSignedIn(viewer),
    linked: viewer.userId !== null,
    identity: null,
    refusal: null,
    cooldown: null,
    undo: null,
    mine: [],
    voted: [],
  }
}

/** How long the person's last echo keeps them waiting, and can be taken back. */
function timesOf(
  person: Person,
  echo: PreviousEcho,
  settings: ChannelSettings,
  at: number,
): Pick<PanelMe, 'cooldown' | 'undo'> {
  const { id: echoId, askedAtMs, lengthMs } = echo
  const cooledAtMs = cooldownEnd(person, echo, settings) ?? 0
  const undoUntilMs = askedAtMs + settings.undoMs
  return {
    cooldown: cooledAtMs > at ? { untilMs: cooledAtMs, totalMs: cooledAtMs - askedAtMs, lengthMs } : null,
    undo: undoUntilMs > at ? { echoId, untilMs: undoUntilMs, lengthMs } : null,
  }
}

function ownMoments(view: CachedView, allIds: string[]): Pick<PanelMe, 'mine' | 'voted'> {
  const all = (moments: Map<string, string[]>) => [...new Set(allIds.flatMap((id) => moments.get(id) ?? []))]
  const mine = all(view.askedBy)
  return { mine, voted: all(view.wantedBy).filter((id) => !mine.includes(id)) }
}

/** Routes that only the channel's own streamer may use. */
export function streamerOnly(c: Context, viewer: ExtensionViewer): void {
  if (viewer.role !== 'broadcaster') stop(c, 'role')
}
