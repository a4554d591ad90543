/**
 * Puts the look on a plan: cards, labels, cross-fades, loudness become pieces and instructions for the cutter. Only the
 * seconds that it touches are encoded anew.
 */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { assemble, formatOf, type Piece } from './assemble.ts'
import { MediaError, openInput } from './av.ts'
import { RenderCrash } from './crash.ts'
import { labelAss } from './captions.ts'
import type { CutMode } from './cut.ts'
import { STYLING } from './styling.ts'
import { crossFade, gainFor, hasFfmpeg, makeCard, type Canvas } from './look.ts'

export interface Look {
  /** Lines of the card in front; the first is large. */
  title?: string[]
  /** Lines of the card at the end. */
  credits?: string[]
  /** For each piece, the lines of the label on its first seconds; none for null. */
  labels?: (string[] | null)[]
  transition: 'cut' | 'fade'
  /** Evens moments to −14 LUFS. */
  loudness: boolean
  /** Clips of the streamer's. */
  intro?: string
  outro?: string
}

export const PLAIN: Look = { transition: 'cut', loudness: false }

export interface DressedPiece extends Piece {
  /** Index of the piece it comes from, or goes with. */
  source: number | null
}

export interface Dressed {
  pieces: DressedPiece[]
  cut: CutMode
  /** What could not be done here, for people. */
  lacks: string[]
}

const TITLE_SEC = 3
const CREDITS_SEC = 4
const LABEL_SEC = 4
const FADE_SEC = 0.5
/** A moment that is shorter keeps its hard cuts. */
const SHORTEST_FADED_SEC = 4 * FADE_SEC

/** Told again and again while something of a piece is made, so that nobody takes us for hung. */
export type AtWork = (piece: string) => void

/** Each ffmpeg uses about two cores. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2))
const SIGN_OF_LIFE_MS = 10_000

/**
 * @param dir where cards and transitions go; it may be thrown away afterwards
 * @throws {MediaError}
 */
export async function dress(
  pieces: readonly Piece[],
  look: Look,
  dir: string,
  cut: CutMode,
  atWork: AtWork = () => {},
): Promise<Dressed> {
  const working = async <T>(piece: string, work: () => Promise<T>): Promise<T> => {
    atWork(piece)
    const signs = setInterval(() => atWork(piece), SIGN_OF_LIFE_MS)
    try {
      return await work()
    } finally {
      clearInterval(signs)
    }
  }
  const plain = pieces.map((piece, source) => ({ ...piece, source }))
  const wants = look.title ?? look.credits ?? (look.transition === 'fade' || look.loudness || null)
  const lacks =
    wants !== null && !(await hasFfmpeg())
      ? ['this server has no ffmpeg: no cards, fades or even loudness']
      : []
  const { video } = formatOf(pieces, atWork)
  const canvas: Canvas = { width: video.width, height: video.height, fps: video.fps ?? 30 }
  const labelled = await withLabels(plain, look, canvas, dir)
  if (lacks.length > 0) return { pieces: withClips(labelled, look, atWork), cut, lacks }
  const turns = new PQueue({ concurrency: AT_ONCE })
  const even = look.loudness
    ? await turns.addAll(labelled.map((piece) => () => working(STYLING.loudness, () => withGain(piece))))
    : labelled
  const isFaded = look.transition === 'fade' && pieces.length > 1
  const joined = isFaded ? await withFades(even, dir, atWork, working) : even
  const whole = withClips(joined, look, atWork)
  const made = (lines: string[], seconds: number, name: string, source: number | null) =>
    working(STYLING.cards, () => card(lines, canvas, seconds, join(dir, name), source))
  if (look.title) whole.unshift(await made(look.title, TITLE_SEC, 'title.mp4', 0))
  if (look.credits) whole.push(await made(look.credits, CREDITS_SEC, 'credits.mp4', null))
  // What follows a fade must go on exactly where the fade ended.
  return { pieces: whole, cut: isFaded ? 'exact' : cut, lacks }
}

