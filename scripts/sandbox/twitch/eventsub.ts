/** EventSub by webhook: subscriptions with their challenge, signed deliveries, retries, duplicates, revocation. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { ChatLine, TwitchWorld } from './world.ts'

export interface EventSubSubscription {
  id: string
  type: string
  version: string
  status: string
  condition: Record<string, string>
  callback: string
  secret: string
  createdAtMs: number
  failures: number
  /** Of the application's total; nothing where the person has let it in. */
  cost: number
}

export interface DeliveryFaults {
  /** Each notification is sent so often. */
  copies: number
  /** Notifications of these types are lost. */
  lost: Set<string>
}

const RETRY_MS = [1_000, 5_000, 15_000, 60_000]
const FAILURES_UNTIL_REVOKED = 20
const CHALLENGE_TIMEOUT_MS = 10_000
const DELIVERY_TIMEOUT_MS = 10_000
const PENDING = 'webhook_callback_verification_pending'

export class EventSub {
  readonly #world: TwitchWorld
  readonly subscriptions = new Map<string, EventSubSubscription>()
  readonly faults: DeliveryFaults = { copies: 1, lost: new Set() }
  /** Every answer that was received, for tests: type and status. */
  readonly deliveries: { type: string; status: number; tookMs: number }[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(world: TwitchWorld) {
    this.#world = world
    world.on('event', (type, channelId, event) =>
      this.#publish(type, channelId, event, this.#world.clock.now()),
    )
    world.on('chat', (line) =>
      this.#publish('channel.chat.message', line.channelId, chatEvent(world, line), line.atMs),
    )
  }

  /**
   * As Twitch does, answers with the subscription "pending" and sends the challenge afterwards. One that is there, or on
   * its way, is not made again.
   */
  create(
    wanted: Pick<EventSubSubscription, 'type' | 'version' | 'condition' | 'callback' | 'secret'> & {
      cost?: number
    },
  ): { created: EventSubSubscription; existing: null } | { created: null; existing: EventSubSubscription } {
    const existing = [...this.subscriptions.values()].find(
      (s) =>
        s.type === wanted.type &&
        JSON.stringify(s.condition) === JSON.stringify(wanted.condition) &&
        (s.status === 'enabled' || s.status === PENDING),
    )
    if (existing) return { created: null, existing }
    const created = {
      cost: 0,
      ...wanted,
      id: randomUUID(),
      status: PENDING,
      createdAtMs: this.#world.clock.now(),
      failures: 0,
    }
    this.subscriptions.set(created.id, created)
    void this.#challenge(created)
    return { created, existing: null }
  }

  /** Whether a channel's events of all these types are delivered. */
  delivers(channelId: string, types: readonly string[]): boolean {
    return types.every((type) => this.#subscribersOf(type, channelId).length > 0)
  }

  revoke(id: string, status = 'authorization_revoked'): void {
    const subscription = this.subscriptions.get(id)
    if (!subscription) return
    subscription.status = status
    void this.#send(subscription, 'revocation', { subscription: view(subscription) }, this.#world.clock.now())
  }

  /** Sends one notification to its subscribers, outside the world's own events; `sentAtMs` stands in its header. */
  async deliver(
    type: string,
    channelId: string,
    event: Record<string, unknown>,
    sentAtMs: number,
    messageId = randomUUID(),
  ) {
    const statuses: number[] = []
    for (const subscription of this.#subscribersOf(type, channelId))
      statuses.push(
        await this.#send(
          subscription,
          'notification',
          { subscription: view(subscription), event },
          sentAtMs,
          messageId,
        ),
      )
    return statuses
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #publish(type: string, channelId: string, event: Record<string, unknown>, sentAtMs: number): void {
    if (this.faults.lost.has(type)) return
    for (const subscription of this.#subscribersOf(type, channelId)) {
      const messageId = randomUUID()
      for (let n = 0; n < this.faults.copies; n++)
        this.#attempt(subscription, { subscription: view(subscription), event }, sentAtMs, messageId, 0)
    }
  }

  #attempt(
    subscription: EventSubSubscription,
    body: object,
    sentAtMs: number,
    messageId: string,
    retry: number,
  ): void {
    void this.#send(subscription, 'notification', body, sentAtMs, messageId, retry).then((status) => {
      if (status >= 200 && status < 300) return
      if (++subscription.failures >= FAILURES_UNTIL_REVOKED)
        return this.revoke(subscription.id, 'notification_failures_exceeded')
      const wait = RETRY_MS[retry]
      if (wait === undefined) return
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#attempt(subscription, body, sentAtMs, messageId, retry + 1)
      }, wait)
      this.#timers.add(timer)
    })
  }

  #subscribersOf(type: string, channelId: string): EventSubSubscription[] {
    return [...this.subscriptions.values()].filter(
      (s) =>
        s.type === type &&
        s.status === 'enabled' &&
        // What is about the application itself names no broadcaster.
        (s.condition.broadcaster_user_id ?? channelId) === channelId,
    )
  }

  async #challenge(subscription: EventSubSubscription): Promise<void> {
    const challenge = randomBytes(20).toString('base64url')
    const body = { challenge, subscription: view(subscription) }
    let echoed = ''
    const type = 'webhook_callback_verification'
    await this.#send(subscription, type, body, this.#world.clock.now(), randomUUID(), 0, async (answer) => {
      echoed = await answer.text()
    })
    subscription.status = echoed === challenge ? 'enabled' : 'webhook_callback_verification_failed'
  }

  async #send(
    subscription: EventSubSubscription,
    messageType: string,
    body: object,
    sentAtMs: number,
    messageId: string = randomUUID(),
    retry = 0,
    read?: (answer: Response) => Promise<void>,
  ): Promise<number> {
    const text = JSON.stringify(body)
    const timestamp = new Date(sentAtMs).toISOString().replace('Z', '000000Z')
    const signature = createHmac('sha256', subscription.secret)
      .update(messageId + timestamp + text)
      .digest('hex')
    const began = performance.now()
    let status = 0
    try {
      const answer = await fetch(subscription.callback, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'twitch-eventsub-message-id': messageId,
          'twitch-eventsub-message-retry': String(retry),
          'twitch-eventsub-message-type': messageType,
          'twitch-eventsub-message-signature': `sha256=${signature}`,
          'twitch-eventsub-message-timestamp': timestamp,
          'twitch-eventsub-subscription-type': subscription.type,
          'twitch-eventsub-subscription-version': subscription.version,
        },
        body: text,
        signal: AbortSignal.timeout(
          messageType === 'notification' ? DELIVERY_TIMEOUT_MS : CHALLENGE_TIMEOUT_MS,
        ),
      })
      status = answer.status
      if (read) await read(answer)
      else await answer.body?.cancel()
    } catch {
      // The receiver is away: as good as a refusal.
    }
    this.deliveries.push({ type: subscription.type, status, tookMs: performance.now() - began })
    return status
  }
}

