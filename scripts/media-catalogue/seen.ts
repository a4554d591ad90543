/** What a viewer sees and hears in a recap, by the system's own ffmpeg: another program than the one that made it. */
import { execFileSync } from 'node:child_process'
import { readClock, WIDTH, HEIGHT, BEEP_LEVEL } from '../sandbox/footage/clock.ts'

export interface Watched {
  /** Each picture: when it is shown, and its number; −1 where it shows no clock. */
  pictures: { atSec: number; frame: number }[]
  beepsSec: number[]
  /** What ffmpeg finds wrong. */
  complaints: string
}

const RATE = 48_000
const SAME_BEEP_SEC = 0.15
/** The line in the middle of the row of squares, which tell a picture's number. */
const SQUARES_Y = 160

export function watch(file: string): Watched {
  const run = (program: string, args: string[]) =>
    execFileSync(program, ['-v', 'error', ...args], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] })
  const all = execFileSync('sh', ['-c', `ffmpeg -v warning -i "$0" -f null - 2>&1 || true`, file]).toString()
  const line = `scale=${WIDTH}:${HEIGHT}:flags=neighbor,format=gray,crop=${WIDTH}:1:0:${SQUARES_Y}`
  const lines = run('ffmpeg', [
    '-i',
    file,
    '-map',
    '0:v:0',
    '-vf',
    line,
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    '-',
  ])
  const times = run('ffprobe', [
    '-select_streams',
    'v:0',
    '-show_entries',
    'frame=best_effort_timestamp_time',
    '-of',
    'csv=p=0',
    file,
  ])
    .toString()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => Number.parseFloat(text))
  const pictures = times.map((atSec, n) => ({
    atSec,
    frame: numberOf(lines.subarray(n * WIDTH, (n + 1) * WIDTH)),
  }))
  return { pictures, beepsSec: beepsIn(run, file), complaints: all.trim() }
}

function numberOf(line: Uint8Array): number {
  try {
    // A picture of one line.
    return readClock(line, 0)
  } catch {
    return -1
  }
}

function beepsIn(run: (program: string, args: string[]) => Buffer, file: string): number[] {
  const tracks = run('ffprobe', [
    '-select_streams',
    'a',
    '-show_entries',
    'stream=start_time',
    '-of',
    'csv=p=0',
    file,
  ])
  const startSec = Number.parseFloat(tracks.toString())
  if (Number.isNaN(startSec)) return []
  const raw = run('ffmpeg', [
    '-i',
    file,
    '-map',
    '0:a:0',
    '-ac',
    '1',
    '-ar',
    String(RATE),
    '-f',
    'f32le',
    '-',
  ])
  const samples = new Float32Array(raw.buffer, raw.byteOffset, Math.floor(raw.length / 4))
  const beeps: number[] = []
  for (const [n, level] of samples.entries()) {
    const sec = startSec + n / RATE
    if (Math.abs(level) > BEEP_LEVEL / 2 && sec - (beeps.at(-1) ?? -1) > SAME_BEEP_SEC) beeps.push(sec)
  }
  return beeps
}
