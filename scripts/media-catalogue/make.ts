/**
 * Makes recordings by the `ffmpeg` command, as the programs of the world make them: their clock counts pictures, and they beep
 * on each second (footage/clock.ts), so that what comes out of a recap can be compared with what was asked for.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BEEP_LEVEL, drawClock, HEIGHT, WIDTH } from '../sandbox/footage/clock.ts'

export const SECONDS = 12
/** How long a part of a playlist is. */
export const PART_SEC = 4
export const FASTEST_FPS = 60

/** The pictures, as they are before any encoder. @returns the file, made once */
export function rawPictures(dir: string): string {
  const file = join(dir, 'clock.yuv')
  if (existsSync(file)) return file
  mkdirSync(dir, { recursive: true })
  const descriptor = openSync(`${file}.partial`, 'w')
  // Numbers alone tell one picture from the other: the digits are for people, and count at 30 a second.
  for (let n = 0; n < SECONDS * FASTEST_FPS; n++) writeSync(descriptor, drawClock(n, 30))
  closeSync(descriptor)
  renameSync(`${file}.partial`, file)
  return file
}

export interface Recording {
  /** Pictures a second. */
  fps?: number | string
  /** Of the encoder, filters and muxer; before the name of the file. */
  args: readonly string[]
  /** Sound as it is before any encoder; null: none. */
  sound?: { rate?: number; layout?: string; filters?: string } | null
  /** More inputs, after pictures (0) and sound (1). */
  more?: readonly string[]
}

const rateOf = (fps: number | string) => {
  const [num = 30, den = 1] = String(fps).split('/').map(Number)
  return num / den
}

/** Runs ffmpeg into `out`. @throws with what it said */
export function record(raw: string, out: string, { fps = 30, args, sound = {}, more = [] }: Recording): void {
  const size = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(fps)]
  const frames = Math.round(SECONDS * rateOf(fps))
  const beep = `${BEEP_LEVEL}*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,0.05)`
  const { rate = 48_000, layout = 'stereo', filters } = sound ?? {}
  const channels = layout === 'mono' ? 1 : layout === '5.1' ? 6 : layout === '7.1' ? 8 : 2
  const tone = `aevalsrc=${Array.from({ length: channels }, () => beep).join('|')}:s=${rate}:c=${layout}:d=${SECONDS}`
  const heard = sound === null ? [] : ['-f', 'lavfi', '-i', filters ? `${tone},${filters}` : tone]
  const call = ['-y', '-v', 'error', ...size, '-i', raw, ...heard, ...more, '-frames:v', String(frames)]
  execFileSync('ffmpeg', [...call, ...args, out], { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Copies what was recorded into something else. */
export function remux(
  from: string,
  out: string,
  args: readonly string[],
  before: readonly string[] = [],
): void {
  execFileSync(
    'ffmpeg',
    ['-y', '-v', 'error', ...before, '-i', from, '-map', '0', '-c', 'copy', ...args, out],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
}
