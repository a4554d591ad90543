/**
 * The one failure policy: each call that leaves the process, what each kind of answer means, how long it is tried
 * again, who is told, and how work goes on once the cause is gone. Adapters turn answers into faults by `faultOf`, and
 * docs/failures.md is this table in print (`failures.test.ts` compares them).
 */
import { Fault, type FaultKind } from '../../shared/fault.ts'
import { nextPacificMidnight } from './pacific.ts'

/** What came back. */
export interface Answer {
  /** HTTP status, or SMTP reply code; null: nothing came, or nothing that could be read. */
  status: number | null
  /** The service's own word for it. */
  reason?: string | undefined
  /** When the service said to come back. UTC milliseconds. */
  notBeforeMs?: number | undefined
}

/** The first rule that fits an answer counts. */
export interface Rule {
  /** In words, for docs/failures.md. */
  when: string
  fits(answer: Answer): boolean
  kind: FaultKind
  /** For `quota`: until when. UTC milliseconds. */
  until?(now: number): number
}

export interface Call {
  /** Whom we ask. */
  who: string
  /** What for, in a few words. */
  what: string
  /** The adapter's file, in `backend`. */
  where: string
  rules: readonly Rule[]
  /** How often and how long it is tried again. */
  tried: string
  /** Who is told, and when. */
  told: string
  /** How the work goes on once the cause is gone. */
  resumes: string
}

const DAY_MS = 24 * 60 * 60_000

const nothing: Rule = {
  when: 'no answer, a cut connection, a time limit, an answer that cannot be read (e.g. a proxy’s page)',
  fits: ({ status }) => status === null || (status >= 200 && status < 300),
  kind: 'transient',
}
const passing: Rule = {
  when: '408, 425, 429, 5xx',
  fits: ({ status }) => status !== null && (PASSING.has(status) || status >= 500),
  kind: 'transient',
}
const rest: Rule = { when: 'anything else', fits: () => true, kind: 'bug' }
const PASSING = new Set([408, 425, 429])

/** A rule by status codes. */
export function on(kind: FaultKind, when: string, ...codes: number[]): Rule {
  return { when: `${codes.join(', ')}: ${when}`, fits: ({ status }) => codes.includes(status ?? -1), kind }
}

/** A rule by the service's own words. */
export function said(kind: FaultKind, reasons: readonly string[], until?: (now: number) => number): Rule {
  const rule: Rule = {
    when: reasons.map((r) => `\`${r}\``).join(', '),
    fits: ({ reason }) => reason !== undefined && reasons.includes(reason),
    kind,
  }
  return until ? { ...rule, until } : rule
}

/** The rules that hold for any HTTP service, after those of its own. */
export function http(...own: Rule[]): readonly Rule[] {
  return [...own, nothing, passing, rest]
}

/** What Twitch says with 400; with the same status it finds our client id wrong, which is ours to mend. */
export const GRANT_GONE = 'Invalid refresh token'

/** Our word for an answer that holds no token where one belongs. */
export const NO_TOKEN = 'no token'

const OPERATOR = 'the operator, in the log'

