/** Chat lines, from whatever transport they come. */
import { z } from 'zod'
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

/** What a moderator has done: one message deleted, one person's messages, or all of a chat. */
export type ChatModeration = { channelId: string } & (
  { messageId: string } | { userId: string } | { everybody: true }
)

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

const MODERATION_EVENT = z.object({
  event: z.object({
    broadcaster_user_id: z.string(),
    target_user_id: z.string().optional(),
    message_id: z.string().optional(),
  }),
})

/** A `channel.chat.message_delete`, `…clear_user_messages` (a ban or a time-out) or `…clear` event. */
export function moderationOfEvent(payload: unknown): ChatModeration | null {
  const parsed = MODERATION_EVENT.safeParse(payload)
  if (!parsed.success) return null
  const { broadcaster_user_id: channelId, target_user_id: userId, message_id: messageId } = parsed.data.event
  if (messageId) return { channelId, messageId }
  return userId ? { channelId, userId } : { channelId, everybody: true }
}
