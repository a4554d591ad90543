import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { decode, type Seen } from '../../scripts/sandbox/footage/decode.ts'
import { assemble, type Assembled, type Piece } from './assemble.ts'
import { quietFfmpeg } from './av.ts'
import { renderRecap } from './render.ts'

const FPS = 30
const FRAME_SEC = 1 / FPS
const clockVod = inject('clockVod')

function piece(startSec: number, endSec: number): Piece {
  const [first, last] = [Math.floor(startSec / 10), Math.min(14, Math.floor((endSec + 0.2) / 10))]
  const files = Array.from({ length: last - first + 1 }, (_, n) => join(clockVod, `${first + n}.ts`))
  return { name: `${startSec}–${endSec}`, files, filesStartSec: first * 10, startSec, endSec }
}

describe('a recap of four moments', () => {
  const pieces = [piece(15.3, 24.7), piece(41.01, 50), piece(82, 90), piece(111.9, 149)]
  const file = join(mkdtempSync(join(tmpdir(), 'assemble-')), 'recap.mp4')
  let assembled: Assembled
  let seen: Seen
  beforeAll(async () => {
    quietFfmpeg()
    assembled = await assemble(pieces, file)
    seen = decode(file)
  })
  const shownIn = (n: number) => {
    const { atSec = 0, durationSec = 0 } = assembled.pieces[n] ?? {}
    return seen.pictures.filter(
      (p) => p.atSec > atSec - FRAME_SEC / 2 && p.atSec < atSec + durationSec - FRAME_SEC / 2,
    )
  }

  it('decodes without an error, and ffmpeg has nothing to say about it', ({ skip }) => {
    expect(seen.errors).toBe(0)
    if (!existsSync('/usr/bin/ffmpeg')) return skip('no ffmpeg here')
    const said = execFileSync('/usr/bin/ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-', '-xerror'], {
      encoding: 'utf8',
    })
    expect(said).toBe('')
  })

  it.each([0, 1, 2, 3])(
    'moment %i begins at most one GOP before its start and ends within a few frames of its end',
    (n) => {
      const shown = shownIn(n)
      const { startSec = 0, endSec = 0 } = pieces[n] ?? {}
      const firstSec = (shown[0]?.frame ?? 0) / FPS
      const lastSec = ((shown.at(-1)?.frame ?? 0) + 1) / FPS
      expect(firstSec).toBeLessThanOrEqual(startSec + FRAME_SEC)
      expect(firstSec).toBeGreaterThan(startSec - 2)
      expect(lastSec).toBeGreaterThanOrEqual(endSec - FRAME_SEC)
      expect(lastSec).toBeLessThan(endSec + 4 * FRAME_SEC)
    },
  )

  it.each([0, 1, 2, 3])('in moment %i no picture is missing, doubled or out of order', (n) => {
    const shown = shownIn(n)
    const first = shown[0]?.frame ?? 0
    expect(shown.map((p) => p.frame)).toEqual(shown.map((_, i) => first + i))
  })

  it('shows a picture each thirtieth of a second, across all joins', () => {
    seen.pictures.forEach((p, i) => expect(p.atSec).toBeCloseTo(i * FRAME_SEC, 3))
  })

  it('keeps sound and picture within 40 ms of each other, at each join and at the end', () => {
    // The clock beeps when the frame number is a multiple of 30.
    const shouldBeep = seen.pictures.filter((p) => p.frame % FPS === 0)
    expect(shouldBeep.length).toBeGreaterThan(60)
    for (const { atSec } of shouldBeep) {
      if (atSec + 0.1 > assembled.durationSec) continue
      const nearest = Math.min(...seen.beepsSec.map((b) => Math.abs(b - atSec)))
      expect(nearest, `beep at ${atSec.toFixed(3)} s`).toBeLessThan(0.04)
    }
  })
})

it('wherever a piece begins, each place for a frame of sound gets one', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'assemble-')), 'recap.mp4')
  // Lengths of pieces that put the grid at every offset to the next piece's frames, half-way included.
  const pieces = Array.from({ length: 24 }, (_, n) => piece(4 * n + 2, 4 * n + 3 + n / FPS))
  const { silentSec } = await assemble(pieces, file)
  expect(silentSec).toBe(0)
})

it('the child process renders the same with thumbnails, and a damaged part is an error with the piece’s name', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'render-'))
  const rendered = await renderRecap({ pieces: [piece(20, 30)], file: join(dir, 'r.mp4'), stillsDir: dir })
  expect(rendered.durationSec).toBeCloseTo(10, 1)
  expect(rendered.stills.map((s) => existsSync(s))).toEqual([true])
  const broken = { ...piece(20, 30), name: 'moment 7', files: [join(clockVod, 'parts.json')] }
  await expect(renderRecap({ pieces: [broken], file: join(dir, 'x.mp4'), stillsDir: dir })).rejects.toThrow(
    'moment 7',
  )
})

it('renderings into one folder leave each other alone, and one that fails, or is ended, leaves nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'render-'))
  const make = (name: string, sec: number) => {
    const stillsDir = join(dir, `${name}-stills`)
    return renderRecap({ pieces: [piece(sec, sec + 10)], file: join(dir, `${name}.mp4`), stillsDir })
  }
  const stop = new AbortController()
  const ended = renderRecap(
    { pieces: [piece(0, 140)], file: join(dir, 'c.mp4'), stillsDir: dir, cut: 'exact' },
    { signal: stop.signal, onProgress: () => stop.abort() },
  )
  const broken = { ...piece(20, 30), files: [join(clockVod, 'parts.json')] }
  const failed = renderRecap({ pieces: [broken], file: join(dir, 'd.mp4'), stillsDir: dir })
  const made = await Promise.allSettled([make('a', 10), make('b', 40), ended, failed])
  expect(made.map((m) => m.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
  expect(readdirSync(dir).sort()).toEqual(['a-stills', 'a.mp4', 'b-stills', 'b.mp4'])
})
