/**
 * Each combination of container, frame rate, size, sound and cut, on real decode. The footage shows its frame number and
 * beeps on each second, so that what a viewer sees and hears can be compared with what was asked for.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBeeps, encodePictures, writeVod, type Track } from '../../scripts/sandbox/footage/clock.ts'
import type { Footage } from '../../scripts/sandbox/footage/parts.ts'
import { decode, type Seen } from '../../scripts/sandbox/footage/decode.ts'
import { assemble, type Assembled, type Piece } from './assemble.ts'
import { quietFfmpeg } from './av.ts'
import type { CutMode } from './cut.ts'

const CONTAINERS = ['ts', 'fmp4'] as const
const RATES = [24, 30, 60] as const
const SIZES = ['720p', '1080p', 'change inside'] as const
const SOUNDS = { '44.1 kHz': [44_100, 2], '48 kHz': [48_000, 2], mono: [48_000, 1], none: null } as const
const CUTS = ['keyframe', 'exact'] as const

const SECONDS = 16
const PART_SEC = 4
/** Where the size changes, in the middle of the second moment. */
const CHANGE_SEC = 8
const SPANS = [
  [1.3, 2.7],
  [7.4, 9.3],
  [12.1, 13.52],
] as const
const GOP_SEC = 1

const dir = mkdtempSync(join(tmpdir(), 'matrix-'))
const pictures = new Map<string, Track>()
const sounds = new Map<string, Track>()

