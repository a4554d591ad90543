/** What each channel's commands begin with, for processes that hear all channels; reloaded when it is old. */
import type { Clock } from '../../shared/clock.ts'
import { DEFAULT_WORDS, type CommandWords } from '../../shared/echo.ts'
import { listChannels } from '../db/channels.ts'
import type { Database } from '../db/database.ts'

const OLD_MS = 5_000

/** @returns a channel's words, by its id */
export function channelWords(db: Database, clock: Clock): (channelId: string) => Promise<CommandWords> {
  let known = new Map<string, CommandWords>()
  let readAtMs = -Infinity
  let reading: Promise<void> | null = null
  const read = async () => {
    known = new Map((await listChannels(db)).map((c) => [c.id, c.settings]))
    readAtMs = clock.now()
  }
  return async (channelId) => {
    if (clock.now() - readAtMs > OLD_MS)
      await (reading ??= read().finally(() => {
        reading = null
      }))
    return known.get(channelId) ?? DEFAULT_WORDS
  }
}
