/** What we ask of Twitch's API, in our words. twurple keeps to the rate limits and renews tokens. */
import { ApiClient } from '@twurple/api'
import { callTwitchApi, HttpStatusCodeError } from '@twurple/api-call'
import type { AccessToken, AuthProvider } from '@twurple/auth'
import { Fault } from '../../shared/fault.ts'
import type { MinimumRole, Role } from '../../shared/mode.ts'
import { asking } from './asking.ts'

// twurple leaves it to its users to say what their `fetch` takes.
declare module '@twurple/api-call' {
  interface TwitchApiCallFetchOptions {
    signal?: AbortSignal
  }
}

export interface LiveStream {
  streamId: string
  channelId: string
  startedAtMs: number
  title: string
}

export interface ArchivedVod {
  vodId: string
  streamId: string
  createdAtMs: number
  durationMs: number
  mutedSegments: { offsetSec: number; durationSec: number }[]
}

export interface Subscription {
  id: string
  type: string
  status: string
  channelId: string | null
  callback: string | null
}

export interface Helix {
  /** Of these channels, who is live now. */
  liveStreams(channelIds: string[]): Promise<LiveStream[]>
  /** The latest archives of a channel; highlights and uploads are left out. */
  recentArchives(channelId: string): Promise<ArchivedVod[]>
  say(channelId: string, text: string): Promise<void>
  /** Accounts by login name (at most 500); unknown ones are left out. */
  usersByLogin(logins: string[]): Promise<TwitchUser[]>
  userById(userId: string): Promise<TwitchUser | null>
  /** Of these accounts, those that are still there. */
  existingUsers(userIds: string[]): Promise<Set<string>>
  /** Accounts that have streamed and whose name is like this. */
  searchUsers(name: string): Promise<TwitchUser[]>
  /**
   * Which of follower, subscriber and VIP somebody is, as far as the streamer lets us ask; the search ends with the
   * first that reaches `minimum`.
   */
  viewerRoles(channelId: string, userId: string, minimum: MinimumRole, scopes: string[]): Promise<Role[]>
  subscriptions(): Promise<Subscription[]>
  /** @param channelId of no meaning for `user.authorization.revoke`, which is about all who use the application */
  subscribe(type: SubscriptionType, channelId: string): Promise<void>
  unsubscribe(id: string): Promise<void>
  /** Whether the bot is a moderator; null where the streamer has not let us look. */
  botIsModerator(channelId: string, scopes: readonly string[]): Promise<boolean | null>
  /** Needs {@link MODERATORS_SCOPE}. */
  makeBotModerator(channelId: string): Promise<void>
  /** Whether this extension is active on the channel. */
  extensionActive(channelId: string, extensionId: string): Promise<boolean>
}

/** To see whether the bot is a moderator, and to make it one. */
export const MODERATORS_SCOPE = 'channel:manage:moderators'

export interface TwitchUser {
  userId: string
  login: string
  displayName: string
}

/** The streamer's grant that each question about a viewer needs. */
export const ROLE_SCOPES = {
  follower: 'moderator:read:followers',
  subscriber: 'channel:read:subscriptions',
  vip: 'channel:read:vips',
} as const

export type SubscriptionType =
  | 'stream.online'
  | 'stream.offline'
  | 'channel.update'
  | 'channel.chat.message'
  | 'channel.chat.message_delete'
  | 'channel.chat.clear_user_messages'
  | 'channel.chat.clear'
  | 'user.authorization.revoke'

const SAY_TIMEOUT_MS = 5_000
const ARCHIVES = 20
const USERS_A_TIME = 100
const SEARCHED = 8

export interface HelixOptions {
  authProvider: AuthProvider
  botUserId: string
  /** Where Twitch sends events, and the secret it signs them with. */
  eventsub: { callback: string; secret: string }
}

