/**
 * Brings the channels' state to their viewers' panels by extension PubSub: when something has changed, and now and then
 * while live, so that a panel knows that it need not ask.
 */
import type { PanelState } from '../../shared/api.ts'
import type { Clock } from '../../shared/clock.ts'
import { changedChannels, liveChannels } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { errorText, type Log } from '../log.ts'

export interface PushContext {
  db: Database
  clock: Clock
  log: Log
  stateOf(channelId: string): Promise<PanelState>
  /** Sends one message of at most `largestBytes` to all viewers of a channel. @throws Fault */
  send(channelId: string, message: string): Promise<void>
  largestBytes: number
}

/** A panel that hears nothing for longer than this asks by itself (see extension-panel/updates.ts). */
const HEARTBEAT_MS = 30_000
/** A transaction may become visible a while after the time that its revision says. */
const OVERLAP_MS = 15_000

/** @returns a round, to be run about once a second: Twitch takes 100 messages a minute for each channel */
export function makeStatePusher(context: PushContext): () => Promise<void> {
  const { db, clock, log } = context
  const pushed = new Map<string, { revision: number; atMs: number }>()
  let lookedAtMs = clock.now()
  return async () => {
    const now = clock.now()
    const changed = await changedChannels(db, lookedAtMs - OVERLAP_MS)
    lookedAtMs = now
    const due = new Map<string, number>()
    for (const { id, revision } of changed) if (pushed.get(id)?.revision !== revision) due.set(id, revision)
    for (const { id, revision } of await liveChannels(db))
      if (now - (pushed.get(id)?.atMs ?? 0) >= HEARTBEAT_MS) due.set(id, revision)
    await Promise.all(
      [...due].map(async ([channelId, revision]) => {
        pushed.set(channelId, { revision, atMs: now })
        try {
          await context.send(channelId, fitted(await context.stateOf(channelId), context.largestBytes))
        } catch (error) {
          // The panels ask by themselves when they hear nothing.
          log.warn({ error: errorText(error), channelId }, 'a panel message was not sent')
        }
      }),
    )
  }
}

/** As many of the newest moments as fit; `total` tells that there are more. */
export function fitted(state: PanelState, largestBytes: number): string {
  let { moments } = state
  for (;;) {
    const text = JSON.stringify({ ...state, moments })
    if (Buffer.byteLength(text) <= largestBytes || moments.length === 0) return text
    moments = moments.slice(0, Math.floor(moments.length * 0.8))
  }
}
