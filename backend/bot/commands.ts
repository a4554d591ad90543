/** One chat line → what it does and what is answered. Whoever claims the message first acts; the others stay silent. */
import { cleanText, parseCommand } from '../../shared/echo.ts'
import type { Person } from '../../shared/mode.ts'
import { modeText, refusalText, savedText, undoText } from '../../shared/text.ts'
import { findChannel, setMode, standingOf } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { claimCommand, settleCommand, takeEcho, undoEcho, type EchoOutcome } from '../db/echoes.ts'

/** A chat line as the transports deliver it. */
export interface CommandLine {
  messageId: string
  channelId: string
  person: Person
  text: string
  sentAtMs: number
}

/** Whether a line is a command of ours at all: what is not, is never stored. */
export function isCommand(text: string): boolean {
  return text.length < 1_000 && cleanText(text).toLowerCase().startsWith('!echo')
}

/** @returns the answer for the person, or null when nothing is said */
export async function runCommand(db: Database, line: CommandLine, now: number): Promise<string | null> {
  const command = parseCommand(line.text)
  if (!command) return null
  const { channelId, person, messageId } = line
  switch (command.kind) {
    case 'echo': {
      const outcome = await takeEcho(
        db,
        {
          channelId,
          person,
          source: 'chat',
          sourceKey: messageId,
          askedAtMs: line.sentAtMs,
          lengthMs: command.lengthMs,
          latencyMs: null,
          label: command.label,
        },
        now,
      )
      return answerEcho(db, channelId, outcome)
    }
    case 'undo': {
      const outcome = await undoEcho(db, { channelId, person, messageId, atMs: line.sentAtMs }, now)
      return outcome === 'known' || outcome === 'blocked' ? null : undoText(outcome)
    }
    case 'mode': {
      if (!(await claimCommand(db, channelId, messageId, now))) return null
      const allowed = person.roles.includes('streamer')
      await settleCommand(db, messageId, allowed ? 'mode' : 'ignored')
      if (!allowed) return null
      await setMode(db, channelId, command.mode, now)
      return modeText(command.mode)
    }
    case 'unreadable': {
      if (!(await claimCommand(db, channelId, messageId, now))) return null
      const blocked = (await standingOf(db, channelId, person.userId)) === 'blocked'
      await settleCommand(db, messageId, blocked ? 'blocked' : 'unreadable')
      return blocked ? null : refusalText('unreadable', { hint: command.hint })
    }
  }
}

async function answerEcho(db: Database, channelId: string, outcome: EchoOutcome): Promise<string | null> {
  if (outcome.kind === 'known' || outcome.kind === 'no-channel') return null
  const settings = (await findChannel(db, channelId))?.settings
  if (!settings) return null
  if (outcome.kind === 'accepted')
    return settings.confirmations ? savedText(outcome.lengthMs, outcome.replaced, 1) : null
  const { code, secondsLeft } = outcome.decision
  return refusalText(code, {
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    maxSec: settings.maxLengthMs / 1000,
    minimumRole: settings.minimumRole,
  })
}
