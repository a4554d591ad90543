/**
 * The API that the extension speaks with the back end: every request and answer, as zod schemas. The back end checks
 * requests with them; the browser imports only their types, so that zod is not in what viewers load.
 *
 * All instants are UTC milliseconds, all lengths milliseconds; `startMs` and `endMs` are show runtime. A refusal is
 * an {@link ApiRefusal} with status 401 (token), 403 (not allowed), 404, 409 (changed elsewhere), 422 (unreadable) or
 * 429 (too soon).
 */
import { z } from 'zod'
import { LABEL_MAX } from './clean-text.ts'
import { COMMAND_WORD, SHORTEST_ECHO_MS } from './echo.ts'
import { MINIMUM_ROLES, MODES } from './mode.ts'
import { contradictionIn, CUTS, LONG_SPANS, TRANSITIONS } from './settings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const ms = (min: number, max: number) => z.number().int().min(min).max(max)

/** Why something was refused: a code for programs, a sentence for people, and when it may work. */
export const apiRefusal = z.object({
  reason: z.string(),
  sentence: z.string(),
  /** What one can do all the same; not everywhere. */
  advice: z.string().optional(),
  /** Seconds until it may work, where that is known. */
  secondsLeft: z.number().optional(),
})
export type ApiRefusal = z.infer<typeof apiRefusal>

// --- What viewers see and do ---

export const panelMoment = z.object({
  id: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  label: z.string().nullable(),
  people: z.number(),
})
export type PanelMoment = z.infer<typeof panelMoment>

export const panelRecap = z.object({
  title: z.string(),
  url: z.string(),
  thumbnail: z.string(),
  durationMs: z.number(),
  moments: z.number(),
  people: z.number(),
  publishedAtMs: z.number(),
})
export type PanelRecap = z.infer<typeof panelRecap>

/** `GET /panel/state`: the same for all viewers of a channel. Also what extension PubSub brings. */
export const panelState = z.object({
  /** Grows with each change of the channel: an older state that comes late is known by it. */
  revision: z.number(),
  /** `unfinished`: the streamer has not signed in yet. */
  setUp: z.enum(['ready', 'unfinished']),
  mode: z.enum(MODES),
  minimumRole: z.enum(MINIMUM_ROLES),
  /** Null while offline. */
  live: z.object({ startedAtMs: z.number() }).nullable(),
  /** What the panel offers, shortest first. */
  lengthsMs: z.array(z.number()),
  defaultLengthMs: z.number(),
  latencyMs: z.number(),
  /** Whether +1 is on. */
  votes: z.boolean(),
  /** Newest first. */
  moments: z.array(panelMoment),
  /** Of all moments; more than `moments` has when those are only the newest. */
  total: z.number(),
  /** The latest public recaps; only while offline. */
  recaps: z.array(panelRecap),
})
export type PanelState = z.infer<typeof panelState>

/** `GET /panel/me`: what is so for the person who asks. */
export const panelMe = z.object({
  /** The server's time, to tell how far the viewer's clock is off. */
  nowMs: z.number(),
  role: z.enum(['broadcaster', 'moderator', 'viewer']),
  /** False for a viewer who is not logged in at Twitch: they can look, but neither echo nor vote. */
  signedIn: z.boolean(),
  /** Whether Twitch tells us who they are. */
  linked: z.boolean(),
  /** Where telling us who they are could change what they may do: why, and the words for it. */
  identity: z.object({ why: z.string(), share: z.string() }).nullable(),
  /** Why they may not echo at present, apart from the cool-down. */
  refusal: apiRefusal.nullable(),
  /** Until then only a longer echo than `lengthMs` is taken, in place of the last one. */
  cooldown: z.object({ untilMs: z.number(), totalMs: z.number(), lengthMs: z.number() }).nullable(),
  /** Their last echo, while it can be taken back. */
  undo: z.object({ echoId: z.string(), untilMs: z.number(), lengthMs: z.number() }).nullable(),
  /** Ids of moments with an echo of theirs, and of those they voted for. */
  mine: z.array(z.string()),
  voted: z.array(z.string()),
})
export type PanelMe = z.infer<typeof panelMe>

/** `POST /panel/echoes` */
export const echoBody = z.object({
  /** One for each press: a repeated request with the same key counts once. */
  key: z.uuid(),
  lengthMs: ms(SHORTEST_ECHO_MS, 24 * HOUR),
  /** Longer ones are cut to {@link LABEL_MAX} characters. */
  label: z
    .string()
    .max(10 * LABEL_MAX)
    .nullish(),
  /** The viewer's measured delay; anything outside 0–60 s counts as not measured. */
  latencyMs: z.number().nullish(),
})
export type EchoBody = z.infer<typeof echoBody>

/** Status 201; 200 for a repetition. */
export const echoTaken = z.object({
  echoId: z.string(),
  lengthMs: z.number(),
  replaced: z.boolean(),
  me: panelMe,
})
export type EchoTaken = z.infer<typeof echoTaken>

/** `POST /panel/votes`: answered with {@link panelMe}. */
export const voteBody = z.object({ momentId: z.string().min(1).max(64) })
export type VoteBody = z.infer<typeof voteBody>

// --- What the streamer sees and sets (role broadcaster only) ---

const commandWord = z.string().regex(COMMAND_WORD, 'two to twenty small letters or signs, as in !echo')

