/**
 * The review desk's contract: what the desk shows and what may be changed there, as zod schemas. Browsers load only the
 * types. Positions of moments are show runtime in milliseconds; positions inside a video are seconds.
 */
import { z } from 'zod'
import { DESCRIPTION_MAX_BYTES, tagsFit, TITLE_MAX } from './limits.ts'

const runtimeMs = z
  .number()
  .int()
  .min(0)
  .max(48 * 60 * 60_000)
/** An echo's id; of a part that was split off, followed by `@` and where the split is. */
const cardId = z.string().min(1).max(80)
const title = z.string().trim().max(TITLE_MAX)

/** What YouTube is told; what is left out stays as the templates make it. */
export const recapWords = z
  .object({
    title: title.min(1).regex(/^[^<>]*$/, 'YouTube takes no < or >'),
    description: z
      .string()
      .regex(/^[^<>]*$/, 'YouTube takes no < or >')
      .refine(
        (text) => new TextEncoder().encode(text).length <= DESCRIPTION_MAX_BYTES,
        'longer than YouTube takes',
      ),
    tags: z
      .array(
        z
          .string()
          .trim()
          .min(1)
          .max(100)
          .regex(/^[^<>,]*$/, 'no <, > or comma'),
      )
      .max(60)
      .refine(tagsFit, 'together longer than YouTube takes'),
    privacy: z.enum(['public', 'unlisted', 'private']),
    madeForKids: z.boolean(),
    /** The moment whose picture is the thumbnail. */
    thumbnail: cardId,
  })
  .partial()
  .strict()
export type RecapWords = z.infer<typeof recapWords>

/** What one edit does to one card; `words` and `allByMs` are about the whole recap. */
export const change = z.union([
  z.object({ kept: z.boolean() }).strict(),
  z.object({ trim: z.object({ startMs: runtimeMs, endMs: runtimeMs }) }).strict(),
  z.object({ title: title.nullable() }).strict(),
  z.object({ shiftMs: z.number().int().min(-600_000).max(600_000) }).strict(),
  /** Shown before that card; null: last. */
  z.object({ before: cardId.nullable() }).strict(),
  z.object({ mergeWith: cardId }).strict(),
  z.object({ splitAtMs: runtimeMs }).strict(),
  z.object({ allByMs: z.number().int().min(-600_000).max(600_000) }).strict(),
  z.object({ words: recapWords }).strict(),
])
export type Change = z.infer<typeof change>

export const deskCard = z.object({
  id: cardId,
  startMs: z.number(),
  endMs: z.number(),
  /** The streamer's, or the label that most gave it, or its time in the stream. */
  title: z.string(),
  people: z.number(),
  names: z.array(z.string()),
  /** `in` · `budget`: others were wanted more · `dropped`: the streamer's word · `no-vod`: no recording of it · `damaged`: it cannot be read. */
  place: z.enum(['in', 'budget', 'dropped', 'no-vod', 'damaged']),
  /** Of what is in: its length in the recap. */
  lengthMs: z.number(),
})
export type DeskCard = z.infer<typeof deskCard>

export const deskState = z.object({
  recapId: z.string(),
  /** Grows with each edit: who changes what somebody else has changed since is told. */
  edits: z.number(),
  stage: z.enum(['making', 'waiting', 'going-up', 'published', 'dropped', 'empty', 'failed']),
  /** What is being done, in words; empty when nothing is. */
  doing: z.string(),
  videoUrl: z.string().nullable(),
  show: z.object({ title: z.string(), startedAtMs: z.number(), lengthMs: z.number() }),
  /** Echoes in each minute of the show. */
  perMinute: z.array(z.number()),
  /** In the order of the recap. */
  cards: z.array(deskCard),
  budgetMs: z.number(),
  lengthMs: z.number(),
  /** All moments are taken so much later from the recording. */
  allByMs: z.number(),
  /** How positions in the recording are found. */
  timing: z.enum(['measured', 'table']),
  words: recapWords.required({
    title: true,
    description: true,
    tags: true,
    privacy: true,
    madeForKids: true,
  }),
  /** Which of them are the streamer's own. */
  ownWords: z.array(z.string()),
  chapters: z.array(z.object({ atSec: z.number(), title: z.string() })),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
  /** Whether there is a video. */
  made: z.boolean(),
  /** Whether it is of the plan as it is now. */
  fresh: z.boolean(),
  /** Set where the recap will go up by itself, untouched. UTC milliseconds. */
  goesUpAtMs: z.number().nullable(),
  youtube: z.string().nullable(),
  mayPublish: z.boolean(),
  lacks: z.array(z.string()),
})
export type DeskState = z.infer<typeof deskState>

/** `POST edits`: answered with {@link deskState}; 409 with `{sentence, state}` when somebody else changed the same. */
export const editBody = z.object({
  /** `edits` of the state it was made on. */
  seen: z.number().int(),
  /** Empty for the whole recap. */
  card: z.union([cardId, z.literal('')]),
  change,
})
export type EditBody = z.infer<typeof editBody>

/** `GET cards/:id/preview`: the footage around a card, and what of it is the moment. */
export const preview = z.object({
  url: z.string(),
  still: z.string(),
  /** Show runtime of its first picture. */
  startMs: z.number(),
  endMs: z.number(),
})
export type Preview = z.infer<typeof preview>
