/**
 * EventSub requests as Twitch sends them: are they Twitch's, are they fresh, what do they say. Answering and storing
 * is the web route's. Rules: dev.twitch.tv/docs/eventsub/handling-webhook-events.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Result } from '../../shared/result.ts'

export const OLDEST_EVENT_MS = 10 * 60_000

export interface EventSubMessage {
  messageId: string
  type: 'notification' | 'webhook_callback_verification' | 'revocation'
  subscriptionType: string
  subscriptionId: string
  /** Whom it is about; empty where the condition names no broadcaster. */
  channelId: string
  sentAtMs: number
  /** To be sent back as it is, for `webhook_callback_verification`. */
  challenge: string
  payload: string
}

export type EventSubRefusal = 'signature' | 'too-old' | 'unreadable'

const BODY = z.object({
  challenge: z.string().optional(),
  subscription: z.object({
    id: z.string(),
    type: z.string(),
    condition: z.record(z.string(), z.unknown()).default({}),
  }),
  event: z.record(z.string(), z.unknown()).optional(),
})

const TYPES = ['notification', 'webhook_callback_verification', 'revocation'] as const

/** @param header reads a request header by its (any-case) name */
export function readEventSub(
  header: (name: string) => string | undefined,
  body: string,
  secret: string,
  now: number,
): Result<{ message: EventSubMessage }, EventSubRefusal> {
  const messageId = header('twitch-eventsub-message-id') ?? ''
  const timestamp = header('twitch-eventsub-message-timestamp') ?? ''
  const signature = header('twitch-eventsub-message-signature') ?? ''
  const expected = `sha256=${createHmac('sha256', secret)
    .update(messageId + timestamp + body)
    .digest('hex')}`
  const [given, wanted] = [Buffer.from(signature), Buffer.from(expected)]
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return { ok: false, reason: 'signature' }
  const sentAtMs = Date.parse(timestamp)
  if (!Number.isFinite(sentAtMs)) return { ok: false, reason: 'unreadable' }
  if (now - sentAtMs > OLDEST_EVENT_MS) return { ok: false, reason: 'too-old' }
  const type = TYPES.find((t) => t === header('twitch-eventsub-message-type'))
  const parsed = BODY.safeParse(parseJson(body))
  if (!type || !parsed.success || messageId === '') return { ok: false, reason: 'unreadable' }
  const { subscription, event, challenge = '' } = parsed.data
  const channelId = subscription.condition.broadcaster_user_id ?? event?.broadcaster_user_id ?? event?.user_id
  return {
    ok: true,
    message: {
      messageId,
      type,
      subscriptionType: subscription.type,
      subscriptionId: subscription.id,
      channelId: typeof channelId === 'string' ? channelId : '',
      sentAtMs,
      challenge,
      payload: body,
    },
  }
}

const ONLINE = z.object({ event: z.object({ id: z.string(), type: z.string(), started_at: z.string() }) })
/** `id` is there since 2026-06-26; before, an end did not say of which stream. */
const OFFLINE = z.object({ event: z.object({ id: z.string().nullish() }) })

/** A stored `stream.online`; null for what is no live stream (reruns, premieres) or cannot be read. */
export function readOnline(payload: string): { streamId: string; startedAtMs: number } | null {
  const parsed = ONLINE.safeParse(parseJson(payload))
  if (!parsed.success || parsed.data.event.type !== 'live') return null
  return { streamId: parsed.data.event.id, startedAtMs: Date.parse(parsed.data.event.started_at) }
}

export function readOffline(payload: string): { streamId: string | null } | null {
  const parsed = OFFLINE.safeParse(parseJson(payload))
  return parsed.success ? { streamId: parsed.data.event.id ?? null } : null
}

const UPDATE = z.object({
  event: z.object({ title: z.string(), category_id: z.string(), category_name: z.string() }),
})

/** A stored `channel.update`: what the channel plays now. */
export function readUpdate(payload: string): { title: string; categoryId: string; name: string } | null {
  const parsed = UPDATE.safeParse(parseJson(payload))
  if (!parsed.success) return null
  const { title, category_id: categoryId, category_name: name } = parsed.data.event
  return { title, categoryId, name }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
