/** Every sentence that a person may read from the bot and the API: what is so, what it means, what one can do. */
import { lengthText, positionText } from './time-text.ts'
import type { ListChange, RefusalCode } from './echo.ts'
import type { Language } from './language.ts'
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

/** Why an echo was refused; null where nothing is said in chat: a blocked person is not told, and off is off. */
export function refusalText(
  code: RefusalCode,
  detail: RefusalDetail = {},
  language: Language = 'en',
): string | null {
  return code === 'blocked' || code === 'off' ? null : refusalSentence(code, detail, language)
}

/** Why something was refused, also where chat stays silent: a person who presses a button must see what became of it. */
export function refusalSentence(
  code: ApiReason,
  detail: RefusalDetail = {},
  language: Language = 'en',
): string {
  return (language === 'de' ? inGerman : inEnglish)(code, detail)
}

/** What the API may say beyond the policy's reasons. */
export type ApiReason =
  | RefusalCode
  /** The token is missing, forged or out of date. */
  | 'token'
  /** The token's role is not enough. */
  | 'role'
  | 'signed-out'
  | 'too-many'
  /** The time for taking back is over. */
  | 'too-late'
  | 'nothing-to-undo'
  | 'votes-off'
  | 'no-moment'
  /** The channel's streamer has not signed in. */
  | 'unfinished'
  /** Somebody else has changed it meanwhile. */
  | 'changed'
  | 'not-there'
  /** Twitch did not answer. */
  | 'twitch'
  | 'error'

function inEnglish(code: ApiReason, detail: RefusalDetail): string {
  switch (code) {
    case 'blocked':
      return 'You cannot echo in this channel'
    case 'offline':
      return 'The stream is offline. If it has just begun, your echo counts as soon as Twitch says so'
    case 'off':
      return 'Echoes are switched off right now'
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
    case 'token':
      return 'Twitch’s token is not valid any more. Reload the page'
    case 'role':
      return 'Only the streamer can do this'
    case 'signed-out':
      return 'Log in at Twitch to echo'
    case 'too-many':
      return `Too many requests. Try again in ${detail.secondsLeft ?? 10} s`
    case 'too-late':
      return 'The time for taking this echo back is over'
    case 'nothing-to-undo':
      return 'There is no echo of yours to take back'
    case 'votes-off':
      return 'Votes are off in this channel'
    case 'no-moment':
      return 'This moment is no longer there'
    case 'unfinished':
      return 'The streamer has not set Echoes up yet'
    case 'changed':
      return 'The settings were changed elsewhere meanwhile'
    case 'not-there':
      return 'There is no such thing here'
    case 'twitch':
      return 'Twitch did not answer. Try again in a minute'
    case 'error':
      return 'An error of ours. It has been noted; try again later'
  }
}

function inGerman(code: ApiReason, detail: RefusalDetail): string {
  switch (code) {
    case 'blocked':
      return 'In diesem Kanal kannst du keine Echos setzen'
    case 'offline':
      return 'Der Stream ist offline. Hat er gerade erst begonnen, zählt dein Echo, sobald Twitch es meldet'
    case 'off':
      return 'Echos sind gerade ausgeschaltet'
    case 'streamer-only':
      return 'Gerade kann nur der Streamer Echos setzen'
    case 'trusted-only':
      return 'Gerade können nur der Streamer, Moderatoren und Freigegebene Echos setzen'
    case 'minimum-role':
      return `Echos sind hier für ${{ none: 'alle', follower: 'Follower', subscriber: 'Abonnenten', vip: 'VIPs' }[detail.minimumRole ?? 'follower']}`
    case 'cooldown':
      return `Pause: noch ${detail.secondsLeft ?? 0} s (ein längeres Echo ersetzt dein letztes)`
    case 'too-long':
      return `Echos sind hier höchstens ${lengthText((detail.maxSec ?? 0) * 1000)} lang`
    case 'unreadable':
      return `Das Echo war nicht lesbar: ${detail.hint ?? 'schreib „!echo 30 was war“'}`
    case 'token':
      return 'Die Anmeldung bei Twitch gilt nicht mehr. Lade die Seite neu'
    case 'role':
      return 'Das kann nur der Streamer'
    case 'signed-out':
      return 'Melde dich bei Twitch an, um Echos zu setzen'
    case 'too-many':
      return `Zu viele Anfragen. Versuch es in ${detail.secondsLeft ?? 10} s wieder`
    case 'too-late':
      return 'Dieses Echo lässt sich nicht mehr zurücknehmen'
    case 'nothing-to-undo':
      return 'Du hast kein Echo, das sich zurücknehmen ließe'
    case 'votes-off':
      return 'Stimmen sind in diesem Kanal aus'
    case 'no-moment':
      return 'Diesen Moment gibt es nicht mehr'
    case 'unfinished':
      return 'Der Streamer hat Echoes noch nicht eingerichtet'
    case 'changed':
      return 'Die Einstellungen wurden inzwischen anderswo geändert'
    case 'not-there':
      return 'Das gibt es hier nicht'
    case 'twitch':
      return 'Twitch antwortet nicht. Versuch es in einer Minute wieder'
    case 'error':
      return 'Ein Fehler von uns. Er ist notiert; versuch es später wieder'
  }
}

