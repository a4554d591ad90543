/** Limits that browsers must know, too: of YouTube, and of what may be uploaded here. */

export const TITLE_MAX = 100
export const DESCRIPTION_MAX_BYTES = 5_000
/** YouTube counts tags joined by commas, and two more signs for one with a space in it. */
export const TAGS_MAX = 500
export const SHORTEST_MOMENT_MS = 1_000
export const LARGEST_CLIP_BYTES = 100_000_000
export const LONGEST_CLIP_SEC = 20

/** Whether YouTube would take these tags. */
export function tagsFit(tags: readonly string[]): boolean {
  const signs = tags.reduce((sum, tag) => sum + [...tag].length + (tag.includes(' ') ? 2 : 0), 0)
  return signs + Math.max(0, tags.length - 1) <= TAGS_MAX
}