export const CALLS = {
  helix: {
    who: 'Twitch',
    what: 'Helix: accounts, streams, recordings, event subscriptions, which clips are listed; and the token that our application needs for that',
    where: 'twitch/asking.ts',
    rules: http(on('transient', 'after the token was renewed once', 401)),
    tried:
      'within the call three times in 4 s, after 429 when Twitch’s own header says; then by the next round that needs it, or with the step of a recap',
    told: OPERATOR,
    resumes: 'the next round asks anew; nothing is ended by silence',
  },
  chatLine: {
    who: 'Twitch',
    what: 'a line that the bot says',
    where: 'twitch/helix.ts',
    rules: http(on('transient', 'after the token was renewed once', 401)),
    tried:
      'what Twitch refused: with pauses from 2 s, within the limits of speech, for two minutes; where no answer came the line may have been said, and is not repeated',
    told: `${OPERATOR} and by the metric of replies`,
    resumes: 'the next answer is said; what it tells of is stored whether it is said or not',
  },
  clips: {
    who: 'Twitch',
    what: 'clips, in the streamer’s name: orders, and addresses of downloads',
    where: 'twitch/clips.ts',
    rules: http(
      on('person', 'the streamer does not let Echoes make clips, or no longer does', 401, 403),
      on('damaged', 'the recording, or this stretch of it, is gone', 400, 404),
    ),
    tried: 'each step of a recap with pauses up to 15 minutes, for as long as the recap is wanted',
    told: 'for `person` the streamer, by mail, once',
    resumes:
      'with the next look. An order is recorded before it goes out; where its answer was lost, the clip is looked for for an hour before it is ordered again. A clip that has not appeared after an hour, or cannot be downloaded then, is damaged input. One that Twitch does not list two hours after its order is ordered again when the recap is tried again',
  },
  recordingAccess: {
    who: 'Twitch',
    what: 'leave to read a recording (GraphQL)',
    where: 'twitch/vod-hls.ts',
    rules: [
      {
        when: '200 with null in place of a token, and without errors: it is gone, or only for subscribers',
        fits: ({ status, reason }) => status === 200 && reason === NO_TOKEN,
        kind: 'damaged',
      },
      {
        when: 'anything else: the service knows every recording, so that none of its own refusals is about this one',
        fits: () => true,
        kind: 'transient',
      },
    ],
    tried: 'each step of a recap with pauses up to 15 minutes, for as long as the recap is wanted',
    told: 'the streamer, when nothing of a show could be had; what is missing of a recap is named on its page',
    resumes: 'a recording that appears later is taken in before the recap is published',
  },
  recording: {
    who: 'Twitch',
    what: 'a recording’s list of qualities, and its playlist',
    where: 'jobs/sources/hls.ts',
    rules: http(on('damaged', 'it is gone, or only for subscribers', 403, 404, 410)),
    tried: 'each step of a recap with pauses up to 15 minutes, for as long as the recap is wanted',
    told: 'the streamer, when nothing of a show could be had; what is missing of a recap is named on its page',
    resumes: 'a recording that appears later is taken in before the recap is published',
  },
  youtube: {
    who: 'YouTube',
    what: 'its data API and uploads',
    where: 'youtube/errors.ts',
    rules: http(
      said('quota', ['uploadLimitExceeded'], (now) => now + DAY_MS),
      said('quota', ['quotaExceeded', 'dailyLimitExceeded'], nextPacificMidnight),
      said('transient', ['rateLimitExceeded', 'userRateLimitExceeded']),
      said('person', [
        'insufficientPermissions',
        'youtubeSignupRequired',
        'authenticatedUserAccountClosed',
        'authenticatedUserAccountSuspended',
      ]),
      said('damaged', [
        'invalidTitle',
        'invalidDescription',
        'invalidTags',
        'invalidVideoMetadata',
        'invalidVideoGameRating',
        'invalidFilename',
      ]),
      on('transient', 'after the token was renewed once', 401),
    ),
    tried:
      'within an upload ten times within minutes, each time from the byte that YouTube has; then the step, with pauses up to 15 minutes. `uploadLimitExceeded` is the channel’s own limit: a day later; a quota of ours: at midnight in California. Thumbnail and playlist: for a quarter of an hour each, then the video is published without them',
    told: 'for `person` the streamer, by mail, once for each grant that was lost; for `quota` the page says until when; a video that YouTube refuses: the streamer, by mail; a request that it finds wrong: the operator, in the log',
    resumes:
      'with the session that is open, or with the video that is there; when the streamer connects again, at once',
  },
  google: {
    who: 'Google',
    what: 'sign-in: tokens, and taking access back',
    where: 'youtube/connect.ts',
    rules: http(said('person', ['invalid_grant'])),
    tried: 'by the next call that needs a token',
    told: 'for `person` the streamer, by mail, once for each grant that was lost; our own credentials being wrong: the operator, in the log',
    resumes: 'when the streamer connects again',
  },
  mail: {
    who: 'The mail server',
    what: 'a mail',
    where: 'mail/mailer.ts',
    rules: [
      {
        when: 'no answer, a cut connection, a time limit, and every code that is not below',
        fits: ({ status }) => status === null || status < 500,
        kind: 'transient',
      },
      {
        when: 'a refusal of the recipient (RCPT TO) with 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10 or 5.2.1, or with 550, 551 or 553 whose text mentions neither relaying, a password, the sender nor a policy',
        fits: ({ reason }) => reason === 'recipient',
        kind: 'damaged',
      },
      {
        when: '5xx to our sign-in, our sender or what we sent (530, 535, 550 5.7.1, 552, 554): our settings, not the recipient',
        fits: () => true,
        kind: 'transient',
      },
    ],
    tried: 'with pauses from 10 s to an hour, for thirty days',
    told: 'the operator (log, metric, `npm run doctor`) when a mail has waited for an hour; for an address that does not exist: the operator, in the log',
    resumes: 'by itself, once the server takes mails; nothing that waits is thrown away',
  },
  hooks: {
    who: 'An address of the streamer’s',
    what: 'news by webhook or to Discord',
    where: 'notify/hooks.ts',
    rules: http(on('person', 'the address is gone, or wants nothing of us', 400, 401, 403, 404, 405, 410)),
    tried: 'with pauses from 10 s to an hour, for thirty days; where the address is gone, once a day',
    told: 'the streamer, on the page of the settings',
    resumes: 'by itself when it answers; at once when the streamer enters another address',
  },
  ownBucket: {
    who: 'A bucket of the streamer’s',
    what: 'a copy of a recap',
    where: 'own-bucket.ts',
    rules: http(on('person', 'its keys are not good any more, or it is gone', 401, 403, 404)),
    tried:
      'with pauses from 10 s to an hour, for thirty days or until the video is deleted here; where its keys are bad, once a day',
    told: 'the streamer, on the page of the settings',
    resumes: 'by itself; at once when the streamer enters other keys',
  },
  stripe: {
    who: 'Stripe',
    what: 'customers, subscriptions, pages to pay on',
    where: 'billing/stripe.ts',
    rules: http(),
    tried:
      'by the next round, within minutes; the end of a subscription of somebody who leaves, until it is through',
    told: 'whoever is on the page; the operator, in the log',
    resumes: 'the next round asks Stripe what is so',
  },
  storage: {
    who: 'The bucket of this installation',
    what: 'media',
    where: 'storage/judged.ts',
    rules: http(),
    tried: 'within the call six times in about 6 s; then by the step or the round that needs it',
    told: 'the operator, in the log',
    resumes: 'what has come is kept; checksums tell what has not',
  },
  parts: {
    who: 'The server of the parts',
    what: 'a part of a recording, or a clip',
    where: 'media/download.ts',
    rules: http(
      on('damaged', 'it is gone, also under the address that the source has by then', 401, 403, 404, 410),
    ),
    tried:
      'six times within half a minute, going on where it broke off; then the step is tried again with pauses up to 15 minutes. A part that came damaged is fetched anew, and is believed to be damaged after a quarter of an hour',
    told: 'the streamer: a moment that lacks is named on the page and in the mail',
    resumes: 'what has come is kept; only what is missing is fetched',
  },
  renderer: {
    who: 'The renderer',
    what: 'a process of our own that makes the video',
    where: 'media/render.ts',
    rules: [
      {
        when: 'it says that a piece cannot be read; over a quarter of an hour or longer it crashed or hung three times or more over the same moment; it was killed 24 times while it worked on it',
        fits: ({ reason }) => reason === 'damaged',
        kind: 'damaged',
      },
      {
        when: 'it was killed, crashed, hung, ran out of memory, disk or files',
        fits: ({ status, reason }) => status === null && reason === undefined,
        kind: 'transient',
      },
      rest,
    ],
    tried: 'the step, with pauses up to 15 minutes',
    told: 'the streamer: a moment that was left out is named, and so is a first or last clip, a card or a fade that could not be made; the operator, of everything else',
    resumes: 'the parts are there; the video is made from the beginning',
  },
  twitchToken: {
    who: 'Twitch',
    what: 'renewing a streamer’s token',
    where: 'twitch/tokens.ts',
    rules: http(said('person', [GRANT_GONE]), on('person', 'the streamer has disconnected', 401)),
    tried: 'by the next call that needs the token',
    told: 'for `person` the streamer, on the site',
    resumes: 'when they sign in',
  },
  twitchRevoke: {
    who: 'Twitch',
    what: 'giving a token back',
    where: 'twitch/sign-in.ts',
    rules: http(),
    tried: 'by each round of departures, for 30 days; then the account is deleted without it',
    told: 'the operator, when a departure is overdue',
    resumes: 'the departure goes on with the step that failed',
  },
  twitchValidate: {
    who: 'Twitch',
    what: 'whether a token is still good',
    where: 'twitch/sign-in.ts',
    rules: http(on('person', 'it is not; a new one is asked for before anybody is signed out', 401)),
    tried: 'by the next round, within minutes',
    told: 'whose grant is gone is signed out, and sees so on the site',
    resumes: 'when they sign in',
  },
  twitchSignIn: {
    who: 'Twitch',
    what: 'signing in',
    where: 'twitch/sign-in.ts',
    rules: http(),
    tried: 'not by itself',
    told: 'whoever signs in, on the page',
    resumes: 'when they try again',
  },
  panelMessage: {
    who: 'Twitch',
    what: 'a message to the panels of a channel',
    where: 'twitch/extension-pubsub.ts',
    rules: http(),
    tried: 'by the next round, a second later; panels ask by themselves meanwhile',
    told: OPERATOR,
    resumes: 'the next message has everything',
  },
} as const satisfies Record<string, Call>