beforeAll(() => {
  quietFfmpeg()
  for (const fps of RATES)
    for (const height of [720, 1080])
      for (const [from, to] of [
        [0, CHANGE_SEC],
        [CHANGE_SEC, SECONDS],
      ] as const)
        pictures.set(
          `${fps} ${height} ${from}`,
          encodePictures({ from: from * fps, to: to * fps, fps, height, groupSec: GOP_SEC }),
        )
  for (const [name, sound] of Object.entries(SOUNDS))
    if (sound)
      for (const [from, to] of [
        [0, CHANGE_SEC],
        [CHANGE_SEC, SECONDS],
      ] as const) {
        const whole = encodeBeeps({ seconds: SECONDS, sampleRate: sound[0], channels: sound[1] })
        const inside = (sec: number) => sec >= from && sec < to
        whole.packets = whole.packets.filter((p) => inside(Number(p.pts) / sound[0]))
        sounds.set(`${name} ${from}`, whole)
      }
}, 120_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

type Half = { dir: string; footage: Footage; fromSec: number }

/** The two halves of the VOD, each written by itself: between them the streamer's encoder was started anew. */
function writeHalves(
  name: string,
  container: 'ts' | 'fmp4',
  fps: number,
  heights: [number, number],
  sound: string,
): Half[] {
  return [0, CHANGE_SEC].map((fromSec, n) => {
    const tracks = [pictures.get(`${fps} ${heights[n]} ${fromSec}`), sounds.get(`${sound} ${fromSec}`)]
    const half = join(dir, `${name}-${fromSec}`)
    const footage = writeVod(
      half,
      tracks.filter((t) => t !== undefined),
      { partSec: PART_SEC, container, offsetSec: 1 },
    )
    return { dir: half, footage, fromSec }
  })
}

/** Pieces as the source gives them: of MPEG-TS one with all its parts, of fMP4 one for each initialisation part. */
function piecesOf(
  halves: readonly Half[],
  container: 'ts' | 'fmp4',
  [startSec, endSec]: readonly [number, number],
  n: number,
): Piece[] {
  const name = `moment ${n + 1}`
  const wanted = (half: Half) => {
    let atSec = half.fromSec
    return half.footage.parts.flatMap((durationSec, index) => {
      const part = {
        file: join(half.dir, `${index}.${container === 'ts' ? 'ts' : 'mp4'}`),
        atSec,
        durationSec,
      }
      atSec += durationSec
      return part.atSec < endSec + 0.25 && atSec > startSec ? [part] : []
    })
  }
  if (container === 'ts') {
    const parts = halves.flatMap(wanted)
    const files = parts.map((p) => p.file)
    return [
      {
        name,
        files,
        fileSecs: parts.map((p) => p.durationSec),
        filesStartSec: parts[0]?.atSec ?? 0,
        startSec,
        endSec,
      },
    ]
  }
  return halves.flatMap((half) => {
    const parts = wanted(half)
    const until = half.fromSec + CHANGE_SEC
    const span = { startSec: Math.max(startSec, half.fromSec), endSec: Math.min(endSec, until) }
    if (parts.length === 0 || span.endSec <= span.startSec) return []
    const files = [join(half.dir, 'init.mp4'), ...parts.map((p) => p.file)]
    return [{ name, files, filesStartSec: parts[0]?.atSec ?? 0, ...span }]
  })
}

describe.each(CONTAINERS)('%s', (container) => {
  describe.each(RATES)('%i frames a second', (fps) => {
    describe.each(SIZES)('%s', (size) => {
      describe.each(Object.keys(SOUNDS) as (keyof typeof SOUNDS)[])('sound: %s', (sound) => {
        const name = `${container}-${fps}-${size}-${sound}`.replace(/ /g, '_')
        let halves: Half[]
        beforeAll(() => {
          const heights: [number, number] =
            size === '720p' ? [720, 720] : size === '1080p' ? [1080, 1080] : [720, 1080]
          halves = writeHalves(name, container, fps, heights, sound)
        })
        afterAll(() => {
          for (const half of halves) rmSync(half.dir, { recursive: true, force: true })
        })
        it.each(CUTS)('%s cut', async (cut) => {
          const pieces = SPANS.map((span, n) => piecesOf(halves, container, span, n))
          const file = join(dir, `${name}-${cut}.mp4`)
          const assembled = await assemble(pieces.flat(), file, { cut })
          const seen = decode(file)
          rmSync(file)
          expect(seen.errors).toBe(0)
          expectRightPictures(seen, merged(assembled), { fps, cut })
          expect(assembled.silentSec, 'silence that the source does not have').toBeLessThan(0.1)
          if (sound === 'none') expect(seen.beepsSec).toEqual([])
          else expectInStep(seen, merged(assembled), fps)
        })
      })
    })
  })
})

/** One entry a moment, also where it came in two pieces. */
function merged({ pieces }: Assembled) {
  return SPANS.map((_, n) => {
    const ofMoment = pieces.filter((p) => p.name === `moment ${n + 1}`)
    const durationSec = ofMoment.reduce((sum, p) => sum + p.durationSec, 0)
    return { atSec: ofMoment[0]?.atSec ?? 0, durationSec }
  })
}

type Placed = ReturnType<typeof merged>

function expectRightPictures(seen: Seen, placed: Placed, { fps, cut }: { fps: number; cut: CutMode }): void {
  const frameSec = 1 / fps
  seen.pictures.forEach((p, n) => expect(p.atSec, `time of picture ${n}`).toBeCloseTo(n * frameSec, 3))
  for (const [n, { atSec, durationSec }] of placed.entries()) {
    const [startSec, endSec] = SPANS[n] ?? [0, 0]
    const shown = seen.pictures
      .filter((p) => p.atSec > atSec - frameSec / 2 && p.atSec < atSec + durationSec - frameSec / 2)
      .map((p) => p.frame)
    const [first = NaN, last = NaN] = [shown[0], shown.at(-1)]
    expect(shown, `moment ${n + 1}: no picture lacks, doubles or steps back`).toEqual(
      shown.map((_, i) => first + i),
    )
    if (cut === 'exact') {
      expect(first, `first picture of moment ${n + 1}`).toBe(Math.round(startSec * fps))
      expect(last, `last picture of moment ${n + 1}`).toBe(Math.round(endSec * fps) - 1)
    } else {
      expect(first).toBeLessThanOrEqual(Math.round(startSec * fps))
      expect(first).toBeGreaterThan((startSec - GOP_SEC) * fps)
      expect(last).toBeGreaterThanOrEqual(Math.round(endSec * fps) - 1)
      expect(last).toBeLessThan(endSec * fps + 4)
    }
  }
}

/** A beep belongs to each picture whose number is a whole second. */
function expectInStep(seen: Seen, placed: Placed, fps: number): void {
  const due = seen.pictures.filter(
    (p) =>
      p.frame % fps === 0 &&
      // Here the footage's own sound is cut.
      p.frame !== CHANGE_SEC * fps &&
      placed.some((m) => p.atSec > m.atSec + 0.06 && p.atSec < m.atSec + m.durationSec - 0.1),
  )
  expect(due.length).toBeGreaterThan(2)
  for (const { atSec } of due) {
    const offsets = seen.beepsSec.map((b) => Math.abs(b - atSec))
    expect(Math.min(...offsets), `beep of the picture at ${atSec.toFixed(3)} s`).toBeLessThan(0.02)
  }
}
