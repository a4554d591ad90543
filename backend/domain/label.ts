/** Which of the labels that people gave a moment may be shown to others. */

/** An address, or what looks like one: the panel and the recap are no place for advertising. */
const ADDRESS =
  /(?:https?:\/\/|www\.)|[\w-]{2,}\.(?:com|net|org|tv|gg|io|co|me|ly|de|info|xyz|link|shop|live)\b/i
/** Signs that stand for letters where a word shall not be recognised. */
const LOOKS_LIKE: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/**
 * @param labels the most used first
 * @param bannedWords the streamer's; found in whatever capitals, with accents, spaces or signs between the letters
 */
export function showableLabel(
  labels: readonly (string | null)[],
  bannedWords: readonly string[] = [],
): string | null {
  const banned = bannedWords.map(folded).filter((word) => word.length > 1)
  const showable = (label: string) =>
    !ADDRESS.test(label) && (banned.length === 0 || !banned.some((word) => folded(label).includes(word)))
  return labels.find((label): label is string => label !== null && showable(label)) ?? null
}

/** Letters alone, as they sound: `F.ö_0` → `foo`. */
function folded(text: string): string {
  return [...text.normalize('NFKD').toLowerCase()]
    .map((sign) => LOOKS_LIKE[sign] ?? sign)
    .join('')
    .replace(/[^\p{L}]/gu, '')
}