export type CallName = keyof typeof CALLS

/**
 * The fault for an answer that is not what was asked for.
 * @param asked goes on with "asked …": what we wanted, without secrets
 */
export function faultOf(name: CallName, asked: string, answer: Answer, now: number): Fault {
  const call: Call = CALLS[name]
  const rule = ruleFor(name, answer)
  const { status, reason } = answer
  const heard = status === null ? 'could not be reached' : `answered ${status}${reason ? ` (${reason})` : ''}`
  const notBeforeMs = rule.until?.(now) ?? answer.notBeforeMs
  return new Fault(`${call.who} ${heard}, asked ${asked}`, rule.kind, {
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...(status === null ? {} : { status }),
  })
}

/** The class of an answer, where the caller has better words for it. */
export function faultKind(name: CallName, answer: Answer): FaultKind {
  return ruleFor(name, answer).kind
}

function ruleFor(name: CallName, answer: Answer): Rule {
  return CALLS[name].rules.find((rule: Rule) => rule.fits(answer)) ?? rest
}

/** How work that may pass is tried again: a first pause, doubled each time up to the longest. Milliseconds. */
export interface Pauses {
  firstMs: number
  longestMs: number
}

/** @param failures how often it has failed in a row, at least 1 @returns milliseconds */
export function pauseAfter(failures: number, { firstMs, longestMs }: Pauses): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(30, failures - 1))
}
