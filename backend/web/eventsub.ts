/** Where Twitch delivers events: verified, stored, and only then answered. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../db/database.ts'
import { storeEvent } from '../db/inbox.ts'
import type { Log } from '../log.ts'
import { readEventSub, type EventSubMessage } from '../twitch/eventsub.ts'

export const EVENTSUB_PATH = '/events/twitch'
/** Twitch's own events are a few kilobytes. */
const LARGEST_BODY = 256 * 1024

export interface EventSubOptions {
  db: Database
  clock: Clock
  log: Log
  secret: string
  /** Whether an event is worth keeping: chat lines without a command are not. */
  isWanted(message: EventSubMessage): boolean | Promise<boolean>
  /** Something new is in the inbox. */
  onStored(): void
}

export function eventsubRoutes({ db, clock, log, secret, isWanted, onStored }: EventSubOptions): Hono {
  const app = new Hono()
  app.post(EVENTSUB_PATH, bodyLimit({ maxSize: LARGEST_BODY }), async (c) => {
    const body = await c.req.text()
    const read = readEventSub((name) => c.req.header(name), body, secret, clock.now())
    if (!read.ok) {
      log.warn({ reason: read.reason }, 'an event was refused')
      return c.text(read.reason, read.reason === 'unreadable' ? 400 : 403)
    }
    const { message } = read
    if (message.type === 'webhook_callback_verification') return c.text(message.challenge)
    // Reconciling finds the dead subscription and makes it anew.
    if (message.type === 'revocation')
      log.warn({ type: message.subscriptionType }, 'Twitch ended a subscription')
    else if (await isWanted(message)) {
      const { messageId, subscriptionType: type, channelId, sentAtMs, payload } = message
      if (await storeEvent(db, { messageId, type, channelId, sentAtMs, payload }, clock.now())) onStored()
    }
    return c.body(null, 204)
  })
  return app
}
