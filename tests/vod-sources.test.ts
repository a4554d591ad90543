/** The same show by way of clips, and of the streamer's own recording: the recap holds the same pictures. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, vi } from 'vitest'
import fc from 'fast-check'
import { clipsOf } from '../backend/jobs/sources/clips.ts'
import { CLIP_SEC } from '../backend/twitch/clips.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { signIn } from '../scripts/sandbox/visitor.ts'
import { decode } from '../scripts/sandbox/footage/decode.ts'
import { liveStreamer, type Running } from './running.ts'

const FPS = 30
const STREAM_SEC = 150

/** Plays a stream of 150 s with two moments, and waits until its recap is published. */
async function publish(
  settings: Record<string, string>,
  before?: (running: Running, startedAtMs: number) => void,
) {
  const said: [number, string][] = [
    [23, '!echo 10'],
    [113, '!echo 65'],
  ]
  const { running } = await liveStreamer(settings, said, async (started, startedAtMs, visitor) => {
    await visitor.submit(`${started.site}/agreement`, { kind: 'auto_publish' })
    if (settings.VOD_SOURCE === 'clips') await signIn(visitor, started.site, PEOPLE.streamer, '?also=clips')
    before?.(started, startedAtMs)
  })
  const { sandbox, channelId } = running
  sandbox.twitch.end(channelId)
  await vi.waitFor(() => expect(sandbox.google.videos).toHaveLength(1), 60_000)
  return { running, frames: decode(sandbox.google.videos[0]?.file ?? '').pictures.map((p) => p.frame) }
}

/** 10–20 s and 45–110 s, each beginning at most a key frame early and ending a few pictures late. */
function expectMoments(frames: readonly number[]): void {
  const join = frames.findIndex((f, n) => n > 0 && f !== (frames[n - 1] ?? 0) + 1)
  const edges = [frames[0], frames[join - 1], frames[join], frames.at(-1)]
  for (const [n, sec] of [10, 20, 45, 110].entries()) {
    const frame = edges[n] ?? NaN
    expect(frame / FPS).toBeGreaterThan(sec - (n % 2 === 0 ? 2.05 : 0.05))
    expect(frame / FPS).toBeLessThan(sec + (n % 2 === 0 ? 0.05 : 0.15))
  }
  const rest = frames.slice(join + 1)
  expect(
    rest.every((f, n) => f === (rest[n - 1] ?? f - 1) + 1),
    'no picture lacks where clips meet',
  ).toBe(true)
}

describe('clips', () => {
  it('each is made once, longer spans as clips next to each other, and the recap holds them', async () => {
    const { running, frames } = await publish({ VOD_SOURCE: 'clips', CLIP_POLL_MS: '200' })
    expectMoments(frames)
    expect(running.sandbox.clips.ordered.map((c) => [c.startSec, c.endSec])).toEqual([
      [10, 20],
      [45, 77],
      [77, 110],
    ])
  }, 120_000)

  it('cover any span in whole seconds, none too short or too long, none overlapping', () => {
    const span = fc.tuple(
      fc.double({ min: 0, max: 50_000, noNaN: true }),
      fc.double({ min: 0.1, max: 900, noNaN: true }),
    )
    fc.assert(
      fc.property(span, ([startSec, lengthSec]) => {
        const clips = clipsOf({ startSec, endSec: startSec + lengthSec })
        expect(clips[0]?.startSec).toBeLessThanOrEqual(startSec)
        expect(clips.at(-1)?.endSec).toBeGreaterThanOrEqual(startSec + lengthSec)
        for (const [n, clip] of clips.entries()) {
          expect(clip.endSec - clip.startSec).toBeGreaterThanOrEqual(CLIP_SEC.shortest)
          expect(clip.endSec - clip.startSec).toBeLessThanOrEqual(CLIP_SEC.longest)
          expect(Number.isInteger(clip.startSec)).toBe(true)
          if (n > 0) expect(clip.startSec).toBe(clips[n - 1]?.endSec)
        }
      }),
    )
  })
})

it.skipIf(!existsSync('/usr/bin/ffmpeg'))(
  'a recording of the streamer’s own is found by its time, and only read',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'recordings-'))
    const clock = inject('clockVod')
    const parts = readdirSync(clock).filter((f) => f.endsWith('.ts')).length
    const list = `concat:${Array.from({ length: parts }, (_, n) => `${clock}/${n}.ts`).join('|')}`
    const { running, frames } = await publish(
      { VOD_SOURCE: 'file', RECORDINGS_DIR: folder },
      ({ channelId }, startedAtMs) => {
        const own = join(folder, channelId)
        mkdirSync(own)
        const file = join(own, 'evening.mp4')
        execFileSync('ffmpeg', ['-v', 'error', '-i', list, '-c', 'copy', file])
        const end = (startedAtMs + STREAM_SEC * 1000) / 1000
        utimesSync(file, end - 30, end - 30)
        writeFileSync(join(own, 'notes.mp4'), 'not a video')
      },
    )
    // Written 30 s before the end, it began 30 s before the stream: everything lies 30 s later in it.
    expectMoments(frames.map((f) => f - 30 * FPS))
    expect(running.sandbox.video.served.size).toBe(0)
  },
  120_000,
)
