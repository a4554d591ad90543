/** The languages we speak. Texts themselves stand in text.ts (bot and API) and panel-text.ts (panel). */
export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

/** @param tags language tags, best first, as `Accept-Language` or Twitch's `language` parameter have them */
export function languageOf(tags: string | null | undefined): Language {
  for (const tag of (tags ?? '').split(',')) {
    const known = LANGUAGES.find((l) => tag.trim().toLowerCase().startsWith(l))
    if (known) return known
  }
  return 'en'
}
