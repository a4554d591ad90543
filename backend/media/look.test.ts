import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { kindOf } from '../../shared/fault.ts'
import { encodeBeeps, encodePictures, writeVod } from '../../scripts/sandbox/footage/clock.ts'
import { decode } from '../../scripts/sandbox/footage/decode.ts'
import { assemble, type Piece } from './assemble.ts'
import { MediaError, quietFfmpeg } from './av.ts'
import { labelAss } from './captions.ts'
import type { Look } from './dress.ts'
import { ffmpegFault, gainFor, hasFfmpeg, makeCard, makeShort, TARGET_LUFS } from './look.ts'
import { renderRecap } from './render.ts'

const FPS = 30
const PICTURES = join(import.meta.dirname, '../../.echoes/screens')
beforeAll(() => quietFfmpeg())

const SPANS = [
  [15.3, 24.7],
  [41, 50],
  [82, 90],
] as const

function pieces(): Piece[] {
  return SPANS.map(([startSec, endSec], n) => {
    const first = Math.floor(startSec / 10)
    const files = [first, first + 1].map((f) => join(inject('clockVod'), `${f}.ts`))
    return { name: `moment ${n + 1}`, files, fileSecs: [10, 10], filesStartSec: first * 10, startSec, endSec }
  })
}

async function render(look: Look, cut: 'keyframe' | 'exact' = 'exact') {
  const dir = mkdtempSync(join(tmpdir(), 'look-'))
  const file = join(dir, 'recap.mp4')
  const rendered = await renderRecap({ pieces: pieces(), file, stillsDir: dir, cut, look })
  expect(readdirSync(dir).sort()).toEqual(['0.jpg', '1.jpg', '2.jpg', 'recap.mp4'])
  return { file, rendered }
}

/** A picture of the recap, for people to look at. */
function picture(file: string, atSec: number, name: string): void {
  mkdirSync(PICTURES, { recursive: true })
  execFileSync('ffmpeg', [
    '-y',
    '-v',
    'error',
    '-ss',
    String(atSec),
    '-i',
    file,
    '-frames:v',
    '1',
    '-update',
    '1',
    join(PICTURES, `${name}.png`),
  ])
}

it('what people wrote is text in a label, and no command', () => {
  const ass = labelAss(['{\\p1}m 0 0\nDialogue: 0', 'by vera'], { width: 1920, height: 1080 }, 4)
  expect(ass.match(/^Dialogue:/gm)).toHaveLength(1)
  expect(ass).toContain('(⧵p1)m 0 0 Dialogue: 0')
})

it('what an ffmpeg lacked is told from what it could not read, wherever in its output it says so', () => {
  const full =
    'av_interleaved_write_frame(): No space left on device\n[out#0] Error muxing\nConversion failed!'
  expect(ffmpegFault('ffmpeg exited with code 1', full)).toMatchObject({ kind: 'transient' })
  for (const lack of ['Disk quota exceeded', 'Too many open files'])
    expect(kindOf(ffmpegFault('ffmpeg exited with code 1', `${lack}\nConversion failed!`))).toBe('transient')
  // A damaged file makes ffmpeg say that, too: it is counted, and not waited for without end.
  const memory = ffmpegFault('ffmpeg exited with code 1', 'Cannot allocate memory\nConversion failed!')
  expect(memory).toMatchObject({ name: 'RenderCrash', byItself: false })
  expect(ffmpegFault('spawn EMFILE', '')).toMatchObject({ kind: 'transient' })
  const killed = (signal: string) => ffmpegFault(`ffmpeg was killed with signal ${signal}`, '')
  expect(killed('SIGKILL')).toMatchObject({ name: 'RenderCrash', kind: 'transient', byItself: false })
  expect(killed('SIGSEGV')).toMatchObject({ name: 'RenderCrash', kind: 'transient', byItself: true })
  const unreadable = 'Invalid data found when processing input\nConversion failed!'
  expect(ffmpegFault('ffmpeg exited with code 1', unreadable)).toBeInstanceOf(MediaError)
})

it('without an ffmpeg that runs there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ffmpeg-'))
  vi.stubEnv('PATH', folder)
  expect(await hasFfmpeg()).toBe(false)
  writeFileSync(join(folder, 'ffmpeg'), '#!/bin/sh\nexit 127\n', { mode: 0o644 })
  expect(await hasFfmpeg()).toBe(false)
  chmodSync(join(folder, 'ffmpeg'), 0o755)
  expect(await hasFfmpeg()).toBe(false)
  writeFileSync(join(folder, 'ffmpeg'), '#!/bin/sh\nkill -9 $$\n')
  await expect(hasFfmpeg()).rejects.toMatchObject({ kind: 'transient' })
  vi.unstubAllEnvs()
})

