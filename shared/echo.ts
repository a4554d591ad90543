/** The grammar of `!echo`, the limits of an echo, and the reasons for which one can be refused. */
import { MODES, type Mode } from './mode.ts'

export const SHORTEST_ECHO_MS = 5_000
/** Code points; a longer label is cut. */
export const LABEL_MAX = 80

export type Command =
  /** `lengthMs` is null when no length was given. */
  | { kind: 'echo'; lengthMs: number | null; label: string | null }
  | { kind: 'undo' }
  | { kind: 'mode'; mode: Mode }
  /** It is an `!echo`, but makes no sense; `hint` says how it is written. */
  | { kind: 'unreadable'; hint: string }

export type RefusalCode =
  | 'offline'
  | 'streamer-only'
  | 'trusted-only'
  | 'minimum-role'
  | 'blocked'
  | 'cooldown'
  | 'too-long'
  | 'unreadable'

const PREFIX = '!echo'
/** Characters that chat clients append or people paste without seeing them. */
const INVISIBLE = /[\u{E0000}-\u{E007F}\u200B-\u200F\u2060-\u2064\uFEFF\u00AD]|\u034F/gu
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001F\u007F]/g
const LENGTH_WORD = /^([+-]?)(\d{1,6})(?::(\d{1,2}))?(s|sec|m|min)?$/i

/**
 * A chat line → the command in it; null when the line is none of our business.
 *
 * @example
 * parseCommand('!echo 45 great clutch') // { kind: 'echo', lengthMs: 45000, label: 'great clutch' }
 * parseCommand('!echo 1:30')            // { kind: 'echo', lengthMs: 90000, label: null }
 * parseCommand('!echoes are nice')      // null
 */
export function parseCommand(line: string): Command | null {
  const text = cleanText(line)
  const [first = '', ...rest] = text.split(' ')
  if (first.toLowerCase() !== PREFIX) return null
  const [word = '', ...labelWords] = rest
  if (rest.length === 1 && word.toLowerCase() === 'undo') return { kind: 'undo' }
  if (word.toLowerCase() === 'mode' && rest.length === 2) return readMode(rest[1] ?? '')
  const length = readLength(word)
  if (length === null) return { kind: 'echo', lengthMs: null, label: labelOf(rest) }
  if (length < SHORTEST_ECHO_MS)
    return {
      kind: 'unreadable',
      hint: `an echo is at least ${SHORTEST_ECHO_MS / 1000} s long, as in "!echo 30"`,
    }
  return { kind: 'echo', lengthMs: length, label: labelOf(labelWords) }
}

/** Text as people meant it: no invisible or control characters, single spaces, other scripts' digits as ours. */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(CONTROL, ' ')
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/\s+/g, ' ')
    .trim()
}

/** A label as it is stored: cleaned, at most {@link LABEL_MAX} code points; null when nothing is left. */
export function cleanLabel(text: string): string | null {
  const label = [...cleanText(text)].slice(0, LABEL_MAX).join('').trim()
  return label === '' ? null : label
}

function labelOf(words: string[]): string | null {
  return cleanLabel(words.join(' '))
}

function readMode(word: string): Command {
  const mode = MODES.find((m) => m === word.toLowerCase())
  return mode ? { kind: 'mode', mode } : { kind: 'unreadable', hint: `the modes are ${MODES.join(', ')}` }
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

/** Unicode puts each script's ten decimal digits in a row that starts at a code point ending a run of non-digits. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  // Mathematical digits (𝟎–𝟿) are five rows without a gap.
  return code >= 0x1d7ce && code <= 0x1d7ff ? (code - 0x1d7ce) % 10 : code - zero
}
