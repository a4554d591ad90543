/**
 * The recap as an edit list, for whoever wants to go on in an editor: CMX 3600 EDL, CSV with time codes, and
 * OpenTimelineIO. Sources are the recordings, times in them; the record side is the recap.
 */
import { momentTitle, type ShownMoment } from './description.ts'

export interface EditedMoment extends ShownMoment {
  pieces: readonly { vodId: string; startSec: number; endSec: number }[]
}

/** Edit lists count frames; Twitch's usual rate, and whole. */
export const EDIT_FPS = 60
const REEL_MAX = 8
const SECONDS_A_DAY = 24 * 60 * 60

/** CMX 3600: reel names of eight characters, non-drop time codes. */
export function edlOf(title: string, moments: readonly EditedMoment[]): string {
  const lines = [`TITLE: ${oneLine(title)}`, 'FCM: NON-DROP FRAME', '']
  let [event, recordSec] = [0, 0]
  for (const moment of moments)
    for (const { vodId, startSec, endSec } of moment.pieces) {
      event++
      const length = endSec - startSec
      const codes = [startSec, endSec, recordSec, recordSec + length].map((s) => timeCode(s)).join(' ')
      // 26.5 hours and more do not fit into a time code: they go round.
      lines.push(`${String(event).padStart(3, '0')}  ${reelOf(vodId)} AA/V  C        ${codes}`)
      lines.push(`* FROM CLIP NAME: ${oneLine(momentTitle(moment))}`, `* SOURCE FILE: ${vodId}`, '')
      recordSec += length
    }
  return lines.join('\r\n')
}

/** RFC 4180, with a header; one row a piece. */
export function csvOf(moments: readonly EditedMoment[]): string {
  const rows = [
    ['moment', 'title', 'recording', 'source in', 'source out', 'recap in', 'recap out', 'people'],
  ]
  let recordSec = 0
  for (const [n, moment] of moments.entries())
    for (const { vodId, startSec, endSec } of moment.pieces) {
      const until = recordSec + endSec - startSec
      const times = [startSec, endSec, recordSec, until].map((s) => timeCode(s))
      rows.push([String(n + 1), momentTitle(moment), vodId, ...times, moment.people.join('; ')])
      recordSec = until
    }
  return `${rows.map((row) => row.map(csvField).join(',')).join('\r\n')}\r\n`
}

/** OpenTimelineIO, schema Timeline.1, one video track. */
export function otioOf(title: string, moments: readonly EditedMoment[]): string {
  const time = (sec: number) => ({
    OTIO_SCHEMA: 'RationalTime.1',
    rate: EDIT_FPS,
    value: Math.round(sec * EDIT_FPS),
  })
  const range = (startSec: number, lengthSec: number) => ({
    OTIO_SCHEMA: 'TimeRange.1',
    start_time: time(startSec),
    duration: time(lengthSec),
  })
  const clips = moments.flatMap((moment) =>
    moment.pieces.map(({ vodId, startSec, endSec }) => ({
      OTIO_SCHEMA: 'Clip.1',
      name: momentTitle(moment),
      source_range: range(startSec, endSec - startSec),
      media_reference: {
        OTIO_SCHEMA: 'ExternalReference.1',
        target_url: `https://www.twitch.tv/videos/${vodId}`,
      },
      metadata: { echoes: { people: moment.people } },
    })),
  )
  const track = { OTIO_SCHEMA: 'Track.1', name: 'Moments', kind: 'Video', children: clips }
  return JSON.stringify(
    {
      OTIO_SCHEMA: 'Timeline.1',
      name: title,
      tracks: { OTIO_SCHEMA: 'Stack.1', name: 'tracks', children: [track] },
    },
    null,
    2,
  )
}

function timeCode(sec: number): string {
  const frames = Math.round((sec % SECONDS_A_DAY) * EDIT_FPS)
  const whole = Math.floor(frames / EDIT_FPS)
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60, frames % EDIT_FPS]
    .map((field) => String(field).padStart(2, '0'))
    .join(':')
}

function reelOf(vodId: string): string {
  return vodId
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(-REEL_MAX)
    .toUpperCase()
    .padEnd(REEL_MAX, ' ')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

/** A field that a spreadsheet would take for a formula is text, too. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
