/** The streamer's long echoes from chat: begun and ended by hand, or the last minutes at once. */
import type { Command } from '../../shared/echo.ts'
import { refusalText, spanText } from '../../shared/text.ts'
import type { Database } from '../db/database.ts'
import { streamAt } from '../db/echoes.ts'
import { openLongEcho, startLongEcho, stopLongEcho, takeLongEcho } from '../db/long-echoes.ts'
import type { CommandLine } from './commands.ts'

export async function runSpan(
  db: Database,
  { channelId, person, sentAtMs }: CommandLine,
  command: Extract<Command, { kind: 'span' }>,
  now: number,
): Promise<string | null> {
  const stream = await streamAt(db, channelId, sentAtMs)
  if (!stream || stream.ended_at !== null) return refusalText('offline')
  const { label } = command
  const place = { channelId, streamId: stream.id, showId: stream.show_id, userId: person.userId, label }
  // By Twitch's time of the message: ours may be behind.
  const at = Math.min(sentAtMs, now)
  if (command.action === 'last') {
    await takeLongEcho(db, place, command.lengthMs, at)
    return spanText('taken', command.lengthMs)
  }
  const begins =
    command.action === 'start' ||
    (command.action === 'toggle' && (await openLongEcho(db, stream.id)) === null)
  if (begins) {
    const since = await startLongEcho(db, place, at)
    return since === null ? spanText('started', 0) : spanText('running', at - since)
  }
  const lengthMs = await stopLongEcho(db, place, at)
  return lengthMs === null ? spanText('none', 0) : spanText('stopped', lengthMs)
}