export interface Reason {
  sentence: string
  /** What it means for the person, and what they can do. */
  advice: string
}

/** Why somebody may not echo at present, as the panel shows it. @param votes whether they may back moments */
export function panelReason(
  code: ApiReason,
  context: { minimumRole: MinimumRole; votes: boolean; streamer: boolean },
  language: Language = 'en',
): Reason {
  return (language === 'de' ? reasonInGerman : reasonInEnglish)(code, context)
}

/** Why somebody would tell us who they are, and the button with which they do. */
export function identityWords(language: Language): { why: string; share: string } {
  return language === 'de'
    ? {
        why: 'Gehörst du dazu? Twitch nennt Echoes deinen Namen nur, wenn du zustimmst.',
        share: 'Sag Echoes, wer ich bin',
      }
    : {
        why: 'Are you one of them? Twitch tells Echoes your name only if you agree.',
        share: 'Tell Echoes who I am',
      }
}

type ReasonContext = Parameters<typeof panelReason>[1]

function reasonInEnglish(code: ApiReason, { minimumRole, votes, streamer }: ReasonContext): Reason {
  const watch = votes
    ? 'You can still back moments with +1, and see the recap after the stream.'
    : 'You can see what they mark, and the recap after the stream.'
  switch (code) {
    case 'off':
      return { sentence: 'Echoing is switched off right now', advice: watch }
    case 'streamer-only':
      return { sentence: 'Only the streamer echoes right now', advice: watch }
    case 'trusted-only':
      return { sentence: 'Moderators and approved people echo here', advice: watch }
    case 'minimum-role': {
      const who = {
        none: 'Everyone echoes',
        follower: 'Followers echo',
        subscriber: 'Subscribers echo',
        vip: 'VIPs echo',
      }
      return { sentence: `${who[minimumRole]} here`, advice: watch }
    }
    case 'blocked':
      return {
        sentence: 'You cannot echo in this channel',
        advice: 'The streamer has decided so. You can still see the moments and the recaps.',
      }
    case 'signed-out':
      return {
        sentence: 'Log in at Twitch to echo',
        advice: 'You can see what others mark. To mark moments yourself, Twitch has to know you.',
      }
    case 'unfinished':
      return {
        sentence: 'Echoes is not set up yet',
        advice: streamer
          ? 'Open Echoes in the settings of your extensions, and sign in on its site. It takes two minutes.'
          : 'The streamer has added the panel, but has not finished setting it up. Come back a little later.',
      }
    default:
      return { sentence: refusalSentence(code), advice: watch }
  }
}

function reasonInGerman(code: ApiReason, { minimumRole, votes, streamer }: ReasonContext): Reason {
  const watch = votes
    ? 'Du kannst Momente mit +1 unterstützen und nach dem Stream das Recap sehen.'
    : 'Du siehst, was sie markieren, und nach dem Stream das Recap.'
  switch (code) {
    case 'off':
      return { sentence: 'Markieren ist gerade ausgeschaltet', advice: watch }
    case 'streamer-only':
      return { sentence: 'Gerade markiert nur der Streamer', advice: watch }
    case 'trusted-only':
      return { sentence: 'Hier markieren Moderatoren und Freigegebene', advice: watch }
    case 'minimum-role': {
      const who = { none: 'alle', follower: 'Follower', subscriber: 'Abonnenten', vip: 'VIPs' }
      return { sentence: `Hier markieren ${who[minimumRole]}`, advice: watch }
    }
    case 'blocked':
      return {
        sentence: 'In diesem Kanal kannst du nicht markieren',
        advice: 'So hat es der Streamer entschieden. Momente und Recaps kannst du sehen.',
      }
    case 'signed-out':
      return {
        sentence: 'Melde dich bei Twitch an',
        advice: 'Du siehst, was andere markieren. Um selbst zu markieren, muss Twitch dich kennen.',
      }
    case 'unfinished':
      return {
        sentence: 'Echoes ist noch nicht eingerichtet',
        advice: streamer
          ? 'Öffne Echoes in den Einstellungen deiner Erweiterungen und melde dich auf der Seite an.'
          : 'Der Streamer hat das Panel, aber die Einrichtung fehlt noch. Schau etwas später wieder herein.',
      }
    default:
      return { sentence: refusalSentence(code, {}, 'de'), advice: watch }
  }
}

