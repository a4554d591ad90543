/**
 * Real chat lines and events: each is handled, none crashes. What each came to is a reviewed snapshot; it names where the
 * line comes from, and holds nothing of it.
 */
import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../shared/settings.ts'
import { mayEcho } from '../backend/domain/policy.ts'
import { lineOfEvent, moderationOfEvent, type ChatLine } from '../backend/twitch/chat.ts'
import { readOffline, readOnline, readUpdate } from '../backend/twitch/eventsub.ts'
import { isChatter, openConnection } from '../backend/twitch/irc.ts'
import { realFiles } from './real-data.ts'

const COMMAND = '!echo 30 clutch'

/** What becomes of somebody's `!echo` in the mode "trusted". */
function outcomeOf({ person }: ChatLine): string {
  const refusal = mayEcho(person, 'none', DEFAULT_SETTINGS)
  return `${refusal ?? 'echo'} (${person.roles.join(', ') || 'viewer'})`
}

/** The same person saying something else; null for what is nobody's message. */
function saying(raw: string, text: string): string | null {
  const at = raw.indexOf(' PRIVMSG #')
  const textAt = at === -1 ? -1 : raw.indexOf(' :', at)
  return textAt === -1 ? null : `${raw.slice(0, textAt)} :${text}`
}

describe('real chat lines', () => {
  const files = realFiles('irc', '.jsonl')
  it.skipIf(files.length === 0)('come to an echo, a refusal, a withdrawal, or nothing', () => {
    const outcomes = files.flatMap((file) =>
      file
        .text()
        .trim()
        .split('\n')
        .map((json, n) => {
          const { raw } = JSON.parse(json) as { raw: string }
          const happened: string[] = []
          const { client, rooms } = openConnection({
            onLine: (line) => happened.push(outcomeOf(line)),
            onModeration: (m) =>
              happened.push(
                `withdrawn: ${Object.keys(m)
                  .filter((k) => k !== 'channelId')
                  .join()}`,
              ),
          })
          const room = / #(\w+)/.exec(raw)?.[1]
          if (room) rooms.set(room, '1')
          const command = saying(raw, COMMAND)
          // As it is, it is no command of ours: it is passed over without being parsed.
          if (command) expect(isChatter(raw)).toBe(true)
          client.irc.receiveLine(command ?? raw)
          return `${file.name}:${n + 1} ${happened.join(' + ') || 'nothing'}`
        }),
    )
    expect(outcomes.length).toBeGreaterThan(100)
    expect(outcomes.join('\n')).toMatchSnapshot()
  })
})

describe('real events', () => {
  const files = realFiles('eventsub/twitch_api_rs', '.json')
  it.skipIf(files.length === 0)(
    'say what went live, ended, changed, was said or moderated; others say nothing',
    () => {
      const outcomes = files.map((file) => {
        const payload = file.text()
        const event = JSON.parse(payload) as { event?: { message?: { text?: string } } }
        const type = file.name.replace(/__L\d+\.json$/, '').replaceAll('__', '.')
        return `${file.name} ${read(type, payload, event)}`
      })
      expect(outcomes.length).toBeGreaterThan(100)
      expect(outcomes.join('\n')).toMatchSnapshot()
    },
  )
})

function read(type: string, payload: string, parsed: { event?: { message?: { text?: string } } }): string {
  switch (type) {
    case 'stream.online':
      return readOnline(payload) ? 'online' : 'nothing'
    case 'stream.offline':
      return readOffline(payload) ? 'offline' : 'nothing'
    case 'channel.update':
      return readUpdate(payload) ? 'update' : 'nothing'
    case 'channel.chat.message': {
      if (parsed.event?.message) parsed.event.message.text = COMMAND
      const line = lineOfEvent(parsed, 0)
      return line ? outcomeOf(line) : 'nothing'
    }
    case 'channel.chat.message_delete':
    case 'channel.chat.clear_user_messages':
    case 'channel.chat.clear': {
      const moderation = moderationOfEvent(parsed)
      return moderation
        ? `withdrawn: ${Object.keys(moderation)
            .filter((k) => k !== 'channelId')
            .join()}`
        : 'nothing'
    }
    default:
      return 'nothing'
  }
}