export function helix({ authProvider, botUserId, eventsub }: HelixOptions): Helix {
  const api = new ApiClient({ authProvider, logger: { minLevel: 'critical' } })
  const appToken = (forceNew = false) => {
    if (!authProvider.getAppAccessToken)
      throw new Fault('there is no application token to speak with', 'permanent')
    return authProvider.getAppAccessToken(forceNew)
  }
  const transport = { method: 'webhook' as const, callback: eventsub.callback, secret: eventsub.secret }
  return {
    liveStreams: (channelIds) =>
      asking('who is live', async () => {
        if (channelIds.length === 0) return []
        const streams = await api.streams.getStreamsByUserIds(channelIds)
        return streams
          .filter((s) => s.type === 'live')
          .map((s) => ({
            streamId: s.id,
            channelId: s.userId,
            startedAtMs: s.startDate.getTime(),
            title: s.title,
          }))
      }),
    recentArchives: (channelId) =>
      asking('for the VODs', async () => {
        const { data } = await api.videos.getVideosByUser(channelId, { type: 'archive', limit: ARCHIVES })
        return data
          .filter((v) => v.type === 'archive' && v.streamId)
          .map((v) => ({
            vodId: v.id,
            streamId: v.streamId ?? '',
            createdAtMs: v.creationDate.getTime(),
            durationMs: v.durationInSeconds * 1000,
            mutedSegments: v.mutedSegmentData.map((m) => ({ offsetSec: m.offset, durationSec: m.duration })),
          }))
      }),
    say: (channelId, text) =>
      asking('to say a line in chat', async () => {
        // Not by twurple's client: where Twitch takes no more requests, that would keep the line for up to a minute and
        // then say it after all, when nobody counts it any more. A line is said now or not at all.
        const say = async (token: AccessToken) =>
          callTwitchApi<{ data: { is_sent: boolean; drop_reason?: { message: string } }[] }>(
            {
              type: 'helix',
              url: 'chat/messages',
              method: 'POST',
              jsonBody: { broadcaster_id: channelId, sender_id: botUserId, message: text },
            },
            authProvider.clientId,
            token.accessToken,
            'Bearer',
            { signal: AbortSignal.timeout(SAY_TIMEOUT_MS) },
          )
        const said = await say(await appToken()).catch(async (error: unknown) => {
          if (error instanceof HttpStatusCodeError && error.statusCode === 401)
            return say(await appToken(true))
          throw error
        })
        const [line] = said.data
        if (line && !line.is_sent)
          throw new Fault(
            `Twitch dropped a line: ${line.drop_reason?.message ?? 'no reason given'}`,
            'permanent',
          )
      }),
    usersByLogin: (logins) =>
      asking('for accounts', async () => {
        const found: TwitchUser[] = []
        for (let n = 0; n < logins.length; n += USERS_A_TIME)
          for (const user of await api.users.getUsersByNames(logins.slice(n, n + USERS_A_TIME)))
            found.push({ userId: user.id, login: user.name, displayName: user.displayName })
        return found
      }),
    userById: (userId) =>
      asking('for an account', async () => {
        const user = await api.users.getUserById(userId)
        return user && { userId: user.id, login: user.name, displayName: user.displayName }
      }),
    existingUsers: (userIds) =>
      asking('which accounts are there', async () => {
        const found = new Set<string>()
        for (let n = 0; n < userIds.length; n += USERS_A_TIME)
          for (const user of await api.users.getUsersByIds(userIds.slice(n, n + USERS_A_TIME)))
            found.add(user.id)
        return found
      }),
    searchUsers: (name) =>
      asking('for accounts by name', async () => {
        const { data } = await api.search.searchChannels(name, { limit: SEARCHED })
        return data.map((ch) => ({ userId: ch.id, login: ch.name, displayName: ch.displayName }))
      }),
    viewerRoles: (channelId, userId, minimum, scopes) =>
      asking('what a viewer is in a channel', async () => {
        const ask = {
          follower: async () => (await api.channels.getChannelFollowers(channelId, userId)).data.length > 0,
          subscriber: async () =>
            (await api.subscriptions.getSubscriptionForUser(channelId, userId)) !== null,
          vip: () => api.channels.checkVipForUser(channelId, userId),
        }
        const ladder = ['follower', 'subscriber', 'vip'] as const
        const from = ladder.findIndex((role) => role === minimum)
        for (const role of from === -1 ? [] : ladder.slice(from))
          if (scopes.includes(ROLE_SCOPES[role]) && (await ask[role]())) return [role]
        return []
      }),
    subscriptions: () =>
      asking('for the event subscriptions', async () => {
        const all = await api.eventSub.getSubscriptionsPaginated().getAll()
        return all.map((s) => ({
          id: s.id,
          type: s.type,
          status: s.status,
          channelId: (s.condition as { broadcaster_user_id?: string }).broadcaster_user_id ?? null,
          callback: (s._transport as { callback?: string }).callback ?? null,
        }))
      }),
    subscribe: (type, channelId) =>
      asking(`to subscribe to ${type}`, async () => {
        if (type === 'user.authorization.revoke') {
          await api.eventSub.createSubscription(type, '1', { client_id: authProvider.clientId }, transport)
          return
        }
        const condition: Record<string, string> = { broadcaster_user_id: channelId }
        if (type.startsWith('channel.chat.')) condition.user_id = botUserId
        const version = type === 'channel.update' ? '2' : '1'
        await api.eventSub.createSubscription(type, version, condition, transport)
      }),
    unsubscribe: (id) => asking('to end a subscription', () => api.eventSub.deleteSubscription(id)),
    botIsModerator: (channelId, scopes) =>
      asking('who moderates', async () =>
        scopes.includes(MODERATORS_SCOPE) ? api.moderation.checkUserMod(channelId, botUserId) : null,
      ),
    makeBotModerator: (channelId) =>
      asking('to make the bot a moderator', () => api.moderation.addModerator(channelId, botUserId)),
    extensionActive: (channelId, extensionId) =>
      asking('which extensions are active', async () => {
        const installed = await api.users.getActiveExtensions(channelId)
        return installed.getAllExtensions().some((extension) => extension.id === extensionId)
      }),
  }
}
