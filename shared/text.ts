/** Every sentence that a person may read from the bot: what is so, what it means, what one can do. */
import type { RefusalCode } from './echo.ts'
import type { MinimumRole, Mode } from './mode.ts'

export interface RefusalDetail {
  /** Seconds left of a cool-down. */
  secondsLeft?: number
  /** Longest echo of the channel. */
  maxSec?: number
  minimumRole?: MinimumRole
  /** How the command is written. */
  hint?: string
}

/** Why an echo was refused; null where nothing is said (a blocked person is not told). */
export function refusalText(code: RefusalCode, detail: RefusalDetail = {}): string | null {
  switch (code) {
    case 'blocked':
      return null
    case 'offline':
      return 'Nothing to echo: the stream is offline'
    case 'streamer-only':
      return 'Only the streamer can echo right now'
    case 'trusted-only':
      return 'Only the streamer, moderators and approved people can echo right now'
    case 'minimum-role':
      return `Echoes are for ${{ none: 'everyone', follower: 'followers', subscriber: 'subscribers', vip: 'VIPs' }[detail.minimumRole ?? 'follower']} here`
    case 'cooldown':
      return `Cool-down: ${detail.secondsLeft ?? 0} s left (a longer echo replaces your last one)`
    case 'too-long':
      return `Echoes are at most ${lengthText((detail.maxSec ?? 0) * 1000)} long here`
    case 'unreadable':
      return `That echo could not be read: ${detail.hint ?? 'write "!echo 30 what happened"'}`
  }
}

/** "Echo saved: the last 30 s". A viewer's label is never repeated into chat. */
export function savedText(lengthMs: number, replaced: boolean, people: number): string {
  const what = `${replaced ? 'Echo replaced' : 'Echo saved'}: the last ${lengthText(lengthMs)}`
  return people > 1 ? `${what} (${people} people)` : what
}

export function undoText(found: boolean): string {
  return found ? 'Your last echo is taken back' : 'There is no echo of yours to take back'
}

export function modeText(mode: Mode): string {
  const who = {
    everyone: 'Everyone can echo now',
    trusted: 'The streamer, moderators and approved people can echo now',
    streamer: 'Only the streamer can echo now',
  }
  return who[mode]
}

/** `30 s`, `1:30` */
export function lengthText(ms: number): string {
  const sec = Math.round(ms / 1000)
  return sec < 60 ? `${sec} s` : `${Math.floor(sec / 60)}:${String(sec % 60).padStart(2, '0')}`
}
