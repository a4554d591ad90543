/** One chat line → what it does and what is answered. Whoever claims the message first acts; the others stay silent. */
import {
  mayBeCommand,
  parseCommand,
  type Command,
  type CommandWords,
  type ListChange,
} from '../../shared/echo.ts'
import type { Person } from '../../shared/mode.ts'
import type { ChannelSettings } from '../../shared/settings.ts'
import {
  FORGOTTEN_TEXT,
  helpText,
  listText,
  modeText,
  nudgeText,
  refusalText,
  savedText,
  statusText,
  undoText,
} from '../../shared/text.ts'
import { findChannel, setMode, setStandings, standingOf } from '../db/channels.ts'
import type { Database, Tx } from '../db/database.ts'
import { claimCommand, settleCommand, takeEcho, type EchoOutcome } from '../db/echoes.ts'
import { nudgeEcho, undoEcho } from '../db/own-echo.ts'
import { inTransaction } from '../db/together.ts'
import { forgetPerson } from '../db/withdrawals.ts'
import { liveShow, streamsOf } from '../db/shows.ts'
import { mayEcho } from '../domain/policy.ts'
import { showableLabel } from '../domain/label.ts'
import { showMoments } from '../show-moments.ts'
import { runSpan } from './spans.ts'

/** A chat line as the transports deliver it. */
export interface CommandLine {
  messageId: string
  channelId: string
  person: Person
  text: string
  sentAtMs: number
}

/** What commands need of Twitch. */
export interface CommandPeople {
  /** Who has a name; null when nobody has. */
  userByName(login: string): Promise<{ id: string; login: string; displayName: string } | null>
  /** Whether somebody follows the channel; asked only where the mode asks for it and nothing else decides. */
  isFollower(channelId: string, userId: string): Promise<boolean>
}

export interface CommandContext {
  db: Database
  people: CommandPeople
}

/** Whether a line may be a command of ours at all: what is not, is never stored. */
export function isCommand(text: string, words?: CommandWords): boolean {
  return mayBeCommand(text, words) && parseCommand(text, words) !== null
}

/** @returns the answer for the person, or null when nothing is said */
export async function runCommand(
  context: CommandContext,
  line: CommandLine,
  now: number,
): Promise<string | null> {
  const { db } = context
  const settings = (await findChannel(db, line.channelId))?.settings
  if (!settings) return null
  const command = parseCommand(line.text, settings)
  if (!command) return null
  if (command.kind === 'echo') return runEcho(context, line, command, settings, now)
  // While everything is off, only what switches it on again is answered.
  if (settings.mode === 'off' && command.kind !== 'mode' && command.kind !== 'forget') return null
  switch (command.kind) {
    case 'undo':
    case 'nudge':
      return runOwn(db, line, command, now)
    case 'list': {
      if (mayManage(line.person, settings)) return runList(context, line, command, now)
      const echo = { kind: 'echo' as const, lengthMs: null, label: command.label }
      return runEcho(context, line, echo, settings, now)
    }
    default:
      // Claimed and acted on in one transaction: what comes of the message, comes of it once, and is not lost either.
      return inTransaction(db, async (tx) =>
        (await claimCommand(tx, line.channelId, line.messageId, now))
          ? runClaimed(tx, line, command, settings, now)
          : null,
      )
  }
}

async function runClaimed(
  db: Tx,
  line: CommandLine,
  command: Exclude<Command, { kind: 'echo' } | { kind: 'undo' } | { kind: 'nudge' } | { kind: 'list' }>,
  settings: ChannelSettings,
  now: number,
): Promise<string | null> {
  const { channelId, person, messageId } = line
  const settle = (outcome: string) => settleCommand(db, messageId, outcome)
  switch (command.kind) {
    case 'mode': {
      const allowed = mayManage(person, settings)
      await settle(allowed ? 'mode' : 'ignored')
      if (!allowed) return null
      await setMode(db, channelId, command.mode, now)
      return modeText(command.mode)
    }
    case 'span': {
      const allowed = person.roles.includes('streamer')
      await settle(allowed ? 'span' : 'ignored')
      return allowed ? runSpan(db, line, command, now) : null
    }
    case 'forget':
      await forgetPerson(db, channelId, person.userId, now)
      await settle('forget')
      return FORGOTTEN_TEXT
    default: {
      const blocked = (await standingOf(db, channelId, person.userId)) === 'blocked'
      await settle(blocked ? 'blocked' : command.kind)
      if (blocked) return null
      if (command.kind === 'status') return status(db, channelId, settings, now)
      if (command.kind === 'unreadable')
        return settings.refusals ? refusalText('unreadable', { hint: command.hint }) : null
      return helpText(settings.prefix)
    }
  }
}

