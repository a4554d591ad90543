/**
 * Text on pictures, as ASS (Advanced SubStation): it breaks lines, finds glyphs of any script, and fades. Everything that
 * people have written is text here and nothing else.
 */

export interface CaptionSize {
  width: number
  height: number
}

const FADE_MS = 250

/** A small label in the lower left corner. */
export function labelAss(lines: readonly string[], size: CaptionSize, seconds: number): string {
  const font = Math.round(size.height / 24)
  const margin = Math.round(size.height / 18)
  const [first = '', ...rest] = lines.map(escaped)
  const small = rest.map((line) => `\\N{\\b0\\fs${Math.round(font * 0.7)}}${line}`).join('')
  const text = `{\\fad(${FADE_MS},${FADE_MS})}{\\b1}${first}${small}`
  return ass(size, { font, alignment: 1, margin, box: true }, text, seconds)
}

/** Lines in the middle of a card: the first one large. */
export function cardAss(lines: readonly string[], size: CaptionSize, seconds: number): string {
  const font = Math.round(size.height / 22)
  const [first = '', ...rest] = lines.map(escaped)
  const text = `{\\fad(${FADE_MS},${FADE_MS})}{\\b1\\fs${Math.round(font * 1.8)}}${first}{\\b0\\fs${font}}${rest.map((l) => `\\N${l}`).join('')}`
  return ass(size, { font, alignment: 5, margin: Math.round(size.width / 10), box: false }, text, seconds)
}

function ass(
  { width, height }: CaptionSize,
  style: { font: number; alignment: number; margin: number; box: boolean },
  text: string,
  seconds: number,
): string {
  // Colours are &HAABBGGRR; border style 3 is a box behind the text.
  const colours = '&H00F5F3EE,&H00F5F3EE,&H60140F0C,&H60140F0C'
  const look = `${style.box ? 3 : 1},${style.box ? Math.round(style.font / 3) : 0},0`
  const margins = `${style.margin},${style.margin},${style.margin}`
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${width}`,
    `PlayResY: ${height}`,
    'WrapStyle: 0',
    '',
    '[V4+ Styles]',
    'Format: Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,Encoding',
    `Style: Text,Sans,${style.font},${colours},${look},${style.alignment},${margins},1`,
    '',
    '[Events]',
    'Format: Layer,Start,End,Style,Text',
    `Dialogue: 0,0:00:00.00,${clock(seconds)},Text,${text}`,
    '',
  ].join('\n')
}

/** Braces and backslashes would be commands; a line break would end the line. */
function escaped(text: string): string {
  return text.replace(/\\/g, '⧵').replace(/\{/g, '(').replace(/\}/g, ')').replace(/\s+/g, ' ').trim()
}

function clock(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return `0:${String(minutes).padStart(2, '0')}:${rest.toFixed(2).padStart(5, '0')}`
}