async function withLabels(
  pieces: DressedPiece[],
  { labels }: Look,
  canvas: Canvas,
  dir: string,
): Promise<DressedPiece[]> {
  const made: DressedPiece[] = []
  for (const [n, piece] of pieces.entries()) {
    const lines = labels?.[n]
    if (!lines) {
      made.push(piece)
      continue
    }
    const seconds = Math.min(LABEL_SEC, piece.endSec - piece.startSec)
    const ass = join(dir, `label-${n}.ass`)
    await writeFile(ass, labelAss(lines, canvas, seconds))
    made.push({ ...piece, overlay: { ass, seconds } })
  }
  return made
}

async function withGain(piece: DressedPiece): Promise<DressedPiece> {
  // An initialisation part has no sound by itself; ffmpeg reads it in front of the others.
  const gainDb = await gainFor(
    piece.files,
    piece.startSec - piece.filesStartSec,
    piece.endSec - piece.startSec,
  ).catch((error: unknown) => {
    if (error instanceof RenderCrash) throw blamed(STYLING.loudness, error)
    // Sound that cannot be measured stays as loud as it is; whether the piece can be read is seen when it is cut.
    if (error instanceof MediaError) return 0
    throw error
  })
  return { ...piece, gainDb }
}

/** Between two moments, half a second in which one goes over into the other; it replaces half a second of each. */
async function withFades(
  pieces: DressedPiece[],
  dir: string,
  atWork: AtWork,
  working: <T>(piece: string, work: () => Promise<T>) => Promise<T>,
): Promise<DressedPiece[]> {
  const made: DressedPiece[] = []
  let current = pieces[0]
  for (const [n, next] of pieces.entries()) {
    if (n === 0 || !current) continue
    const long = (p: DressedPiece) => p.endSec - p.startSec >= SHORTEST_FADED_SEC
    if (!long(current) || !long(next)) {
      made.push(current)
      current = next
      continue
    }
    const [a, b, out] = ['a', 'b', 'fade'].map((name) => join(dir, `${name}-${n}.mp4`)) as [
      string,
      string,
      string,
    ]
    const [from, to] = [current, next]
    // A label begins after the fade.
    const exact = { cut: 'exact', onPiece: atWork } as const
    await assemble([{ ...bare(from), startSec: from.endSec - FADE_SEC }], a, exact)
    await assemble([{ ...bare(to), endSec: to.startSec + FADE_SEC }], b, exact)
    await working(STYLING.fades, () =>
      crossFade(a, b, FADE_SEC, out).catch((error: unknown) => {
        throw blamed(STYLING.fades, error)
      }),
    )
    made.push({ ...current, endSec: current.endSec - FADE_SEC })
    made.push(clip(out, FADE_SEC, next.source, STYLING.fades))
    current = { ...next, startSec: next.startSec + FADE_SEC }
  }
  return current ? [...made, current] : made
}

function bare({ overlay: _label, ...piece }: DressedPiece): DressedPiece {
  return piece
}

function withClips(pieces: DressedPiece[], { intro, outro }: Look, atWork: AtWork): DressedPiece[] {
  return [
    ...(intro ? [clip(intro, secondsOf(intro, STYLING.intro, atWork), 0, STYLING.intro)] : []),
    ...pieces,
    ...(outro ? [clip(outro, secondsOf(outro, STYLING.outro, atWork), null, STYLING.outro)] : []),
  ]
}

function secondsOf(file: string, piece: string, atWork: AtWork): number {
  atWork(piece)
  const { context, close } = blaming(piece, () => openInput(file))
  try {
    return Number(context.duration) / 1e6
  } finally {
    close()
  }
}

/** What fails and names no piece, is this piece's fault. */
function blaming<T>(piece: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw blamed(piece, error)
  }
}

function blamed(piece: string, error: unknown): unknown {
  if (error instanceof MediaError)
    return error.piece === undefined ? new MediaError(error.message, piece) : error
  return error instanceof RenderCrash ? new RenderCrash(error.message, piece, error.byItself) : error
}

async function card(lines: string[], canvas: Canvas, seconds: number, out: string, source: number | null) {
  await makeCard(lines, canvas, seconds, out).catch((error: unknown) => {
    throw blamed(STYLING.cards, error)
  })
  return clip(out, seconds, source, STYLING.cards)
}

function clip(file: string, seconds: number, source: number | null, name: string): DressedPiece {
  return { name, files: [file], filesStartSec: 0, startSec: 0, endSec: seconds, source }
}
