/**
 * What a recap can do without: a first clip that cannot be read, or a fade that cannot be made, must not take the moments
 * with it. The recap is then made without it, and says so.
 */
import type { Look } from './dress.ts'

/** Names of pieces that are no moments. */
export const STYLING = {
  intro: 'the first clip',
  outro: 'the last clip',
  cards: 'a card',
  fades: 'a fade',
  loudness: 'the loudness',
} as const

export type StylingPart = keyof typeof STYLING

/** For people. */
export const LACKS_OF: Record<StylingPart, string> = {
  intro: 'your first clip can’t be read; please upload it again',
  outro: 'your last clip can’t be read; please upload it again',
  cards: 'the cards could not be made',
  fades: 'the moments could not be faded into each other',
  loudness: 'the loudness could not be evened',
}

/** What of the look a piece belongs to; null: it is a moment, or nothing we know. */
export function stylingOf(piece: string | undefined): StylingPart | null {
  const entries = Object.entries(STYLING) as [StylingPart, string][]
  return entries.find(([, name]) => name === piece)?.[0] ?? null
}

export function plainLook(look: Look, without: ReadonlySet<StylingPart>): Look {
  const { intro, outro, title, credits, ...rest } = look
  const cards = without.has('cards')
  return {
    ...rest,
    ...(intro && !without.has('intro') ? { intro } : {}),
    ...(outro && !without.has('outro') ? { outro } : {}),
    ...(title && !cards ? { title } : {}),
    ...(credits && !cards ? { credits } : {}),
    ...(without.has('fades') ? { transition: 'cut' as const } : {}),
    ...(without.has('loudness') ? { loudness: false } : {}),
  }
}
