/** The bot role: hears the channels' chats, acts on commands, answers. Any number may run side by side. */
import type { Clock } from '../../shared/clock.ts'
import { listChannels } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { errorText, type Log } from '../log.ts'
import { isCommand, runCommand, type CommandLine } from './commands.ts'
import { Replies } from './replies.ts'

export interface BotTransport {
  start(): Promise<void>
  setChannels(logins: string[]): Promise<void>
  stop(): Promise<void>
}

export interface BotOptions {
  db: Database
  clock: Clock
  log: Log
  say(channelId: string, text: string): Promise<void>
  /** How often the list of channels is read anew. */
  refreshMs: number
  transport(onLine: (line: CommandLine) => void): BotTransport
}

export interface Bot {
  start(): Promise<void>
  /** Reads the list of channels now. */
  refresh(): Promise<void>
  stop(): Promise<void>
}

/** Acts on lines from any transport; shared by the bot role and the EventSub events that the worker handles. */
export function lineHandler({ db, clock, log, say }: Pick<BotOptions, 'db' | 'clock' | 'log' | 'say'>) {
  const replies = new Replies({
    say,
    clock,
    later: (ms, run) => void setTimeout(run, ms).unref(),
    onError: (error) => log.warn({ error: errorText(error) }, 'a chat line could not be said'),
  })
  return async (line: CommandLine): Promise<void> => {
    if (!isCommand(line.text)) return
    const answer = await runCommand(db, line, clock.now())
    if (answer) replies.reply(line.channelId, line.person.displayName, answer)
  }
}

export function makeBot(options: BotOptions): Bot {
  const { db, log, refreshMs } = options
  const handle = lineHandler(options)
  // One after the other in each channel: a change of the mode counts for the echo right behind it.
  const tails = new Map<string, Promise<void>>()
  const onLine = (line: CommandLine) => {
    if (!isCommand(line.text)) return
    const tail = (tails.get(line.channelId) ?? Promise.resolve()).then(() =>
      handle(line).catch((error: unknown) =>
        log.error({ error: errorText(error), messageId: line.messageId }, 'a chat command failed'),
      ),
    )
    tails.set(line.channelId, tail)
  }
  const transport = options.transport(onLine)
  let timer: NodeJS.Timeout | undefined
  const refresh = async () => transport.setChannels((await listChannels(db)).map((c) => c.login))
  return {
    refresh,
    async start() {
      await transport.start()
      await refresh()
      timer = setInterval(() => {
        refresh().catch((error: unknown) =>
          log.warn({ error: errorText(error) }, 'the channels could not be read'),
        )
      }, refreshMs)
    },
    async stop() {
      clearInterval(timer)
      await transport.stop()
    },
  }
}