/**
 * "Echo saved: the last 30 s", or the channel's own words with `{user}`, `{length}` and `{label}` filled in.
 *
 * @param label only one that may be shown to others: an insult in it would be the bot's
 */
export function savedText(
  own: string | null,
  echo: { lengthMs: number; replaced: boolean; user: string; label: string | null },
): string {
  const length = lengthText(echo.lengthMs)
  if (own === null) return `${echo.replaced ? 'Echo replaced' : 'Echo saved'}: the last ${length}`
  const values: Record<string, string> = { user: echo.user, length, label: echo.label ?? '' }
  return own
    .replace(/\{(user|length|label)\}/g, (_all, name: string) => values[name] ?? '')
    .replace(/\s+/g, ' ')
    .trim()
}

export function statusText(status: {
  prefix: string
  mode: Mode
  /** Null while offline. */
  runtimeSec: number | null
  moments: number
  people: number
}): string {
  const { runtimeSec, moments, people, mode } = status
  if (runtimeSec === null) return `Offline. ${modeText(mode)}`
  const count = (n: number, one: string, many: string) => (n === 1 ? `1 ${one}` : `${n} ${many}`)
  const marked = `${count(moments, 'moment', 'moments')} by ${count(people, 'person', 'people')}`
  return `Live for ${positionText(runtimeSec)} · ${moments === 0 ? 'no moment yet' : marked} · ${modeText(mode)}`
}

export function helpText(prefix: string): string {
  return `"${prefix} 30 what happened" keeps the last 30 s for the recap · "${prefix} undo" takes yours back · "${prefix} earlier 5" moves it · "${prefix} status"`
}

export function listText(change: ListChange, name: string, known: boolean): string {
  if (!known) return `Nobody at Twitch is called ${name}`
  const done = {
    approve: 'is approved now',
    unapprove: 'is no longer approved',
    block: 'is blocked now',
    unblock: 'is no longer blocked',
  }
  return `${name} ${done[change]}`
}

export function spanText(
  outcome: 'started' | 'running' | 'stopped' | 'none' | 'taken',
  lengthMs: number,
): string {
  const length = lengthText(lengthMs)
  const said = {
    started: 'Long echo begins here; stop it with the same command and "stop"',
    running: `A long echo is on already, for ${length}`,
    stopped: `Long echo ends here: ${length}`,
    none: 'No long echo is on',
    taken: `Long echo saved: the last ${length}`,
  }
  return said[outcome]
}

export function nudgeText(outcome: 'moved' | 'nothing' | 'too-late', byMs: number): string {
  const said = {
    nothing: refusalSentence('nothing-to-undo'),
    'too-late': 'The time for moving this echo is over',
  }
  if (outcome !== 'moved') return said[outcome]
  return `Your last echo is ${lengthText(Math.abs(byMs))} ${byMs < 0 ? 'earlier' : 'later'} now`
}

export const FORGOTTEN_TEXT = 'Your name is gone from what you marked here'

export function undoText(outcome: 'undone' | 'nothing' | 'too-late'): string {
  const said = { nothing: refusalSentence('nothing-to-undo'), 'too-late': refusalSentence('too-late') }
  return outcome === 'undone' ? 'Your last echo is taken back' : said[outcome]
}

export function modeText(mode: Mode): string {
  const who = {
    everyone: 'Everyone can echo now',
    trusted: 'The streamer, moderators and approved people can echo now',
    streamer: 'Only the streamer can echo now',
    off: 'Echoes are off now; the lists and settings stay',
  }
  return who[mode]
}
