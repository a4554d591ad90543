/** Which of the labels that people gave a moment may be shown to others. */

/** An address, or what looks like one: the panel and the recap are no place for advertising. */
const ADDRESS =
  /(?:https?:\/\/|www\.)|[\w-]{2,}\.(?:com|net|org|tv|gg|io|co|me|ly|de|info|xyz|link|shop|live)\b/i

/** @param labels the most used first */
export function showableLabel(labels: readonly string[]): string | null {
  return labels.find((label) => !ADDRESS.test(label)) ?? null
}