/** What of a channel's settings can be changed in the extension and on the companion site; each field by itself. */
export const settingsChange = z
  .object({
    mode: z.enum(MODES),
    minimumRole: z.enum(MINIMUM_ROLES),
    defaultLengthMs: ms(SHORTEST_ECHO_MS, 5 * MINUTE),
    maxLengthMs: ms(15 * SECOND, 15 * MINUTE),
    longLengthMs: ms(15 * SECOND, 15 * MINUTE),
    latencyMs: ms(-30 * SECOND, 60 * SECOND),
    cooldownMs: ms(0, 30 * MINUTE),
    undoMs: ms(0, 10 * MINUTE),
    budgetMs: ms(MINUTE, 2 * HOUR),
    confirmations: z.boolean(),
    refusals: z.boolean(),
    moderatorsManage: z.boolean(),
    longSpans: z.enum(LONG_SPANS),
    prefix: commandWord,
    aliases: z.array(commandWord).max(5),
    savedText: z.string().max(200).nullable(),
    replacedText: z.string().max(200).nullable(),
    bannedWords: z.array(z.string().trim().min(2).max(40)).max(200),
    votes: z.boolean(),
    cut: z.enum(CUTS),
    titleCard: z.boolean(),
    creditsCard: z.boolean(),
    labels: z.boolean(),
    transition: z.enum(TRANSITIONS),
    evenLoudness: z.boolean(),
    // From here on for the companion site.
    drift: z
      .array(z.object({ fromMs: ms(0, 48 * HOUR), addMs: ms(-60 * SECOND, 60 * SECOND) }).strict())
      .max(10),
    sameShowMs: ms(0, 2 * HOUR),
    titleTemplate: z.string().trim().min(1).max(200),
    descriptionTemplate: z.string().max(4_000),
    tags: z.array(z.string().trim().min(1).max(100)).max(40),
    privacy: z.enum(['public', 'unlisted', 'private']),
    madeForKids: z.boolean(),
    publicPages: z.boolean(),
    playlist: z.string().trim().min(1).max(150).nullable(),
    reviewMs: ms(0, 3 * 24 * HOUR),
    keepMs: ms(24 * HOUR, 30 * 24 * HOUR),
    mailPublished: z.boolean(),
    mailWaiting: z.boolean(),
    mailFailed: z.boolean(),
    mailReconnect: z.boolean(),
    mailPlan: z.boolean(),
  })
  .partial()
  .strict()
export type SettingsChange = z.infer<typeof settingsChange>
export type ExtensionSettings = { [K in keyof SettingsChange]-?: Exclude<SettingsChange[K], undefined> }

export const listedPerson = z.object({ userId: z.string(), login: z.string() })
export type ListedPerson = z.infer<typeof listedPerson>

/** `GET /config` */
export const configState = z.object({
  /** False until the streamer has signed in on the companion site; then nothing else counts. */
  signedUp: z.boolean(),
  siteUrl: z.string(),
  /** What is still to do on the companion site, as sentences. */
  missing: z.array(z.string()),
  /** Grows with each change of the settings, from wherever. */
  version: z.number(),
  settings: settingsChange.required(),
  approved: z.array(listedPerson),
  blocked: z.array(listedPerson),
})
export type ConfigState = z.infer<typeof configState>

/**
 * `PATCH /config/settings`: answered with {@link configState}. 409 with `{reason: 'changed', sentence, config}` when
 * the settings are no longer those of `version`.
 */
export const settingsBody = z.object({
  version: z.number().int(),
  change: settingsChange.superRefine((change, context) => {
    const message = contradictionIn(change)
    if (message) context.addIssue({ code: 'custom', message })
  }),
})
export type SettingsBody = z.infer<typeof settingsBody>

/** `POST /config/people`: answered with {@link peopleChanged}. */
export const peopleBody = z.object({
  /** Login names, as typed or pasted: an @ in front and capitals do not matter. */
  names: z.array(z.string().min(1).max(60)).min(1).max(500),
  standing: z.enum(['approved', 'blocked', 'none']),
})
export type PeopleBody = z.infer<typeof peopleBody>

export const peopleChanged = z.object({
  config: configState,
  /** Names that nobody at Twitch has. */
  unknown: z.array(z.string()),
})
export type PeopleChanged = z.infer<typeof peopleChanged>

/** `GET /config/search?name=` */
export const foundPeople = z.object({
  people: z.array(listedPerson.extend({ displayName: z.string() })),
})
export type FoundPeople = z.infer<typeof foundPeople>

/** `GET /config/live`: the running list with what was dropped, and whether a long echo is on. */
export const liveState = z.object({
  signedUp: z.boolean(),
  nowMs: z.number(),
  revision: z.number(),
  version: z.number(),
  mode: z.enum(MODES),
  minimumRole: z.enum(MINIMUM_ROLES),
  live: z.object({ startedAtMs: z.number() }).nullable(),
  /** When the long echo that is on began; null when none is. */
  longSinceMs: z.number().nullable(),
  /** Newest first. */
  moments: z.array(panelMoment.extend({ kept: z.boolean() })),
})
export type LiveState = z.infer<typeof liveState>

/** `POST /config/moments`: keep or drop one; answered with {@link liveState}. */
export const keepBody = z.object({ momentId: z.string().min(1).max(64), kept: z.boolean() })
export type KeepBody = z.infer<typeof keepBody>

/** `POST /config/long`: answered with {@link liveState}; what is so already stays so. */
export const longBody = z.object({ on: z.boolean() })
export type LongBody = z.infer<typeof longBody>
