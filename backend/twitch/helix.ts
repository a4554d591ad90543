/** What we ask of Twitch's API, in our words. twurple keeps to the rate limits and renews tokens. */
import { callTwitchApi, HttpStatusCodeError } from '@twurple/api-call'
import type { HelixEventSubSubscription } from '@twurple/api'
import type { AccessToken, AuthProvider } from '@twurple/auth'
import { Fault } from '../../shared/fault.ts'
import type { MinimumRole, Role } from '../../shared/mode.ts'
import { apiClient, asking, FOR_A_ROUND_MS } from './asking.ts'

export interface LiveStream {
  streamId: string
  channelId: string
  startedAtMs: number
  title: string
}

export interface ArchivedVod {
  vodId: string
  streamId: string
  title: string
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
  /** The event subscriptions that name a channel. */
  subscriptionsOf(channelId: string): Promise<Subscription[]>
  /** Those of one type, whoever they are about. */
  subscriptionsTo(type: SubscriptionType): Promise<Subscription[]>
  /** All of the application, page by page: a request for each hundred. */
  allSubscriptions(): AsyncIterable<Subscription[]>
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
/** Most ids, and most items of a page, that Helix takes in one request. Without `first` a page has 20. */
const A_TIME = 100
const SEARCHED = 8

export interface HelixOptions {
  authProvider: AuthProvider
  botUserId: string
  /** Where Twitch sends events, and the secret it signs them with. */
  eventsub: { callback: string; secret: string }
}

export function helix({ authProvider, botUserId, eventsub }: HelixOptions): Helix {
  const api = apiClient(authProvider)
  const appToken = (forceNew = false) => {
    if (!authProvider.getAppAccessToken) throw new Fault('there is no application token to speak with', 'bug')
    return authProvider.getAppAccessToken(forceNew)
  }
  const transport = { method: 'webhook' as const, callback: eventsub.callback, secret: eventsub.secret }
  return {
    liveStreams: (channelIds) =>
      asking(
        'who is live',
        async () => {
          const found: LiveStream[] = []
          for (const ids of inHundreds(channelIds))
            for (const s of (await api.streams.getStreams({ userId: ids, limit: A_TIME })).data)
              if (s.type === 'live')
                found.push({
                  streamId: s.id,
                  channelId: s.userId,
                  startedAtMs: s.startDate.getTime(),
                  title: s.title,
                })
          return found
        },
        FOR_A_ROUND_MS,
      ),
    recentArchives: (channelId) =>
      asking(
        'for the VODs',
        async () => {
          const { data } = await api.videos.getVideosByUser(channelId, { type: 'archive', limit: A_TIME })
          return data
            .filter((v) => v.type === 'archive' && v.streamId)
            .map((v) => ({
              vodId: v.id,
              streamId: v.streamId ?? '',
              title: v.title,
              createdAtMs: v.creationDate.getTime(),
              durationMs: v.durationInSeconds * 1000,
              mutedSegments: v.mutedSegmentData.map((m) => ({
                offsetSec: m.offset,
                durationSec: m.duration,
              })),
            }))
        },
        FOR_A_ROUND_MS,
      ),
    say: (channelId, text) =>
      asking(
        'to say a line in chat',
        async () => {
          // Not by twurple's client: where Twitch takes no more requests, that would keep the line for up to a minute and
          // then say it after all, when nobody counts it any more. A line is said now, or later by whoever counts lines.
          const say = async (token: AccessToken) =>
            callTwitchApi<{ data: { is_sent: boolean; drop_reason?: { code: string; message: string } }[] }>(
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
          if (line && !line.is_sent) {
            const { code = '', message = 'no reason given' } = line.drop_reason ?? {}
            // Too many lines at once is a matter of time; every other reason is about this line.
            const isLater = code === 'msg_ratelimit'
            throw new Fault(`Twitch dropped a line: ${message}`, isLater ? 'transient' : 'bug', {
              status: 200,
            })
          }
        },
        FOR_A_ROUND_MS,
        'chatLine',
      ),
    usersByLogin: (logins) =>
      asking('for accounts', async () => {
        const found: TwitchUser[] = []
        for (const names of inHundreds(logins))
          for (const user of await api.users.getUsersByNames(names))
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
        for (const ids of inHundreds(userIds))
          for (const user of await api.users.getUsersByIds(ids)) found.add(user.id)
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
    subscriptionsOf: (channelId) =>
      asking(
        'for the event subscriptions of a channel',
        async () => pages(api.eventSub.getSubscriptionsForUser.bind(api.eventSub, channelId)),
        FOR_A_ROUND_MS,
      ),
    subscriptionsTo: (type) =>
      asking(
        'for the event subscriptions of a kind',
        async () => pages(api.eventSub.getSubscriptionsForType.bind(api.eventSub, type)),
        FOR_A_ROUND_MS,
      ),
    async *allSubscriptions() {
      let after: string | undefined
      do {
        const page = await asking(
          'for the event subscriptions',
          () => api.eventSub.getSubscriptions(after === undefined ? {} : { after }),
          FOR_A_ROUND_MS,
        )
        yield page.data.map(subscriptionOf)
        after = page.cursor
      } while (after)
    },
    subscribe: (type, channelId) =>
      asking(
        `to subscribe to ${type}`,
        async () => {
          const condition: Record<string, string> =
            type === 'user.authorization.revoke'
              ? { client_id: authProvider.clientId }
              : { broadcaster_user_id: channelId }
          if (type.startsWith('channel.chat.')) condition.user_id = botUserId
          const version = type === 'channel.update' ? '2' : '1'
          await api.eventSub.createSubscription(type, version, condition, transport).catch(unlessStatus(409))
        },
        FOR_A_ROUND_MS,
      ),
    unsubscribe: (id) =>
      asking(
        'to end a subscription',
        async () => void (await api.eventSub.deleteSubscription(id).catch(unlessStatus(404))),
        FOR_A_ROUND_MS,
      ),
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

/** Twitch says that it is so already: 409 for a subscription that is there, 404 for one that is gone. */
function unlessStatus(status: number) {
  return (error: unknown) => {
    if (!(error instanceof HttpStatusCodeError) || error.statusCode !== status) throw error
  }
}

function subscriptionOf(s: HelixEventSubSubscription): Subscription {
  return {
    id: s.id,
    type: s.type,
    status: s.status,
    channelId: (s.condition as { broadcaster_user_id?: string }).broadcaster_user_id ?? null,
    callback: (s._transport as { callback?: string }).callback ?? null,
  }
}

async function pages(
  ask: (page: { after?: string }) => Promise<{ data: HelixEventSubSubscription[]; cursor?: string }>,
): Promise<Subscription[]> {
  const found: Subscription[] = []
  let after: string | undefined
  do {
    const page = await ask(after === undefined ? {} : { after })
    found.push(...page.data.map(subscriptionOf))
    after = page.cursor
  } while (after)
  return found
}

function inHundreds(ids: readonly string[]): string[][] {
  const lots: string[][] = []
  for (let n = 0; n < ids.length; n += A_TIME) lots.push(ids.slice(n, n + A_TIME))
  return lots
}
