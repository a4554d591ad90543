/** Sends a message of the outbox by its kind: mail, Discord, webhook. Addresses are opened for this one message. */
import type { Clock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import type { Database } from './db/database.ts'
import { hookPurpose, hooksOf, type HookTarget } from './db/hooks.ts'
import type { QueuedMessage } from './db/outbox.ts'
import type { Mail, Mailer } from './mail/mailer.ts'
import { sendHook, type HookMessage, type HookOptions } from './notify/hooks.ts'
import type { TokenBox } from './token-box.ts'

export interface MessageContext {
  db: Database
  clock: Clock
  box: TokenBox
  mailer: Mailer
  hooks: HookOptions
}

/** @throws {Fault} as the way it goes says */
export function messageSender({ db, clock, box, mailer, hooks }: MessageContext) {
  return async ({ id, kind, channelId, payload, uniqueKey }: QueuedMessage): Promise<void> => {
    if (kind === 'mail') return mailer.send({ ...(payload as Omit<Mail, 'uniqueKey'>), uniqueKey })
    if (kind === 'bucket') throw new Fault('recaps go to buckets by themselves', 'bug')
    const hook = (await hooksOf(db, channelId)).find((h) => h.kind === kind)
    if (!hook) throw new Fault('the address was taken away meanwhile', 'damaged')
    const target = JSON.parse(await box.open(hook.target, hookPurpose(channelId, kind))) as HookTarget
    await sendHook(kind, target, payload as HookMessage, id, clock.now(), hooks)
  }
}
