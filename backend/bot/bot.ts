/** The bot role: hears the channels' chats, acts on commands, answers. Any number may run side by side. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import type { CommandWords } from '../../shared/echo.ts'
import { leaveRooms, shareRooms, type SharingRules } from '../db/bot-rooms.ts'
import { listChannels } from '../db/channels.ts'
import { markHeard, type ChatGap } from '../db/chat-gaps.ts'
import { withdrawModerated, type Moderation } from '../db/withdrawals.ts'
import { maySpeak, spoke } from '../db/said.ts'
import { errorText, type Log } from '../log.ts'
import { runCommand, type CommandContext, type CommandLine } from './commands.ts'
import { Replies } from './replies.ts'

/** Reconnecting takes twurple up to two minutes; after that it is worth a look. */
const DEAF_MS = 180_000

export interface BotTransport {
  start(): Promise<void>
  setChannels(rooms: { login: string; channelId: string }[]): Promise<void>
  /** Whether chat is heard just now. */
  isHearing(): boolean
  stop(): Promise<void>
}

/** What happens in chat, from whatever transport. */
export interface ChatEvents {
  onLine(line: CommandLine): void
  onModeration(moderation: Moderation): void
  wordsOf(login: string): CommandWords | undefined
}

export interface BotOptions extends CommandContext {
  clock: Clock
  log: Log
  say(channelId: string, text: string): Promise<void>
  /** How often the list of channels is reloaded. */
  refreshMs: number
  /** How often it is marked that chat is heard; without a mark for three times as long there was a gap. */
  heardMs: number
  transport(events: ChatEvents): BotTransport
  /** Several bots share the channels by leases; null: each hears all of them. */
  sharing: SharingRules | null
  onRooms?(count: number): void
  onGap?(gap: ChatGap): void
  onCommand?(): void
}

export interface Bot {
  start(): Promise<void>
  /** Reads the list of channels now. */
  refresh(): Promise<void>
  /** What keeps it from its work, as sentences. */
  troubles(): string[]
  stop(): Promise<void>
}

export interface ChatHandler {
  line(line: CommandLine): Promise<void>
  moderation(moderation: Moderation): Promise<void>
}

/** Acts on what happens in chat; shared by the bot role and the EventSub events that the worker handles. */
export function chatHandler(
  context: CommandContext & Pick<BotOptions, 'clock' | 'log' | 'say' | 'onCommand'>,
): ChatHandler {
  const { db, clock, log, say, onCommand } = context
  const replies = new Replies({
    say,
    maySpeak: (channelId, now) => maySpeak(db, channelId, now),
    spoke: (channelId, takenAt, now) => spoke(db, channelId, takenAt, now),
    clock,
    later: (ms, run) => void setTimeout(run, ms).unref(),
    onError: (error) => log.warn({ error: errorText(error) }, 'a chat line could not be said'),
  })
  return {
    async line(line) {
      onCommand?.()
      const answer = await runCommand(context, line, clock.now())
      if (answer) replies.reply(line.channelId, line.person.displayName, answer)
    },
    async moderation(moderation) {
      await withdrawModerated(db, moderation, clock.now())
    },
  }
}

/** Work of each channel one after the other: a change of the mode counts for the echo right behind it. */
export function inOrder(onError: (error: unknown) => void) {
  const tails = new Map<string, Promise<void>>()
  return (channelId: string, work: () => Promise<void>) => {
    const tail = (tails.get(channelId) ?? Promise.resolve()).then(work).catch(onError)
    tails.set(channelId, tail)
    // A channel in which nothing is under way takes no place.
    void tail.then(() => tails.get(channelId) === tail && tails.delete(channelId))
  }
}

export function makeBot(options: BotOptions): Bot {
  const { db, clock, log, refreshMs, heardMs, sharing, onRooms, onGap } = options
  const handle = chatHandler(options)
  const queue = inOrder((error) => log.error({ error: errorText(error) }, 'a chat command failed'))
  const words = new Map<string, CommandWords>()
  const transport = options.transport({
    onLine: (line) => queue(line.channelId, () => handle.line(line)),
    onModeration: (moderation) => queue(moderation.channelId, () => handle.moderation(moderation)),
    wordsOf: (login) => words.get(login),
  })
  const name = `bot-${randomUUID()}`
  const timers: NodeJS.Timeout[] = []
  const every = (ms: number, what: string, run: () => Promise<void>) =>
    timers.push(
      setInterval(() => {
        run().catch((error: unknown) => log.warn({ error: errorText(error) }, what))
      }, ms),
    )
  const refresh = async () => {
    const channels = await listChannels(db)
    words.clear()
    for (const { login, settings } of channels) words.set(login, settings)
    const all = channels.map((c) => c.id)
    const mine = new Set(sharing ? await shareRooms(db, name, all, clock.now(), sharing) : all)
    onRooms?.(mine.size)
    await transport.setChannels(
      channels.filter((c) => mine.has(c.id)).map((c) => ({ login: c.login, channelId: c.id })),
    )
  }
  let heardAtMs = clock.now()
  const mark = async () => {
    if (!transport.isHearing()) return
    heardAtMs = clock.now()
    const gap = await markHeard(db, name, clock.now(), 3 * heardMs)
    if (!gap) return
    log.warn({ seconds: Math.round((gap.toMs - gap.fromMs) / 1000) }, 'nobody heard chat for a while')
    onGap?.(gap)
  }
  return {
    refresh,
    troubles() {
      const deafMs = clock.now() - heardAtMs
      return deafMs > DEAF_MS ? [`the bot has not heard chat for ${Math.round(deafMs / 1000)} s`] : []
    },
    async start() {
      await transport.start()
      await refresh()
      every(refreshMs, 'the channels could not be read', refresh)
      every(heardMs, 'it could not be marked that chat is heard', mark)
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
      if (sharing) await leaveRooms(db, name)
      await transport.stop()
    },
  }
}
