/** What streams are like on bad or new days: other codecs, open groups, wavering rates, wrapped clocks, missing sound. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { encodeBeeps, encodePictures, writeVod, type Track } from '../../scripts/sandbox/footage/clock.ts'
import { decode, type Seen } from '../../scripts/sandbox/footage/decode.ts'
import { assemble, type Piece } from './assemble.ts'
import { quietFfmpeg } from './av.ts'
import { checkRecap } from './check-recap.ts'

const FPS = 30
const SECONDS = 12
const PART_SEC = 4
const dir = mkdtempSync(join(tmpdir(), 'odd-'))
let sound: Track
beforeAll(() => {
  quietFfmpeg()
  sound = encodeBeeps({ seconds: SECONDS, sampleRate: 48_000, channels: 2 })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Vod {
  dir: string
  container: 'ts' | 'fmp4'
}

function vod(name: string, tracks: Track[], container: 'ts' | 'fmp4' = 'ts', offsetSec = 1): Vod {
  writeVod(join(dir, name), tracks, { partSec: PART_SEC, container, offsetSec })
  return { dir: join(dir, name), container }
}

function piece({ dir: from, container }: Vod, startSec: number, endSec: number): Piece {
  const [first, last] = [Math.floor(startSec / PART_SEC), Math.min(2, Math.floor((endSec + 0.2) / PART_SEC))]
  const indexes = Array.from({ length: last - first + 1 }, (_, n) => first + n)
  const span = { name: `${startSec}–${endSec}`, filesStartSec: first * PART_SEC, startSec, endSec }
  if (container === 'fmp4') return { ...span, files: ['init', ...indexes].map((n) => join(from, `${n}.mp4`)) }
  return { ...span, files: indexes.map((n) => join(from, `${n}.ts`)), fileSecs: indexes.map(() => PART_SEC) }
}

async function recap(name: string, pieces: Piece[], cut: 'keyframe' | 'exact') {
  const file = join(dir, `${name}.mp4`)
  const assembled = await assemble(pieces, file, { cut })
  checkRecap(file, assembled, pieces)
  return { file, assembled, seen: decode(file) }
}

/** Exactly the pictures asked for, each a frame after the one before. */
function expectExactly(seen: Seen, spans: [number, number][]): void {
  const wanted = spans.flatMap(([from, to]) => {
    const first = Math.round(from * FPS)
    return Array.from({ length: Math.round(to * FPS) - first }, (_, n) => first + n)
  })
  expect(seen.errors).toBe(0)
  expect(seen.pictures.map((p) => p.frame)).toEqual(wanted)
  seen.pictures.forEach((p, n) => expect(p.atSec).toBeCloseTo(n / FPS, 3))
}

function expectBeeps(seen: Seen): void {
  const due = seen.pictures.filter((p) => p.frame % FPS === 0)
  for (const { atSec } of due.slice(1, -1))
    expect(Math.min(...seen.beepsSec.map((b) => Math.abs(b - atSec)))).toBeLessThan(0.02)
}

const SPANS: [number, number][] = [
  [1.4, 3.2],
  [5.5, 9.3],
]

describe('other codecs are cut exactly, and play on across all joins', () => {
  it.each(['h264', 'hevc', 'av1'] as const)('%s', async (codec) => {
    const pictures = encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS, codec })
    // AV1 does not go into MPEG-TS.
    for (const container of codec === 'av1' ? (['fmp4'] as const) : (['ts', 'fmp4'] as const)) {
      const source = vod(`${codec}-${container}`, [pictures, sound], container)
      const made = await recap(
        `${codec}-${container}`,
        SPANS.map(([a, b]) => piece(source, a, b)),
        'exact',
      )
      expectExactly(made.seen, SPANS)
      expectBeeps(made.seen)
    }
  })

  it('one of another codec among others is brought to the recap’s', async () => {
    const h264 = vod('most', [encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS }), sound])
    const hevc = vod(
      'odd',
      [encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS, codec: 'hevc' }), sound],
      'fmp4',
    )
    const pieces = [piece(h264, 0.2, 4.1), piece(hevc, 5.5, 7), piece(h264, 7.3, 9)]
    const { seen, assembled } = await recap('mixed', pieces, 'exact')
    expectExactly(seen, [
      [0.2, 4.1],
      [5.5, 7],
      [7.3, 9],
    ])
    expectBeeps(seen)
    expect(assembled.pieces[1]?.encodedPictures).toBe(45)
  })
})

