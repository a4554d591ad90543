/**
 * Moments + edits → cards: what the streamer made of the moments. Edits are facts, each about one card and tied to an echo
 * of it; they are applied in the order in which they were made, and of two about the same thing the later counts.
 */
import type { Change, RecapWords } from '../../shared/desk.ts'
import { SHORTEST_MOMENT_MS } from '../../shared/limits.ts'
import { anchored, type Anchor, type Moment } from './moments.ts'

export interface Edit extends Anchor {
  atMs: number
  /** Of a card that was split off: where. 0: the card of the echo itself. */
  part: number
  change: Change
}

export interface Card extends Moment {
  /** The streamer's title. */
  title: string | null
  kept: boolean
  /** The streamer said "keep": before all that is only wanted by others. */
  pinned: boolean
  part: number
}

export const cardIdOf = (echoId: string, part: number) => (part === 0 ? echoId : `${echoId}@${part}`)

/** The echo that names a card, and the part of it. */
export function readCardId(id: string): { echoId: string; part: number } {
  const [echoId = '', part = '0'] = id.split('@')
  return { echoId, part: Number(part) || 0 }
}

/** In the order of the recap: the show's, but for cards that the streamer moved. */
export function cardsOf(moments: readonly Moment[], edits: readonly Edit[]): Card[] {
  let cards = moments.map((m): Card => ({ ...m, title: null, kept: true, pinned: false, part: 0 }))
  for (const edit of edits) cards = applied(cards, edit)
  return cards
}

/** The ids of the moments that the streamer does not want in the recap. */
export function droppedOf(cards: readonly Card[]): Set<string> {
  return new Set(cards.filter((card) => !card.kept).map((card) => card.id))
}

/** By how much all moments are taken later from the recording. */
export function allByOf(edits: readonly Pick<Edit, 'change'>[]): number {
  return edits.reduce((sum, { change }) => sum + ('allByMs' in change ? change.allByMs : 0), 0)
}

/** What the streamer said about the video as a whole. */
export function wordsOf(edits: readonly Pick<Edit, 'change'>[]): RecapWords {
  return Object.assign(
    {},
    ...edits.map(({ change }) => ('words' in change ? change.words : {})),
  ) as RecapWords
}

/** The same thing is changed by both: what two people must not do to each other without knowing. */
export function sameThing(a: Change, b: Change): boolean {
  if ('words' in a && 'words' in b) return Object.keys(a.words).some((field) => field in b.words)
  const spans = (c: Change) => 'trim' in c || 'shiftMs' in c || 'splitAtMs' in c || 'mergeWith' in c
  if (spans(a) && spans(b)) return true
  return Object.keys(a)[0] === Object.keys(b)[0] && !('allByMs' in a)
}

function applied(cards: Card[], edit: Edit): Card[] {
  const { change } = edit
  const card = find(cards, edit)
  if (!card) return cards
  const instead = (next: Partial<Card>) => cards.map((c) => (c === card ? { ...c, ...next } : c))
  if ('kept' in change) return instead({ kept: change.kept, pinned: change.kept })
  if ('title' in change) return instead({ title: change.title || null })
  if ('trim' in change) {
    const { startMs, endMs } = change.trim
    return endMs - startMs < SHORTEST_MOMENT_MS ? cards : instead({ startMs, endMs })
  }
  if ('shiftMs' in change) {
    const byMs = Math.max(-card.startMs, change.shiftMs)
    return instead({ startMs: card.startMs + byMs, endMs: card.endMs + byMs })
  }
  if ('before' in change) return moved(cards, card, change.before)
  if ('mergeWith' in change) return merged(cards, card, change.mergeWith)
  if ('splitAtMs' in change) return split(cards, card, change.splitAtMs)
  return cards
}

function find(cards: readonly Card[], edit: Edit): Card | undefined {
  if (edit.part !== 0) return cards.find((c) => c.id === cardIdOf(edit.echoId, edit.part))
  return anchored(cards.filter((c) => c.part === 0))(edit)
}

function moved(cards: readonly Card[], card: Card, before: string | null): Card[] {
  if (before === card.id) return [...cards]
  const rest = cards.filter((c) => c !== card)
  const at = before === null ? rest.length : rest.findIndex((c) => c.id === before)
  return at === -1 ? [...cards] : [...rest.slice(0, at), card, ...rest.slice(at)]
}

function merged(cards: readonly Card[], card: Card, id: string): Card[] {
  const other = cards.find((c) => c.id === id || (c.part === 0 && c.echoIds.includes(id)))
  if (!other || other === card) return [...cards]
  const whole: Card = {
    ...card,
    startMs: Math.min(card.startMs, other.startMs),
    endMs: Math.max(card.endMs, other.endMs),
    echoIds: [...new Set([...card.echoIds, ...other.echoIds])],
    people: [...new Map([...other.people, ...card.people].map((p) => [p.userId, p])).values()],
    labels: [...new Set([...card.labels, ...other.labels])],
    title: card.title ?? other.title,
    kept: true,
    pinned: card.pinned || other.pinned,
  }
  return cards.filter((c) => c !== other).map((c) => (c === card ? whole : c))
}

/** Both halves keep the people; the second is told from the first by where it was split. */
function split(cards: readonly Card[], card: Card, atMs: number): Card[] {
  const tooShort = atMs - card.startMs < SHORTEST_MOMENT_MS || card.endMs - atMs < SHORTEST_MOMENT_MS
  const id = cardIdOf(readCardId(card.id).echoId, atMs)
  if (tooShort || cards.some((c) => c.id === id)) return [...cards]
  const second: Card = { ...card, id, part: atMs, startMs: atMs, title: null }
  return cards.flatMap((c) => (c === card ? [{ ...c, endMs: atMs }, second] : [c]))
}
