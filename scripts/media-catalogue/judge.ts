/** Makes a recap of a source, watches it, and says whether it shows what was asked for. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MediaError } from '../../backend/media/av.ts'
import { assemble, type Assembled, type Piece } from '../../backend/media/assemble.ts'
import { checkRecap } from '../../backend/media/check-recap.ts'
import type { CutMode } from '../../backend/media/cut.ts'
import { fetchDefaults, fetchParts, spanOf } from '../../backend/media/fetch-parts.ts'
import { loadPlaylist } from '../../backend/media/load-playlist.ts'
import { partsOf, windowsOf } from '../../backend/media/windows.ts'
import type { Source } from './catalogue.ts'
import { watch, type Watched } from './seen.ts'

export interface Judgement {
  /** `failed`: an error where a recap was possible; `wrong`: a recap that does not show what was asked for. */
  result: 'right' | 'refused rightly' | 'wrong' | 'failed'
  /** What is wrong, or the error. */
  why: string
  /** The most that a beep is away from its picture. */
  worstAvMs: number
  /** Seconds of sound that came out silent, and were not so in the source. */
  silentMs: number
}

/** What is asked for of each source. */
export const SPANS: readonly (readonly [startSec: number, endSec: number])[] = [
  [1.4, 3.2],
  [5.5, 9.3],
]
const SYNC_MS = 30
/** Milliseconds are what FLV and Matroska count in. */
const ROUNDING_SEC = 0.004
/** Pictures that a key-frame cut may show beyond the end: those that the encoder reordered. */
const REORDERED = 9

export async function judge(source: Source, from: string, cut: CutMode, dir: string): Promise<Judgement> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'recap.mp4')
  rmSync(file, { force: true })
  const none = { worstAvMs: 0, silentMs: 0 }
  let assembled: Assembled
  try {
    const pieces = await piecesOf(from, dir)
    assembled = await assemble(pieces, file, { cut })
    checkRecap(file, assembled, pieces)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const isRight = source.expected === 'refused' && error instanceof MediaError
    return { result: isRight ? 'refused rightly' : 'failed', why, ...none }
  }
  let seen: Watched
  try {
    seen = watch(file)
  } catch (error) {
    return {
      result: 'wrong',
      why: `it cannot be watched: ${String(error).split('\n').slice(0, 2).join(' ')}`,
      ...none,
    }
  }
  const found = compare(source, cut, momentsOf(assembled), seen)
  return { result: found.why === '' ? 'right' : 'wrong', ...found }
}

async function piecesOf(from: string, dir: string): Promise<Piece[]> {
  if (!from.endsWith('.m3u8'))
    return SPANS.map(([startSec, endSec], n) => ({
      name: `moment ${n + 1}`,
      files: [from],
      filesStartSec: 0,
      startSec,
      endSec,
    }))
  const loaded = await loadPlaylist(from)
  if (!loaded.ok) throw new MediaError(loaded.reason)
  const windows = SPANS.map(([startSec, endSec]) => windowsOf(loaded.playlist, { startSec, endSec }))
  const fetched = await fetchParts(partsOf(windows.flat()), join(dir, 'parts'), fetchDefaults())
  return windows.flatMap((own, n) => own.map((w) => ({ name: `moment ${n + 1}`, ...spanOf(w, fetched) })))
}

interface Moment {
  atSec: number
  durationSec: number
}

/** One for each span, also where it came in several pieces. */
function momentsOf({ pieces }: Assembled): Moment[] {
  return SPANS.map((_, n) => {
    const own = pieces.filter((p) => p.name === `moment ${n + 1}`)
    return { atSec: own[0]?.atSec ?? 0, durationSec: own.reduce((sum, p) => sum + p.durationSec, 0) }
  })
}

function compare(
  source: Source,
  cut: CutMode,
  moments: readonly Moment[],
  { pictures, beepsSec, complaints }: Watched,
): Omit<Judgement, 'result'> {
  const found = { why: '', worstAvMs: 0, silentMs: 0 }
  const complain = (why: string) => (found.why ||= why)
  if (complaints !== '') complain(`ffmpeg says: ${complaints.split('\n')[0]}`)
  const { fps, groupSec, missing, hasSound, soundFromSec } = source
  const frameSec = 1 / fps
  const slack = 1 + missing
  for (const [n, { atSec, durationSec }] of moments.entries()) {
    const [startSec = 0, endSec = 0] = SPANS[n] ?? []
    const shown = pictures.filter(
      (p) => p.atSec > atSec - frameSec / 2 && p.atSec < atSec + durationSec - frameSec / 2,
    )
    const name = `moment ${n + 1}`
    const [first, last] = [shown[0], shown.at(-1)]
    if (!first || !last) {
      complain(`${name} shows nothing`)
      continue
    }
    if (shown.some((p) => p.frame < 0)) complain(`${name} has pictures without a clock`)
    const step = shown.findIndex((p, i) => {
      const before = shown[i - 1]?.frame ?? p.frame - 1
      return p.frame <= before || p.frame > before + 1 + missing
    })
    if (step !== -1) complain(`${name}: picture ${shown[step]?.frame} comes after ${shown[step - 1]?.frame}`)
    const early = Math.round(startSec * fps) - first.frame
    const late = last.frame - (Math.round(endSec * fps) - 1)
    const [mostEarly, mostLate] =
      cut === 'exact' ? [slack, slack] : [groupSec * fps + slack, REORDERED + slack]
    if (early > mostEarly || early < -slack) complain(`${name} begins ${early} pictures early`)
    if (late > mostLate || late < -slack) complain(`${name} ends ${late} pictures late`)
    // The first picture of a fragmented file may be moved to where the sound begins.
    const still = shown[1] ?? first
    const wander = shown
      .slice(1)
      .map((p) => Math.abs(p.atSec - still.atSec - (p.frame - still.frame) * frameSec))
    if (Math.max(...wander) > ROUNDING_SEC)
      complain(`${name}: a picture is ${Math.max(...wander).toFixed(3)} s off its time`)
    const [fromSec, toSec] = [first.frame * frameSec, (last.frame + 1) * frameSec]
    for (let sec = Math.ceil(fromSec + 0.06); sec < toSec - 0.1; sec++) {
      if (!hasSound || sec < soundFromSec) continue
      const due = still.atSec + sec - still.frame * frameSec
      const offMs = Math.min(...beepsSec.map((b) => Math.abs(b - due) * 1000), Infinity)
      if (offMs > 250) {
        found.silentMs += 1000
        complain(`${name}: the beep of second ${sec} is not heard`)
      } else found.worstAvMs = Math.max(found.worstAvMs, offMs)
    }
  }
  if (!hasSound && beepsSec.length > 0) complain('it beeps, and its source does not')
  if (found.worstAvMs > SYNC_MS) complain(`a beep is ${Math.round(found.worstAvMs)} ms away from its picture`)
  return found
}