describe('pictures', () => {
  it.each(['h264', 'hevc'] as const)(
    '%s with open groups: leading pictures go with what they need',
    async (codec) => {
      const pictures = encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS, codec, openGroups: true })
      const source = vod(`open-${codec}`, [pictures, sound])
      const exact = await recap(
        `open-${codec}`,
        SPANS.map(([a, b]) => piece(source, a, b)),
        'exact',
      )
      expectExactly(exact.seen, SPANS)
      const { seen } = await recap(
        `open-key-${codec}`,
        SPANS.map(([a, b]) => piece(source, a, b)),
        'keyframe',
      )
      expect(seen.errors).toBe(0)
      const frames = seen.pictures.map((p) => p.frame)
      const steps = frames.slice(1).filter((f, n) => f !== (frames[n] ?? 0) + 1)
      expect(steps, 'one join, and no picture lacks elsewhere').toHaveLength(1)
    },
  )

  it('a wavering rate is kept as it is', async () => {
    const jitter = (n: number) => (n % 5 === 3 ? 0.3 : n % 7 === 2 ? -0.2 : 0)
    const source = vod('vfr', [encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS, jitter }), sound])
    const { seen } = await recap('vfr', [piece(source, 1, 3), piece(source, 6, 9)], 'keyframe')
    const at = (n: number) => (n + jitter(n)) / FPS
    const [first] = seen.pictures
    for (const p of seen.pictures.filter((x) => x.frame < 90))
      expect(p.atSec).toBeCloseTo(at(p.frame) - at(first?.frame ?? 0), 3)
    expectBeeps(seen)
  })

  it('the clock of MPEG-TS wraps after 26.5 hours, in the middle of a moment', async () => {
    const wrapSec = 2 ** 33 / 90_000
    const source = vod(
      'wrap',
      [encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS }), sound],
      'ts',
      wrapSec - 6.7,
    )
    const { seen } = await recap(
      'wrap',
      SPANS.map(([a, b]) => piece(source, a, b)),
      'exact',
    )
    expectExactly(seen, SPANS)
    expectBeeps(seen)
  })
})

describe('sound', () => {
  it('that begins late or lacks in a part is silence there, and in step elsewhere', async () => {
    const pictures = encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS })
    const mute = vod('mute', [pictures])
    const full = vod('full', [pictures, sound])
    // The second part has no sound track at all, as muted parts of VODs may be.
    const files = [join(full.dir, '0.ts'), join(mute.dir, '1.ts'), join(full.dir, '2.ts')]
    const source = {
      name: 'muted',
      files,
      fileSecs: [4, 4, 4],
      filesStartSec: 0,
      startSec: 1.4,
      endSec: 10.6,
    }
    const { seen, assembled } = await recap('muted', [source], 'exact')
    expectExactly(seen, [[1.4, 10.6]])
    expect(assembled.silentSec).toBeGreaterThan(3.8)
    expect(assembled.silentSec).toBeLessThan(4.2)
    const heard = seen.beepsSec.map((b) => b + 1.4)
    expect(heard.filter((b) => b > 4.1 && b < 7.9)).toEqual([])
    for (const sec of [2, 3, 8, 9, 10])
      expect(Math.min(...heard.map((b) => Math.abs(b - sec)))).toBeLessThan(0.03)
  })

  it('of another rate or layout is brought to the recap’s', async () => {
    const pictures = encodePictures({ from: 0, to: SECONDS * FPS, fps: FPS })
    const stereo = vod('stereo', [pictures, sound])
    const mono = vod('mono', [pictures, encodeBeeps({ seconds: SECONDS, sampleRate: 44_100, channels: 1 })])
    const pieces = [piece(stereo, 0.2, 4.1), piece(mono, 4.5, 7), piece(stereo, 7.3, 9)]
    const { seen, assembled } = await recap('sounds', pieces, 'exact')
    expectExactly(seen, [
      [0.2, 4.1],
      [4.5, 7],
      [7.3, 9],
    ])
    expectBeeps(seen)
    expect(assembled.silentSec).toBeLessThan(0.05)
  })
})

it('after sixty joins sound and picture are as far apart as at the first: less than 20 ms', async () => {
  const clockVod = inject('clockVod')
  const pieces = Array.from({ length: 60 }, (_, n): Piece => {
    const startSec = 1.13 + n * 2.41
    const first = Math.floor(startSec / 10)
    const files = [first, first + 1].filter((f) => f < 15).map((f) => join(clockVod, `${f}.ts`))
    return {
      name: `${n}`,
      files,
      fileSecs: files.map(() => 10),
      filesStartSec: first * 10,
      startSec,
      endSec: startSec + 1.37,
    }
  })
  for (const cut of ['keyframe', 'exact'] as const) {
    const { seen, assembled } = await recap(`sixty-${cut}`, pieces, cut)
    const due = seen.pictures.filter(
      (p) =>
        p.frame % FPS === 0 &&
        assembled.pieces.some((x) => p.atSec > x.atSec + 0.05 && p.atSec < x.atSec + x.durationSec - 0.1),
    )
    expect(due.length).toBeGreaterThan(40)
    for (const { atSec } of due)
      expect(
        Math.min(...seen.beepsSec.map((b) => Math.abs(b - atSec))),
        `at ${atSec.toFixed(2)} s`,
      ).toBeLessThan(0.02)
    expect(due.at(-1)?.atSec).toBeGreaterThan(assembled.durationSec - 5)
  }
})
