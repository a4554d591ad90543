/** Chat lines, from whatever transport they come. */
import { z } from 'zod'
import { ChatClient, type ChatMessage } from '@twurple/chat'
import type { Person, Role } from '../../shared/mode.ts'

export interface ChatLine {
  /** The same in both transports. */
  messageId: string
  channelId: string
  person: Person
  text: string
  /** Twitch's own time of the message, UTC milliseconds. */
  sentAtMs: number
}

/** Hears the chat of some channels until it is stopped. */
export interface ChatTransport {
  start(): Promise<void>
  /** Joins what is new and leaves what is gone. */
  setChannels(logins: string[]): Promise<void>
  stop(): Promise<void>
}

/** Badge set → role. A lead moderator is a moderator, a founder a subscriber. */
const ROLE_OF_BADGE: Record<string, Role> = {
  broadcaster: 'streamer',
  moderator: 'moderator',
  lead_moderator: 'moderator',
  vip: 'vip',
  subscriber: 'subscriber',
  founder: 'subscriber',
}

export function rolesOf(badges: Iterable<string>): Role[] {
  const roles = new Set<Role>()
  for (const badge of badges) {
    const role = ROLE_OF_BADGE[badge]
    if (role) roles.add(role)
  }
  return [...roles]
}

export interface IrcOptions {
  /** Only for a server on this machine: `host:port`. */
  server?: string
  onLine(line: ChatLine): void
}

/** IRC over WebSocket, read anonymously: no grants needed. Answers go out through the API. */
export function ircTransport({ server, onLine }: IrcOptions): ChatTransport {
  const client = new ChatClient({
    readOnly: true,
    rejoinChannelsOnReconnect: true,
    logger: { minLevel: 'critical' },
    // twurple knows no port option; this makes its address `ws://host:port/?x=:80`.
    ...(server ? { hostName: `${server}/?x=`, ssl: false } : {}),
  })
  let joined = new Set<string>()
  client.onMessage((_channel, _user, text, message) => {
    const line = lineOf(text, message)
    if (line) onLine(line)
  })
  return {
    async start() {
      client.connect()
    },
    async setChannels(logins) {
      const wanted = new Set(logins)
      const join = logins.filter((l) => !joined.has(l))
      for (const login of joined) if (!wanted.has(login)) client.part(login)
      joined = wanted
      // A join that is lost with the connection is repeated on the next one.
      await Promise.all(join.map((login) => client.join(login).catch(() => joined.delete(login))))
    },
    async stop() {
      client.quit()
    },
  }
}

function lineOf(text: string, message: ChatMessage): ChatLine | null {
  const { channelId, userInfo } = message
  // In a shared chat the message belongs to the channel it was written in.
  if (!channelId || (message.sourceChannelId && message.sourceChannelId !== channelId)) return null
  return {
    messageId: message.id,
    channelId,
    person: {
      userId: userInfo.userId,
      login: userInfo.userName,
      displayName: userInfo.displayName,
      roles: rolesOf(userInfo.badges.keys()),
    },
    text,
    sentAtMs: message.date.getTime(),
  }
}

const CHAT_EVENT = z.object({
  event: z.object({
    broadcaster_user_id: z.string(),
    chatter_user_id: z.string(),
    chatter_user_login: z.string(),
    chatter_user_name: z.string(),
    message_id: z.string(),
    message: z.object({ text: z.string() }),
    badges: z.array(z.object({ set_id: z.string() })).default([]),
    source_broadcaster_user_id: z.string().nullish(),
  }),
})

/** A `channel.chat.message` event; `sentAtMs` is the header's time stamp, since the event has none of its own. */
export function lineOfEvent(payload: unknown, sentAtMs: number): ChatLine | null {
  const parsed = CHAT_EVENT.safeParse(payload)
  if (!parsed.success) return null
  const { event } = parsed.data
  const source = event.source_broadcaster_user_id
  if (source && source !== event.broadcaster_user_id) return null
  return {
    messageId: event.message_id,
    channelId: event.broadcaster_user_id,
    person: {
      userId: event.chatter_user_id,
      login: event.chatter_user_login,
      displayName: event.chatter_user_name,
      roles: rolesOf(event.badges.map((b) => b.set_id)),
    },
    text: event.message.text,
    sentAtMs,
  }
}
