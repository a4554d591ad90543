/** A chat as a rhythm: when somebody said something, how long it was, and whether it was a command. No words, no names. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TimedLine {
  atSec: number
  user: number
  /** Characters. */
  length: number
  isCommand: boolean
}

const REAL = join(
  process.env.ECHOES_REAL_DATA ?? join(import.meta.dirname, '../../../shared/data'),
  'chat-timing/sodapoppin.timing.jsonl',
)

/** A real channel's chat where it lies beside the project; null where it does not. */
export function realTiming(): TimedLine[] | null {
  if (!existsSync(REAL)) return null
  return readFileSync(REAL, 'utf8')
    .trim()
    .split('\n')
    .map((json) => {
      const line = JSON.parse(json) as { t: number; u: string; len: number; cmd?: string }
      return {
        atSec: line.t,
        user: Number(line.u.slice(1)),
        length: line.len,
        isCommand: line.cmd !== undefined,
      }
    })
}

/** Bursts and lulls, two lines a second in the middle, every fifteenth a command. */
export function inventedTiming(seconds: number, random: () => number): TimedLine[] {
  const lines: TimedLine[] = []
  for (let second = 0; second < seconds; second++) {
    const count = Math.floor(random() ** 3 * 8)
    for (let n = 0; n < count; n++)
      lines.push({
        atSec: second,
        user: Math.floor(random() * 5_000),
        length: 1 + Math.floor(random() * 80),
        isCommand: random() < 1 / 15,
      })
  }
  return lines
}
