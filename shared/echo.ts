/** The grammar of `!echo`, the limits of an echo, and the reasons for which one can be refused. */
import { cleanLabel, cleanText } from './clean-text.ts'
import { MODES, type Mode } from './mode.ts'

export const SHORTEST_ECHO_MS = 5_000
/** How far `!echo earlier` moves without a number. */
const NUDGE_MS = 5_000
const FURTHEST_NUDGE_MS = 120_000

/** What a command may begin with in a channel. */
export interface CommandWords {
  /** In small letters, as in `!echo`. */
  prefix: string
  aliases: readonly string[]
}

export const DEFAULT_WORDS: CommandWords = { prefix: '!echo', aliases: [] }
/** What may stand as a prefix or alias: no spaces, short, and nothing that Twitch keeps for itself (`/`, `.`). */
export const COMMAND_WORD = /^[^\s/.@\p{Lu}][^\s\p{Lu}]{1,19}$/u

export type Command =
  /** `lengthMs` is null when no length was given: the channel's default; `long`: the channel's for `!echolong`. */
  | { kind: 'echo'; lengthMs: number | 'long' | null; label: string | null }
  | { kind: 'undo' }
  | { kind: 'status' }
  | { kind: 'help' }
  | { kind: 'forget' }
  | { kind: 'mode'; mode: Mode }
  /** Begins or ends the streamer's span, or takes the last `lengthMs` at once. */
  | { kind: 'span'; action: 'start' | 'stop' | 'toggle'; label: string | null }
  | { kind: 'span'; action: 'last'; lengthMs: number; label: string | null }
  /** Moves one's last echo; below 0: earlier. */
  | { kind: 'nudge'; byMs: number }
  /** `label`: what it would be from somebody who manages no lists. */
  | { kind: 'list'; change: ListChange; name: string; label: string }
  /** It is an `!echo`, but makes no sense; `hint` says how it is written. */
  | { kind: 'unreadable'; hint: string }

const LIST_CHANGES = ['approve', 'unapprove', 'block', 'unblock'] as const
export type ListChange = (typeof LIST_CHANGES)[number]

export type RefusalCode =
  | 'offline'
  /** The mode is `off`. */
  | 'off'
  | 'streamer-only'
  | 'trusted-only'
  | 'minimum-role'
  | 'blocked'
  | 'cooldown'
  | 'too-long'
  | 'unreadable'

const LENGTH_WORD = /^([+-]?)(\d{1,6})(?::(\d{1,2}))?(s|sec|m|min)?$/i
const NAME_WORD = /^@?(\w{2,25})$/
const SUFFIXES = ['', 'long', 'start', 'stop', 'duration'] as const
type Suffix = (typeof SUFFIXES)[number]
/** Chat clients put the name of the one who is answered in front. */
const REPLY_TO = /^@\S+ /
/** Twitch takes 500 characters; more is not from a person. */
const LONGEST_LINE = 1_000

/**
 * Whether a line may be a command at all. For chats of thousands of lines a second: it looks at the letters alone, and
 * says yes to a few lines that are none.
 */
export function mayBeCommand(line: string, { prefix, aliases }: CommandWords = DEFAULT_WORDS): boolean {
  if (line.length > LONGEST_LINE) return false
  if (has(line, prefix)) return true
  for (const alias of aliases) if (has(line, alias)) return true
  return false
}

function has(line: string, word: string): boolean {
  const first = word.charAt(0)
  // Most lines hold no `!`, and are done with here.
  if (!line.includes(first) && !line.includes(first.toUpperCase())) return false
  return line.toLowerCase().includes(word)
}

/**
 * A chat line → the command in it; null when the line is none of our business.
 *
 * @example
 * parseCommand('!echo 45 great clutch') // { kind: 'echo', lengthMs: 45000, label: 'great clutch' }
 * parseCommand('!echo 1:30')            // { kind: 'echo', lengthMs: 90000, label: null }
 * parseCommand('!echoes are nice')      // null
 */
