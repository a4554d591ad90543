/**
 * What makes a recap look made: cards, cross-fades, even loudness, the upright short. The only file that drives the
 * system's `ffmpeg` (by fluent-ffmpeg, the owner's choice; archived, so nothing else imports it).
 */
import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import ffmpeg from 'fluent-ffmpeg'
import { Fault } from '../../shared/fault.ts'
import { MediaError } from './av.ts'
import { isOwnFault, RenderCrash } from './crash.ts'
import { cardAss, type CaptionSize } from './captions.ts'
import { quoted } from './encode-pictures.ts'
import { containerOf, readerOptions } from './safe-input.ts'

export interface Canvas extends CaptionSize {
  fps: number
}

/** A command that has run so long hangs. */
const TIMEOUT_SEC = 600
const ENCODED = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-crf',
  '18',
  '-pix_fmt',
  'yuv420p',
  '-bf',
  '0',
  '-threads',
  '2',
]
const SOUND = ['-c:a', 'aac', '-b:a', '160k', '-ar', '48000', '-ac', '2']
/** What YouTube evens loudness to. */
export const TARGET_LUFS = -14
/** Softer than this is silence, or a song far away: made louder, it would be noise. */
const SOFTEST_LUFS = -45
const MOST_GAIN_DB = 18
const BACKGROUND = '0x0c0f14'

/**
 * Whether this machine has an ffmpeg that runs; without one, recaps are plain.
 * @throws {Fault} `transient` where it cannot be started just now
 */
export async function hasFfmpeg(): Promise<boolean> {
  return promisify(execFile)('ffmpeg', ['-version']).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      const lacks = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ETXTBSY'].includes(String(error.code))
      if (!lacks && !('signal' in error && error.signal)) return false
      throw new Fault(`ffmpeg could not be started: ${error.message}`, 'transient')
    },
  )
}

/** A card with text in its middle and silence. @throws {MediaError} */
export async function makeCard(
  lines: readonly string[],
  canvas: Canvas,
  seconds: number,
  out: string,
): Promise<void> {
  const { width, height, fps } = canvas
  const captions = `${out}.ass`
  await writeFile(captions, cardAss(lines, canvas, seconds))
  const picture = `color=c=${BACKGROUND}:s=${width}x${height}:r=${fps}:d=${seconds}`
  try {
    await run(
      ffmpeg()
        .input(picture)
        .inputFormat('lavfi')
        .input('anullsrc=r=48000:cl=stereo')
        .inputFormat('lavfi')
        .videoFilters(`ass=${quoted(captions)}`)
        .outputOptions([...ENCODED, ...SOUND, '-t', String(seconds), '-g', String(Math.round(2 * fps))])
        .output(out),
    )
  } finally {
    await rm(captions, { force: true })
  }
}

/** From one clip into another, both `seconds` long. @throws {MediaError} */
export async function crossFade(a: string, b: string, seconds: number, out: string): Promise<void> {
  const length = seconds.toFixed(4)
  await run(
    read(read(ffmpeg(), [a]), [b])
      .complexFilter([
        `[0:v]settb=AVTB,setpts=PTS-STARTPTS[va];[1:v]settb=AVTB,setpts=PTS-STARTPTS[vb]`,
        `[va][vb]xfade=transition=fade:duration=${length}:offset=0[v]`,
        `[0:a]afade=t=out:st=0:d=${length}[aa];[1:a]afade=t=in:st=0:d=${length}[ab]`,
        '[aa][ab]amix=inputs=2:normalize=0:duration=longest[a]',
      ])
      .outputOptions(['-map', '[v]', '-map', '[a]', ...ENCODED, ...SOUND, '-t', length])
      .output(out),
  )
}

/**
 * How much louder a span of some files is to be; 0 where it is silent, or cannot be measured.
 * @param fromSec from the beginning of the first file
 */
export async function gainFor(files: readonly string[], fromSec: number, seconds: number): Promise<number> {
  const said = await run(
    read(ffmpeg(), files)
      .inputOptions(['-vn', '-ss', Math.max(0, fromSec).toFixed(3), '-t', seconds.toFixed(3)])
      .audioFilters('ebur128=framelog=verbose')
      .outputOptions(['-f', 'null'])
      .output('-'),
  )
  const loudness = Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(said)?.[1] ?? NaN)
  if (!(loudness > SOFTEST_LUFS)) return 0
  return Math.max(-MOST_GAIN_DB, Math.min(MOST_GAIN_DB, TARGET_LUFS - loudness))
}