/** The streamer, and moderators where the streamer lets them. */
function mayManage({ roles }: Person, { moderatorsManage }: ChannelSettings): boolean {
  return roles.includes('streamer') || (moderatorsManage && roles.includes('moderator'))
}

async function runEcho(
  { db, people }: CommandContext,
  line: CommandLine,
  { lengthMs, label }: Extract<Command, { kind: 'echo' }>,
  settings: ChannelSettings,
  now: number,
): Promise<string | null> {
  const { channelId, messageId } = line
  const outcome = await takeEcho(
    db,
    {
      channelId,
      person: await asFollower(people, line, settings),
      source: 'chat',
      sourceKey: messageId,
      askedAtMs: line.sentAtMs,
      lengthMs: lengthMs === 'long' ? settings.longLengthMs : lengthMs,
      latencyMs: null,
      label,
    },
    now,
  )
  return answerEcho(outcome, line.person, label)
}

/** Badges do not tell who follows: Twitch is asked, and only where it makes the difference. */
async function asFollower(
  people: CommandPeople,
  { channelId, person }: CommandLine,
  settings: ChannelSettings,
): Promise<Person> {
  if (settings.mode !== 'everyone' || settings.minimumRole !== 'follower') return person
  if (mayEcho(person, 'none', settings) === null) return person
  const follows = await people.isFollower(channelId, person.userId)
  return follows ? { ...person, roles: [...person.roles, 'follower'] } : person
}

function answerEcho(outcome: EchoOutcome, person: Person, label: string | null): string | null {
  if (outcome.kind === 'known' || outcome.kind === 'no-channel') return null
  if (outcome.kind === 'accepted') {
    const { settings, lengthMs, replaced } = outcome
    if (!settings.confirmations) return null
    const own = replaced ? settings.replacedText : settings.savedText
    const shown = showableLabel([label], settings.bannedWords)
    return savedText(own, { lengthMs, replaced, user: person.displayName, label: shown })
  }
  const { decision, settings } = outcome
  if (!settings.refusals) return null
  const { code, secondsLeft } = decision
  return refusalText(code, {
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    maxSec: settings.maxLengthMs / 1000,
    minimumRole: settings.minimumRole,
  })
}

async function runOwn(
  db: Database,
  { channelId, person, messageId, sentAtMs }: CommandLine,
  command: Extract<Command, { kind: 'undo' } | { kind: 'nudge' }>,
  now: number,
): Promise<string | null> {
  const request = { channelId, person, messageId, atMs: sentAtMs }
  if (command.kind === 'nudge') {
    const outcome = await nudgeEcho(db, { ...request, byMs: command.byMs }, now)
    return outcome === 'known' || outcome === 'blocked' ? null : nudgeText(outcome, command.byMs)
  }
  const outcome = await undoEcho(db, request, now)
  return outcome === 'known' || outcome === 'blocked' ? null : undoText(outcome)
}

const STANDING_OF: Record<ListChange, 'approved' | 'blocked' | 'none'> = {
  approve: 'approved',
  unapprove: 'none',
  block: 'blocked',
  unblock: 'none',
}

async function runList(
  { db, people }: CommandContext,
  { channelId, messageId }: CommandLine,
  { change, name }: Extract<Command, { kind: 'list' }>,
  now: number,
): Promise<string | null> {
  // Twitch is asked before the message is claimed: if it does not answer, another bot or a repetition may do better.
  const user = await people.userByName(name.toLowerCase())
  return inTransaction(db, async (tx) => {
    if (!(await claimCommand(tx, channelId, messageId, now, user ? 'list' : 'unknown-name'))) return null
    if (!user) return listText(change, name, false)
    const standing = await standingOf(tx, channelId, user.id)
    const wanted = STANDING_OF[change]
    // "unapprove" unblocks nobody, and "unblock" takes no approval away.
    const concerned = wanted !== 'none' || standing === (change === 'unblock' ? 'blocked' : 'approved')
    if (concerned) await setStandings(tx, channelId, [{ userId: user.id, login: user.login }], wanted, now)
    return listText(change, user.displayName, true)
  })
}

async function status(
  db: Database,
  channelId: string,
  settings: ChannelSettings,
  now: number,
): Promise<string> {
  const { prefix, mode } = settings
  const show = await liveShow(db, channelId)
  if (!show) return statusText({ prefix, mode, runtimeSec: null, moments: 0, people: 0 })
  const { moments, dropped } = await showMoments(db, show.id, await streamsOf(db, show.id, now), settings)
  const shown = moments.filter((m) => !dropped.has(m.id))
  const people = new Set(shown.flatMap((m) => m.people.map((p) => p.userId)))
  const runtimeSec = (now - show.startedAtMs) / 1000
  return statusText({ prefix, mode, runtimeSec, moments: shown.length, people: people.size })
}
