/** Puts the parts of the extension's back end together: its API for the web role, its news for the worker. */
import type { Hono } from 'hono'
import type { Clock } from '../shared/clock.ts'
import type { Config, ExtensionConfig } from './config.ts'
import type { Database } from './db/database.ts'
import { findChannel, revisionOf } from './db/channels.ts'
import { findGrant } from './db/grants.ts'
import { makeStatePusher } from './jobs/push-state.ts'
import type { Timer } from './jobs/timers.ts'
import { errorText, type Log } from './log.ts'
import { channelView } from './panel-state.ts'
import { extensionPubSub, LARGEST_MESSAGE_BYTES } from './twitch/extension-pubsub.ts'
import { tokenVerifier } from './twitch/extension-token.ts'
import { ROLE_SCOPES, type Helix } from './twitch/helix.ts'
import { floodGate, viewerGate } from './web/extension/gate.ts'
import { ExtensionPeople } from './web/extension/people.ts'
import { extensionRoutes } from './web/extension/routes.ts'
import { ChannelViews } from './web/extension/views.ts'

/** In ten seconds, in each process. */
const FLOOD = { person: 60, channel: 5_000 }

export interface ExtensionParts {
  routes: Hono
  timer: Timer
}

export function makeExtension(
  extension: ExtensionConfig,
  parts: {
    db: Database
    clock: Clock
    log: Log
    config: Config
    twitch: Helix
    mayRender(channelId: string): Promise<boolean>
  },
): ExtensionParts {
  const { db, clock, log, config, twitch } = parts
  const now = () => clock.now()
  const viewOf = (channelId: string) => channelView(db, channelId, now(), config.google.watch)
  const people = new ExtensionPeople({
    db,
    log,
    now,
    namesOf: (userId) => twitch.userById(userId),
    async rolesOf(channelId, userId, minimum) {
      const scopes = (await findGrant(db, channelId, 'twitch'))?.scopes ?? []
      return twitch.viewerRoles(channelId, userId, minimum, scopes).catch((error: unknown) => {
        log.warn({ error: errorText(error), channelId }, 'a viewer’s role is not known')
        return []
      })
    },
  })
  const [secret = ''] = extension.secrets
  const send = extensionPubSub({ ...extension, secret }, config.twitch.addresses.api, now)
  const push = makeStatePusher({
    db,
    clock,
    log,
    send,
    stateOf: async (channelId) => (await viewOf(channelId)).state,
    largestBytes: LARGEST_MESSAGE_BYTES,
  })
  return {
    timer: { name: 'push', everyMs: config.rounds.pushMs, run: push },
    routes: extensionRoutes({
      db,
      now,
      log,
      people,
      siteUrl: config.siteUrl,
      origins: extension.origins,
      viewerOf: viewerGate(tokenVerifier(extension.secrets, now)),
      flood: floodGate(FLOOD),
      views: new ChannelViews(viewOf, (channelId) => revisionOf(db, channelId), now),
      usersByLogin: (logins) => twitch.usersByLogin(logins),
      search: (name) => twitch.searchUsers(name),
      missing: (channelId) => missingOf(db, channelId, parts.mayRender),
    }),
  }
}

/** What the streamer still has to do on the companion site, as sentences. */
export async function missingOf(
  db: Database,
  channelId: string,
  mayRender: (channelId: string) => Promise<boolean>,
): Promise<string[]> {
  const [channel, twitch, youtube] = await Promise.all([
    findChannel(db, channelId),
    findGrant(db, channelId, 'twitch'),
    findGrant(db, channelId, 'youtube'),
  ])
  const missing: string[] = []
  if (!(await mayRender(channelId)))
    missing.push('Choose a plan: without one echoes are kept, but no recap is made of them')
  if (twitch?.state !== 'ok') missing.push('Sign in with Twitch again: Echoes has lost its access')
  if (!youtube) missing.push('Connect YouTube: without it recaps cannot be published')
  else if (youtube.state !== 'ok')
    missing.push(`Connect YouTube again: access to ${youtube.accountName} has ended`)
  const minimum = channel?.settings.mode === 'everyone' ? channel.settings.minimumRole : 'none'
  if (minimum !== 'none' && !twitch?.scopes.includes(ROLE_SCOPES[minimum]))
    missing.push(
      `Allow Echoes to see ${{ follower: 'who follows', subscriber: 'who subscribes', vip: 'who is a VIP' }[minimum]}: until then nobody counts as one in the panel`,
    )
  return missing
}