export type ShortFill = 'crop' | 'blur'

/**
 * An upright video (9:16) of some clips, one after the other: the middle of the picture, or all of it before a blurred
 * copy of itself. @throws {MediaError}
 */
export async function makeShort(clips: readonly string[], fill: ShortFill, out: string): Promise<void> {
  const [width, height] = [1080, 1920]
  const upright = (n: number) =>
    fill === 'crop'
      ? `[${n}:v]crop='min(iw,ih*9/16)':ih,scale=${width}:${height},setsar=1,fps=30,format=yuv420p[v${n}]`
      : `[${n}:v]split[bg${n}][fg${n}];` +
        `[bg${n}]scale=${width}:${height}:force_original_aspect_ratio=increase,crop=${width}:${height},gblur=sigma=24[b${n}];` +
        `[fg${n}]scale=${width}:-2[f${n}];[b${n}][f${n}]overlay=(W-w)/2:(H-h)/2,setsar=1,fps=30,format=yuv420p[v${n}]`
  const sound = (n: number) => `[${n}:a]aresample=48000,aformat=channel_layouts=stereo[a${n}]`
  const command = ffmpeg()
  for (const clip of clips) read(command, [clip])
  const pairs = clips.map((_, n) => `[v${n}][a${n}]`).join('')
  await run(
    command
      .complexFilter([
        ...clips.map((_, n) => upright(n)),
        ...clips.map((_, n) => sound(n)),
        `${pairs}concat=n=${clips.length}:v=1:a=1[v][a]`,
      ])
      .outputOptions(['-map', '[v]', '-map', '[a]', ...ENCODED, ...SOUND, '-movflags', '+faststart'])
      .output(out),
  )
}

/** Reads a file as what it is, and nothing that it names. @throws {MediaError} */
function read(command: ffmpeg.FfmpegCommand, files: readonly string[]): ffmpeg.FfmpegCommand {
  const [first = ''] = files
  const container = containerOf(first)
  if (!container) throw new MediaError(`${first} is no recording or clip that is read here`)
  const isList = files.length > 1
  const options = Object.entries(readerOptions(container, isList)).flatMap(([name, value]) => [
    `-${name}`,
    value,
  ])
  return command
    .input(isList ? `concat:${files.join('|')}` : first)
    .inputFormat(container)
    .inputOptions(options)
}

/** What ffmpeg and the system say of a machine that lacks something at the moment. */
const MACHINE_TROUBLE =
  /No space left on device|Disk quota exceeded|Too many open files|Resource temporarily unavailable|Read-only file system|Cannot find ffmpeg|\b(?:EAGAIN|EMFILE|ENFILE|ENOENT|ETXTBSY)\b/

const OUT_OF_MEMORY = /Cannot allocate memory|\bENOMEM\b/

/** What a failed ffmpeg means. @param stderr all that it said: what it lacked need not be in its last line */
export function ffmpegFault(message: string, stderr: string): Error {
  const last = stderr.trim().split('\n').at(-1) ?? ''
  const text = `ffmpeg failed: ${message} ${last}`.trim()
  const signal = /killed with signal (\w+)/.exec(message)?.[1]
  if (signal) return new RenderCrash(text, '', isOwnFault(signal))
  // Of damaged files, too, ffmpeg says this: their boxes tell of sizes that nobody has.
  if (OUT_OF_MEMORY.test(`${message}\n${stderr}`)) return new RenderCrash(text, '', false)
  if (MACHINE_TROUBLE.test(`${message}\n${stderr}`)) return new Fault(text, 'transient')
  return new MediaError(text)
}

/**
 * @returns what ffmpeg said
 * @throws {MediaError} with its last line; {@link RenderCrash} where it was killed or hung; {@link Fault} `transient` for
 * what the machine lacks
 */
function run(command: ffmpeg.FfmpegCommand): Promise<string> {
  return new Promise((resolve, reject) => {
    let isHung = false
    const timer = setTimeout(() => {
      isHung = true
      command.kill('SIGKILL')
    }, TIMEOUT_SEC * 1000)
    command
      .outputOptions(['-y'])
      .renice(10)
      .on('end', (_stdout, stderr) => {
        clearTimeout(timer)
        resolve(stderr ?? '')
      })
      .on('error', (error, _stdout, stderr) => {
        clearTimeout(timer)
        const hung = () => new RenderCrash(`ffmpeg took more than ${TIMEOUT_SEC} s`, '', true)
        reject(isHung ? hung() : ffmpegFault(error.message, stderr ?? ''))
      })
      .run()
  })
}
