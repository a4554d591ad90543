/**
 * What may be deleted now. Age alone decides: how many streams a channel has never keeps a file (the 2020 service
 * kept week-old videos of channels with fewer than seven streams).
 */

export type MediaKind =
  /** Parts of a VOD as fetched, and what is cut from them: needed until the recap is rendered. */
  | 'work'
  /** The recap and its thumbnails: needed until it is safely published, and then as long as the streamer may look. */
  | 'recap'

export interface StoredMedia {
  key: string
  kind: MediaKind
  createdAtMs: number
  /** The recap is rendered (for `work`) or published or dropped (for `recap`): nothing needs the file any more. */
  done: boolean
  /** What the channel wants; it can only shorten what the rules allow. */
  keepMs?: number
}

export interface RetentionRules {
  /** Twitch allows a cache of its content for at most 24 h. */
  workMaxAgeMs: number
  /** Recaps go at this age, published or not, or at the channel's own where that is less. */
  recapMaxAgeMs: number
}

export interface Deletion {
  key: string
  reason: 'no longer needed' | 'too old'
}

export function deletable(media: readonly StoredMedia[], rules: RetentionRules, nowMs: number): Deletion[] {
  return media.flatMap(({ key, kind, createdAtMs, done, keepMs = Infinity }): Deletion[] => {
    const maxAgeMs = kind === 'work' ? rules.workMaxAgeMs : Math.min(keepMs, rules.recapMaxAgeMs)
    if (nowMs - createdAtMs >= maxAgeMs) return [{ key, reason: 'too old' }]
    return kind === 'work' && done ? [{ key, reason: 'no longer needed' }] : []
  })
}
