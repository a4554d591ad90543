/** The companion site's settings beside the channel's own: editors, Stream Deck, notices, first and last clip. */
import { z } from 'zod'

export const siteState = z.object({
  siteUrl: z.string(),
  editors: z.array(z.object({ userId: z.string(), login: z.string() })),
  /** When the Stream Deck's addresses were made; null: there are none. UTC milliseconds. */
  deckSinceMs: z.number().nullable(),
  hooks: z.array(
    z.object({
      kind: z.enum(['discord', 'webhook']),
      /** Where it leads, without what is secret of it. */
      host: z.string(),
      failure: z.string().nullable(),
    }),
  ),
  /** The streamer's own, to which recaps are copied. */
  bucket: z.object({ place: z.string(), failure: z.string().nullable() }).nullable(),
  clips: z.array(z.object({ place: z.enum(['intro', 'outro']), url: z.string() })),
  email: z.string().nullable(),
  /** Whether Echoes costs something here. */
  billing: z.boolean(),
  /** The most that the operator keeps recaps. */
  longestKeepMs: z.number(),
})
export type SiteState = z.infer<typeof siteState>

/** `POST /settings/editors`: answered with {@link siteState}. */
export const editorBody = z.object({ login: z.string().trim().min(1).max(60), add: z.boolean() })
/** `POST /settings/hooks`; an empty address removes it. Answered with {@link siteState}; a new webhook's secret comes once. */
export const hookBody = z.object({ kind: z.enum(['discord', 'webhook']), url: z.string().trim().max(2_000) })
/** `POST /settings/bucket`; an empty address removes it. Answered with {@link siteState}. */
export const bucketBody = z.object({
  url: z.string().trim().max(2_000),
  accessKeyId: z.string().trim().max(200),
  secretAccessKey: z.string().trim().max(200),
})
/** `POST /settings/deck`: answered with the addresses, which are shown once. */
export const deckBody = z.object({ on: z.boolean() })
export const deckAddresses = z.object({
  state: siteState,
  addresses: z.array(z.object({ name: z.string(), url: z.string() })),
})
export type DeckAddresses = z.infer<typeof deckAddresses>