/** A subscription as the API shows it: without the secret. */
export function view(s: EventSubSubscription) {
  const { id, type, version, status, condition } = s
  const transport = { method: 'webhook', callback: s.callback }
  return {
    id,
    type,
    version,
    status,
    condition,
    cost: s.cost,
    created_at: new Date(s.createdAtMs).toISOString(),
    transport,
  }
}

function chatEvent(world: TwitchWorld, line: ChatLine) {
  const channel = world.users.get(line.channelId)
  return {
    broadcaster_user_id: line.channelId,
    broadcaster_user_login: channel?.login,
    broadcaster_user_name: channel?.displayName,
    chatter_user_id: line.user.id,
    chatter_user_login: line.user.login,
    chatter_user_name: line.user.displayName,
    message_id: line.id,
    message: {
      text: line.text,
      fragments: [{ type: 'text', text: line.text, cheermote: null, emote: null, mention: null }],
    },
    color: '#00FF7F',
    badges: line.badges.map((set_id) => ({ set_id, id: '1', info: '' })),
    message_type: 'text',
    cheer: null,
    reply: null,
    channel_points_custom_reward_id: null,
    source_broadcaster_user_id: null,
    source_broadcaster_user_login: null,
    source_broadcaster_user_name: null,
    source_message_id: null,
    source_badges: null,
  }
}

// Lenient here: a callback need not be https on port 443; conditions are not looked at beyond the channel; retries come
// within minutes, by the real clock.