describe.skipIf(!existsSync('/usr/bin/ffmpeg'))('the look', () => {
  it('a full disk is no fault of a card', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'full-'))
    const out = join(folder, 'card.mp4')
    symlinkSync('/dev/full', out)
    const made = makeCard(['A long evening'], { width: 320, height: 180, fps: 30 }, 1, out)
    await expect(made).rejects.toMatchObject({ name: 'Fault', kind: 'transient' })
  })

  it('cards stand in front and behind, and labels on the first seconds: the rest is copied', async () => {
    const labels = [['first blood', 'vera, victor'], null, ['Ein schöner Moment 猫']]
    const { file, rendered } = await render({
      title: ['A long evening', 'the moments of 24 November'],
      credits: ['Thank you', 'vera, victor, modesto'],
      labels,
      transition: 'cut',
      loudness: false,
    })
    expect(rendered.lacks).toEqual([])
    const seconds = SPANS.reduce((sum, [a, b]) => sum + b - a, 0)
    expect(rendered.durationSec).toBeCloseTo(3 + seconds + 4, 0)
    // The card counts as the first moment's: chapters begin at 0.
    expect(rendered.pieces.map((p) => p.atSec)).toEqual([0, expect.closeTo(12.4, 1), expect.closeTo(21.4, 1)])
    // A label of 4 s touches three groups of 2 s at most.
    expect(rendered.pieces[2]?.encodedPictures).toBeLessThanOrEqual(6 * FPS)
    picture(file, 1.5, 'look-title')
    picture(file, 4.5, 'look-label')
    picture(file, 23, 'look-label-scripts')
    picture(file, rendered.durationSec - 1.5, 'look-credits')
  }, 60_000)

  it('a cross-fade takes half a second of both sides, and no picture is lost or shown twice around it', async () => {
    const { file, rendered } = await render({ transition: 'fade', loudness: false })
    const seconds = SPANS.reduce((sum, [a, b]) => sum + b - a, 0)
    expect(rendered.durationSec).toBeCloseTo(seconds - 2 * 0.5, 1)
    const frames = decode(file, { tolerant: true }).pictures
    frames.forEach((p, n) => expect(p.atSec).toBeCloseTo(n / FPS, 2))
    const fadeAt = rendered.pieces[1]?.atSec ?? 0
    const before = frames.filter((p) => p.atSec < fadeAt - 0.001).map((p) => p.frame)
    expect(before).toEqual(before.map((_, n) => 459 + n))
    const after = frames.find((p) => p.atSec > fadeAt + 0.5 - 0.5 / FPS)
    expect(after?.frame).toBe(41.5 * FPS)
    picture(file, fadeAt + 0.25, 'look-fade')
  }, 60_000)

  it('moments come out at −14 LUFS, whatever they went in at; pictures are copied all the same', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loud-'))
    const pictures = encodePictures({ from: 0, to: 12 * FPS, fps: FPS })
    const tones = [0.05, 0.9].map((level, n): Piece => {
      const tone = encodeBeeps({ seconds: 12, sampleRate: 48_000, channels: 2, level, beepSec: 1 })
      writeVod(join(dir, `${n}`), [pictures, tone], { partSec: 12, container: 'ts' })
      const files = [join(dir, `${n}`, '0.ts')]
      return { name: `moment ${n + 1}`, files, filesStartSec: 0, startSec: 2, endSec: 10 }
    })
    const gainsBefore = await Promise.all(tones.map((t) => gainFor(t.files, 2, 8)))
    expect(gainsBefore[0]).toBeGreaterThan(10)
    expect(gainsBefore[1]).toBeLessThan(-10)
    const file = join(dir, 'recap.mp4')
    const look: Look = { transition: 'cut', loudness: true }
    const rendered = await renderRecap({ pieces: tones, file, stillsDir: dir, look })
    expect(rendered.pieces.map((p) => p.encodedPictures)).toEqual([0, 0])
    for (const { atSec, durationSec } of rendered.pieces)
      expect(
        Math.abs(await gainFor([file], atSec + 0.2, durationSec - 0.4)),
        `${TARGET_LUFS} LUFS`,
      ).toBeLessThan(1)
  }, 60_000)

  it.each(['crop', 'blur'] as const)(
    'an upright short: %s',
    async (fill) => {
      const dir = mkdtempSync(join(tmpdir(), 'short-'))
      const [file, out] = [join(dir, 'clip.mp4'), join(dir, 'short.mp4')]
      const [first] = pieces()
      if (first) await assemble([{ ...first, endSec: first.startSec + 2 }], file, { cut: 'exact' })
      await makeShort([file], fill, out)
      const shape = ['-select_streams', 'v', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', out]
      expect(execFileSync('ffprobe', ['-v', 'error', ...shape], { encoding: 'utf8' }).trim()).toBe(
        '1080,1920',
      )
      picture(out, 1, `short-${fill}`)
    },
    60_000,
  )
})
