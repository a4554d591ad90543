/**
 * What YouTube is told about a recap: title, description, chapters, credits, inside YouTube's limits (title 100
 * characters, description 5,000 bytes of UTF-8, no `<` or `>`; chapters: the first at 0:00, at least three, each at
 * least 10 s, else YouTube ignores them all).
 */
import { positionText } from '../../shared/time-text.ts'

export interface ShownMoment {
  /** Where it begins in the recap. */
  atSec: number
  durationSec: number
  label: string | null
  /** Position in the stream, for a moment without a label. */
  runtimeMs: number
  people: string[]
  /** People whose names are not known. */
  unnamed: number
}

export interface Chapter {
  atSec: number
  title: string
}

const TITLE_MAX = 100
const DESCRIPTION_MAX_BYTES = 5_000
const SHORTEST_CHAPTER_SEC = 10
const FEWEST_CHAPTERS = 3

export interface ShownStream {
  title: string
  startedAtMs: number
  /** What was played first; empty where that is not known. */
  game?: string
}

const dayOf = (stream: ShownStream) => new Date(stream.startedAtMs).toISOString().slice(0, 10)

function filled(template: string, stream: ShownStream): string {
  const places = { title: stream.title, date: dayOf(stream), game: stream.game ?? '' }
  return template.replace(/\{(title|date|game)\}/g, (_, name: keyof typeof places) => places[name])
}

/** The title from the channel's template: `{title}` is the stream's, `{date}` its day (UTC), `{game}` what was played. */
export function titleOf(template: string, stream: ShownStream): string {
  return fit(plain(filled(template, stream)), TITLE_MAX) || `Stream recap ${dayOf(stream)}`
}

/** Chapters that YouTube will take; a moment under 10 s belongs to the chapter before it. Empty when there would be under three. */
export function chaptersOf(moments: readonly ShownMoment[], totalSec: number): Chapter[] {
  const chapters: Chapter[] = []
  for (const moment of moments) {
    const atSec = chapters.length === 0 ? 0 : Math.floor(moment.atSec)
    const last = chapters.at(-1)
    if (last && atSec - last.atSec < SHORTEST_CHAPTER_SEC) continue
    chapters.push({ atSec, title: momentTitle(moment) })
  }
  while (chapters.length > 0 && totalSec - (chapters.at(-1)?.atSec ?? 0) < SHORTEST_CHAPTER_SEC)
    chapters.pop()
  return chapters.length >= FEWEST_CHAPTERS ? chapters : []
}

/**
 * The description from the channel's template: beside the title's places `{channel}`, `{chapters}` and `{credits}`. What
 * has nothing to say leaves no empty lines.
 */
export function descriptionOf(
  template: string,
  stream: ShownStream,
  moments: readonly ShownMoment[],
  totalSec: number,
  channelLogin: string,
): string {
  const people = [...new Set(moments.flatMap((m) => m.people))]
  const chapters = chaptersOf(moments, totalSec)
    .map((c) => `${positionText(c.atSec)} ${c.title}`)
    .join('\n')
  const credits = creditsOf(people.map(plain), Math.max(0, ...moments.map((m) => m.unnamed)))
  const places = { channel: `https://www.twitch.tv/${channelLogin}`, chapters, credits }
  const text = filled(template, stream)
    .replace(/[<>]/g, '')
    .replace(/\{(channel|chapters|credits)\}/g, (_, name: keyof typeof places) => places[name])
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return fitBytes(text, DESCRIPTION_MAX_BYTES)
}

/** Viewers without a name are counted by the moment that most of them wanted: they may be the same in each. */
function creditsOf(names: string[], unnamed: number): string {
  const others = unnamed > 0 ? [unnamed === 1 ? 'a viewer' : `${unnamed} viewers`] : []
  const all = [...names, ...others]
  return all.length > 0 ? `Echoes by ${all.join(', ')}` : ''
}

/** What a moment is called: its label, or its time in the stream. */
export function momentTitle(moment: Pick<ShownMoment, 'label' | 'runtimeMs'>): string {
  const label = moment.label ? plain(moment.label) : ''
  return label === '' ? `At ${positionText(moment.runtimeMs / 1000)} of the stream` : fit(label, TITLE_MAX)
}

/** Text without what YouTube refuses. */
function plain(text: string): string {
  return text.replace(/[<>]/g, '').replace(/\s+/g, ' ').trim()
}

function fit(text: string, max: number): string {
  const points = [...text]
  return points.length <= max
    ? text
    : `${points
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`
}

function fitBytes(text: string, max: number): string {
  if (new TextEncoder().encode(text).length <= max) return text
  const ellipsisBytes = 3
  let end = 0
  let bytes = 0
  for (const point of text) {
    const size = new TextEncoder().encode(point).length
    if (bytes + size > max - ellipsisBytes) break
    bytes += size
    end += point.length
  }
  return `${text.slice(0, end)}…`
}
