/** What a streamer may set for a channel, with the defaults. Durations are milliseconds unless named otherwise. */
import type { MinimumRole, Mode } from './mode.ts'

export interface DriftStep {
  /** From this runtime of the stream on … */
  fromMs: number
  /** … positions in the VOD lie this much later. Steps add up. */
  addMs: number
}

export const LONG_SPANS = ['recap', 'review', 'own-video'] as const
/** They go into the recap · and the recap waits for the streamer's word · each is a video of its own. */
export type LongSpans = (typeof LONG_SPANS)[number]

export const CUTS = ['keyframe', 'exact'] as const
export type Cut = (typeof CUTS)[number]

export const TRANSITIONS = ['cut', 'fade'] as const
export type Transition = (typeof TRANSITIONS)[number]

export interface ChannelSettings {
  mode: Mode
  minimumRole: MinimumRole
  /** Length of `!echo` without a number. */
  defaultLengthMs: number
  maxLengthMs: number
  /** Length of `!echolong`. */
  longLengthMs: number
  /** How far behind the viewers' picture is. Negative: the clip ends after the command (button boxes). */
  latencyMs: number
  cooldownMs: number
  /** Echoes longer than this … */
  longFromMs: number
  /** … start this cool-down instead. */
  longCooldownMs: number
  /** A stream that starts within this of the end of the one before belongs to the same show. */
  sameShowMs: number
  /** For so long an echo can be taken back; 0: not at all. */
  undoMs: number
  /** Viewers may back a moment with +1. */
  votes: boolean
  /** Requests that overlap, or lie within this of each other, are one moment. */
  mergeGapMs: number
  /** A moment grows no longer than this by merging. */
  maxMomentMs: number
  /** Moments begin at the key frame before their start, nearly for free; or at the very picture. */
  cut: Cut
  /** A card with the stream's title in front, and one with everybody's names at the end. */
  titleCard: boolean
  creditsCard: boolean
  /** What a moment is called and who wanted it, on its first seconds. */
  labels: boolean
  /** How one moment follows another. */
  transition: Transition
  /** Moments are evened to −14 LUFS, as YouTube plays them. */
  evenLoudness: boolean
  /** The recap holds at most this; the most wanted moments win. */
  budgetMs: number
  drift: DriftStep[]
  /** Say "Echo saved" in chat. Refusals are answered in any case. */
  confirmations: boolean
  /** Say in chat why an echo was refused. */
  refusals: boolean
  /** Moderators may use `!echo mode`, `approve`, `block` and the like, too. */
  moderatorsManage: boolean
  /** What becomes of the spans of `!echostart` and `!echoduration`. */
  longSpans: LongSpans
  /** What the bot listens to. */
  prefix: string
  aliases: string[]
  /** The bot's own words; null: ours. `{user}`, `{length}`, `{label}` are filled in. */
  savedText: string | null
  replacedText: string | null
  /** A label with one of these is shown nowhere. */
  bannedWords: string[]
  /** `{title}` is the stream's, `{date}` its day, `{game}` what was played first. */
  titleTemplate: string
  /** Beside these `{channel}`, `{chapters}` and `{credits}`. */
  descriptionTemplate: string
  tags: string[]
  privacy: 'public' | 'unlisted' | 'private'
  madeForKids: boolean
  /** Recaps are put into the playlist of this name; null: into none. */
  playlist: string | null
  /** Each public recap has a page here that anybody may see. */
  publicPages: boolean
  /** Where the streamer agreed that recaps go up by themselves: an untouched one waits so long for a look. */
  reviewMs: number
  /** Recaps are deleted here at this age; the operator may have set less. */
  keepMs: number
  /** Which mails are wanted. */
  mailPublished: boolean
  mailWaiting: boolean
  mailFailed: boolean
  mailReconnect: boolean
  mailPlan: boolean
}

export const MAILS = ['published', 'waiting', 'failed', 'reconnect', 'plan'] as const
export type MailKind = (typeof MAILS)[number]
/** The setting that says whether a kind of mail is wanted. */
export const MAIL_SETTING = {
  published: 'mailPublished',
  waiting: 'mailWaiting',
  failed: 'mailFailed',
  reconnect: 'mailReconnect',
  plan: 'mailPlan',
} as const satisfies Record<MailKind, keyof ChannelSettings>

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const DEFAULT_SETTINGS: ChannelSettings = {
  mode: 'trusted',
  minimumRole: 'none',
  defaultLengthMs: 30 * SECOND,
  maxLengthMs: 5 * MINUTE,
  longLengthMs: 3 * MINUTE,
  latencyMs: 3 * SECOND,
  cooldownMs: 45 * SECOND,
  longFromMs: 3 * MINUTE,
  sameShowMs: 15 * MINUTE,
  longCooldownMs: 150 * SECOND,
  undoMs: 30 * SECOND,
  votes: true,
  mergeGapMs: 20 * SECOND,
  maxMomentMs: 5 * MINUTE,
  cut: 'keyframe',
  titleCard: false,
  creditsCard: false,
  labels: false,
  transition: 'cut',
  evenLoudness: false,
  budgetMs: 20 * MINUTE,
  drift: [
    { fromMs: 4 * HOUR, addMs: 2 * SECOND },
    { fromMs: 6.5 * HOUR, addMs: 2 * SECOND },
  ],
  confirmations: true,
  refusals: true,
  moderatorsManage: false,
  longSpans: 'recap',
  prefix: '!echo',
  aliases: [],
  savedText: null,
  replacedText: null,
  bannedWords: [],
  titleTemplate: '{title} – recap',
  descriptionTemplate:
    'The best moments of the stream, marked by the people who watched it live on {channel}\n\n{chapters}\n\n{credits}',
  tags: ['recap'],
  privacy: 'public',
  madeForKids: false,
  playlist: null,
  publicPages: false,
  reviewMs: 0,
  keepMs: 7 * 24 * HOUR,
  mailPublished: true,
  mailWaiting: true,
  mailFailed: true,
  mailReconnect: true,
  mailPlan: true,
}

/** Lengths that Echoes takes by itself: none may be longer than the longest echo. */
const OWN_LENGTHS = ['defaultLengthMs', 'longLengthMs'] as const
type Lengths = (typeof OWN_LENGTHS)[number] | 'maxLengthMs'

/** @returns what cannot be meant, as a sentence; null: nothing */
export function contradictionIn(change: { [K in Lengths]?: number | undefined }): string | null {
  const { maxLengthMs, defaultLengthMs, longLengthMs } = change
  if (maxLengthMs === undefined) return null
  if (defaultLengthMs !== undefined && defaultLengthMs > maxLengthMs)
    return 'An echo without a number would be longer than the longest echo.'
  if (longLengthMs !== undefined && longLengthMs > maxLengthMs)
    return 'A long echo would be longer than the longest echo.'
  return null
}

/**
 * The settings after a change. What was asked for holds, and what would contradict it follows.
 * @param change without a contradiction in itself
 */
export function settingsAfter(before: ChannelSettings, change: Partial<ChannelSettings>): ChannelSettings {
  const after = { ...before, ...change }
  if (change.maxLengthMs === undefined)
    after.maxLengthMs = Math.max(after.maxLengthMs, ...OWN_LENGTHS.map((field) => change[field] ?? 0))
  for (const field of OWN_LENGTHS) after[field] = Math.min(after[field], after.maxLengthMs)
  return after
}
