/**
 * The bot's way of a chat line, from what the socket hands over to what is decided, on one core; beside it, in the same
 * process and by turns, bare twurple that only parses the same lines.
 */
import { ChatClient } from '@twurple/chat'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatHandler, inOrder } from '../../backend/bot/bot.ts'
import { changeSettings, saveChannel, setMode } from '../../backend/db/channels.ts'
import { openDatabase, type Database } from '../../backend/db/database.ts'
import { streamStarted } from '../../backend/db/shows.ts'
import { makeLog } from '../../backend/log.ts'
import { openConnection } from '../../backend/twitch/irc.ts'
import { systemClock } from '../../shared/clock.ts'
import { DEFAULT_WORDS } from '../../shared/echo.ts'

export interface BotFigures {
  /** Lines a second without a command, ours ÷ bare. */
  ratio: number
  /** The same with a command in every fiftieth line, each decided and stored. */
  withCommandsRatio: number
  /** Work for a decided command in a live channel ÷ work for a line in one that is not live. */
  idleFactor: number
  rounds: number
}

const ROOMS = 100
const LINES = 20_000
const COMMAND_EVERY = 50
const ROUNDS = 5

export async function benchBot(): Promise<BotFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'echoes-bench-'))
  const db = await openDatabase(join(dir, 'echoes.sqlite'))
  try {
    await fillChannels(db)
    const chatter = linesOf(LINES, 0)
    const mixed = () => linesOf(LINES, COMMAND_EVERY)
    const bare = bareReader()
    const ours = ourReader(db)
    const figures = { ratio: [] as number[], withCommandsRatio: [] as number[], idleFactor: [] as number[] }
    for (let round = 0; round <= ROUNDS; round++) {
      const bareSec = await timed(() => bare(chatter))
      const ourSec = await timed(() => ours(chatter))
      const lines = mixed()
      const bareMixedSec = await timed(() => bare(lines))
      const ourMixedSec = await timed(() => ours(lines))
      // The first round warms the compilers.
      if (round === 0) continue
      figures.ratio.push(bareSec / ourSec)
      figures.withCommandsRatio.push(bareMixedSec / ourMixedSec)
      const perCommand = (ourMixedSec - ourSec) / (LINES / COMMAND_EVERY)
      figures.idleFactor.push(perCommand / (ourSec / LINES))
    }
    return {
      ratio: median(figures.ratio),
      withCommandsRatio: median(figures.withCommandsRatio),
      idleFactor: median(figures.idleFactor),
      rounds: ROUNDS,
    }
  } finally {
    await db.destroy()
    rmSync(dir, { recursive: true, force: true })
  }
}

type Reader = (lines: readonly string[]) => Promise<void>

function bareReader(): Reader {
  const client = new ChatClient({ readOnly: true, logger: { minLevel: 'critical' } })
  let heard = 0
  client.onMessage(() => void heard++)
  return async (lines) => {
    heard = 0
    for (const line of lines) client.irc.receiveLine(line)
    if (heard !== lines.length) throw new Error(`bare twurple heard ${heard} of ${lines.length} lines`)
  }
}

function ourReader(db: Database): Reader {
  const handle = chatHandler({
    db,
    clock: systemClock,
    log: makeLog('fatal'),
    people: { userByName: async () => null, isFollower: async () => false },
    say: async () => undefined,
  })
  const words = new Map(Array.from({ length: ROOMS }, (_, n) => [`room${n}`, DEFAULT_WORDS]))
  let waiting: Promise<unknown>[] = []
  const queue = inOrder((error) => {
    throw error
  })
  const { client } = openConnection({
    wordsOf: (login) => words.get(login),
    onLine: (line) =>
      waiting.push(
        new Promise<void>((resolve) => queue(line.channelId, () => handle.line(line).then(resolve))),
      ),
  })
  return async (lines) => {
    for (const line of lines) client.irc.receiveLine(line)
    await Promise.all(waiting)
    waiting = []
  }
}

async function fillChannels(db: Database): Promise<void> {
  const now = Date.now()
  for (let n = 0; n < ROOMS; n++) {
    const channelId = String(1000 + n)
    await saveChannel(db, { id: channelId, login: `room${n}`, displayName: `Room${n}`, email: null }, now)
    await setMode(db, channelId, 'everyone', now)
    await changeSettings(db, channelId, { cooldownMs: 0 }, now)
    await streamStarted(db, { channelId, streamId: `s${n}`, startedAtMs: now - 60_000, title: 'T' }, now)
  }
}

const WORDS =
  'LUL KEKW that was so close how did he do that no way what a play hahaha gg wp ! i cannot'.split(' ')

/** Chat lines as Twitch sends them, tags and all. @param commandEvery 0: none is a command */
function linesOf(count: number, commandEvery: number): string[] {
  const now = Date.now()
  return Array.from({ length: count }, (_, n) => {
    const [room, user] = [n % ROOMS, (n * 7919) % 5_000]
    const words = Array.from({ length: 2 + (n % 11) }, (_w, k) => WORDS[(n * 31 + k * 7) % WORDS.length])
    const text = commandEvery > 0 && n % commandEvery === 0 ? '!echo 30 what a play' : words.join(' ')
    const tags = [
      'badge-info=subscriber/14',
      'badges=subscriber/12,premium/1',
      `client-nonce=${randomUUID().replaceAll('-', '')}`,
      'color=#00FF7F',
      `display-name=Viewer${user}`,
      'emotes=',
      'first-msg=0',
      'flags=',
      `id=${randomUUID()}`,
      'mod=0',
      'returning-chatter=0',
      `room-id=${1000 + room}`,
      'subscriber=1',
      `tmi-sent-ts=${now}`,
      'turbo=0',
      `user-id=${40_000_000 + user}`,
      'user-type=',
    ].join(';')
    const login = `viewer${user}`
    return `@${tags} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #room${room} :${text}`
  })
}

async function timed(run: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await run()
  return (performance.now() - began) / 1000
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 100) / 100
}