export function parseCommand(line: string, words: CommandWords = DEFAULT_WORDS): Command | null {
  if (!mayBeCommand(line, words)) return null
  const text = cleanText(line).replace(REPLY_TO, '')
  const [first = '', ...rest] = text.split(' ')
  const called = suffixOf(first.toLowerCase(), words)
  if (called === null) return null
  const { suffix, glued } = called
  if (glued !== '') rest.unshift(glued)
  return (suffix === '' && verbOf(rest, words)) || echoOf(suffix, rest, words)
}

/** What follows the channel's word: one of ours, or a length without a space. Null: it is another word. */
function suffixOf(
  first: string,
  { prefix, aliases }: CommandWords,
): { suffix: Suffix; glued: string } | null {
  for (const word of [prefix, ...aliases]) {
    if (!first.startsWith(word)) continue
    const rest = first.slice(word.length)
    const suffix = SUFFIXES.find((s) => s === rest)
    if (suffix !== undefined) return { suffix, glued: '' }
    if (/^\d/.test(rest) && LENGTH_WORD.test(rest)) return { suffix: '', glued: rest }
  }
  return null
}

function verbOf(rest: string[], { prefix }: CommandWords): Command | null {
  const [verb = '', argument = ''] = rest.map((word) => word.toLowerCase())
  if (rest.length === 1 && (verb === 'undo' || verb === 'status' || verb === 'help' || verb === 'forget'))
    return { kind: verb }
  if (verb === 'mode' && rest.length === 2) {
    const mode = MODES.find((m) => m === argument)
    return mode ? { kind: 'mode', mode } : { kind: 'unreadable', hint: `the modes are ${MODES.join(', ')}` }
  }
  const change = LIST_CHANGES.find((c) => c === verb)
  const name = NAME_WORD.exec(argument)?.[1]
  if (change && name && rest.length === 2)
    return { kind: 'list', change, name, label: cleanLabel(rest.join(' ')) ?? '' }
  if ((verb === 'earlier' || verb === 'later') && rest.length <= 2) {
    const byMs = argument === '' ? NUDGE_MS : readLength(argument)
    if (byMs === null) return null
    if (byMs <= 0 || byMs > FURTHEST_NUDGE_MS)
      return {
        kind: 'unreadable',
        hint: `move it by 1 to ${FURTHEST_NUDGE_MS / 1000} seconds, as in "${prefix} ${verb} 5"`,
      }
    return { kind: 'nudge', byMs: verb === 'earlier' ? -byMs : byMs }
  }
  return null
}

function echoOf(suffix: Suffix, rest: string[], { prefix }: CommandWords): Command {
  const length = readLength(rest[0] ?? '')
  const label = cleanLabel((length === null ? rest : rest.slice(1)).join(' '))
  if (suffix === 'start' || suffix === 'stop')
    return { kind: 'span', action: suffix, label: cleanLabel(rest.join(' ')) }
  if (length !== null && length < SHORTEST_ECHO_MS)
    return {
      kind: 'unreadable',
      hint: `an echo is at least ${SHORTEST_ECHO_MS / 1000} s long, as in "${prefix} 30"`,
    }
  if (suffix === 'duration')
    return length === null
      ? { kind: 'span', action: 'toggle', label }
      : { kind: 'span', action: 'last', lengthMs: length, label }
  return { kind: 'echo', lengthMs: length ?? (suffix === 'long' ? 'long' : null), label }
}

/** `45`, `45s`, `1:30`, `2m` → milliseconds; null when the word is no length but the start of a label. */
function readLength(word: string): number | null {
  const match = LENGTH_WORD.exec(word)
  if (!match) return null
  const [, sign, whole = '0', seconds, unit = ''] = match
  if (sign === '-') return 0
  const n = Number(whole)
  if (seconds !== undefined) return (n * 60 + Number(seconds)) * 1000
  return (unit.toLowerCase().startsWith('m') ? n * 60 : n) * 1000
}
