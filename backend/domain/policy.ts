/** May this person echo now? One table (design: "Policy in one table"), the cool-down, and "a longer one replaces". */
import { SHORTEST_ECHO_MS, type RefusalCode } from '../../shared/echo.ts'
import type { MinimumRole, Person, Role, Standing } from '../../shared/mode.ts'
import type { ChannelSettings } from '../../shared/settings.ts'

export interface EchoRequest {
  person: Person
  standing: Standing
  /** Twitch's own time of the request. */
  askedAtMs: number
  lengthMs: number
}

/** The person's latest echo of this stream that still counts. */
export interface PreviousEcho {
  id: string
  askedAtMs: number
  lengthMs: number
}

export type Decision =
  { ok: true; replaces: string | null } | { ok: false; code: RefusalCode; secondsLeft?: number }

export function decide(
  request: EchoRequest,
  settings: ChannelSettings,
  live: boolean,
  previous: PreviousEcho | null,
): Decision {
  const gate = mayEcho(request.person, request.standing, settings)
  if (gate) return { ok: false, code: gate }
  if (!live) return { ok: false, code: 'offline' }
  if (request.lengthMs < SHORTEST_ECHO_MS) return { ok: false, code: 'unreadable' }
  if (request.lengthMs > settings.maxLengthMs) return { ok: false, code: 'too-long' }
  const until = previous && cooldownEnd(request.person, previous, settings)
  if (!previous || until === null) return { ok: true, replaces: null }
  // An echo that comes late may have been asked for before the previous one.
  const leftMs = until - previous.askedAtMs - Math.abs(request.askedAtMs - previous.askedAtMs)
  if (leftMs <= 0) return { ok: true, replaces: null }
  if (request.lengthMs > previous.lengthMs) return { ok: true, replaces: previous.id }
  return { ok: false, code: 'cooldown', secondsLeft: Math.ceil(leftMs / 1000) }
}

/** The reason why this person may not echo at all at present, or null. Blocked counts before everything else. */
export function mayEcho(
  person: Person,
  standing: Standing,
  settings: Pick<ChannelSettings, 'mode' | 'minimumRole'>,
): RefusalCode | null {
  const streamer = person.roles.includes('streamer')
  if (standing === 'blocked' && !streamer) return 'blocked'
  if (settings.mode === 'off') return 'off'
  if (streamer) return null
  const trusted = person.roles.includes('moderator') || standing === 'approved'
  switch (settings.mode) {
    case 'streamer':
      return 'streamer-only'
    case 'trusted':
      return trusted ? null : 'trusted-only'
    case 'everyone':
      return trusted || hasMinimumRole(person.roles, settings.minimumRole) ? null : 'minimum-role'
  }
}

/** Until when the cool-down of an echo lasts (UTC milliseconds); null for those who have none. */
export function cooldownEnd(
  person: Person,
  echo: PreviousEcho,
  settings: Pick<ChannelSettings, 'cooldownMs' | 'longCooldownMs' | 'longFromMs'>,
): number | null {
  if (isExempt(person)) return null
  return (
    echo.askedAtMs + (echo.lengthMs > settings.longFromMs ? settings.longCooldownMs : settings.cooldownMs)
  )
}

function hasMinimumRole(roles: readonly Role[], minimum: MinimumRole): boolean {
  const ladder: Role[] = ['follower', 'subscriber', 'vip']
  if (minimum === 'none') return true
  return ladder.slice(ladder.indexOf(minimum)).some((role) => roles.includes(role))
}

function isExempt(person: Person): boolean {
  return person.roles.includes('streamer') || person.roles.includes('moderator')
}
