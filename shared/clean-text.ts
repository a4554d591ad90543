/** Text as people meant it, and labels as they are stored. */

/** Code points; a longer label is cut. */
export const LABEL_MAX = 80

/** Characters that chat clients append or people paste without seeing them. */
const INVISIBLE = /[\u{E0000}-\u{E007F}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]|\u034F/gu
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001F\u007F]/g

/** No invisible or control characters, single spaces, other scripts' digits as ours. */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(CONTROL, ' ')
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/\s+/g, ' ')
    .trim()
}

/** A label as it is stored: cleaned, at most {@link LABEL_MAX} code points; null when nothing is left. */
export function cleanLabel(text: string): string | null {
  const label = [...cleanText(text)].slice(0, LABEL_MAX).join('').trim()
  return label === '' ? null : label
}

/** Unicode puts each script's ten decimal digits in a row that starts at a code point ending a run of non-digits. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  // Mathematical digits (𝟎–𝟿) are five rows without a gap.
  return code >= 0x1d7ce && code <= 0x1d7ff ? (code - 0x1d7ce) % 10 : code - zero
}
