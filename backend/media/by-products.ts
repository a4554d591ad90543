/**
 * What else comes of a recap, from its own file and without another fetch: each moment by itself, all of them in a zip,
 * and the upright short of the most wanted ones.
 */
import { createReadStream, type ReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PassThrough } from 'node:stream'
import { ZipFile } from 'yazl'
import { makeShort, type ShortFill } from './look.ts'
import { renderRecap } from './render.ts'

/** Where a moment lies in the recap, which has a key frame there. */
export interface PlacedMoment {
  atSec: number
  durationSec: number
  /** For file names. */
  title: string
}

/** YouTube takes shorts of up to three minutes. */
export const SHORT_SEC = 60

/** Cuts each moment out of `recap` into `dir`, by copying. @returns the files, in order @throws {MediaError} */
export async function cutMoments(
  recap: string,
  moments: readonly PlacedMoment[],
  dir: string,
): Promise<string[]> {
  await mkdir(dir, { recursive: true })
  const files: string[] = []
  for (const [n, { atSec, durationSec, title }] of moments.entries()) {
    const file = join(dir, `${String(n + 1).padStart(2, '0')} ${fileNameOf(title)}.mp4`)
    const stills = await mkdtemp(join(dir, 'stills-'))
    const span = { filesStartSec: 0, startSec: atSec, endSec: atSec + durationSec }
    await renderRecap({ pieces: [{ name: title, files: [recap], ...span }], file, stillsDir: stills })
    await rm(stills, { recursive: true })
    files.push(file)
  }
  return files
}

/** The short of some moments, best first: as many as fit. @returns whether there is one */
export async function cutShort(
  recap: string,
  moments: readonly PlacedMoment[],
  { dir, out, fill }: { dir: string; out: string; fill: ShortFill },
): Promise<boolean> {
  const chosen: PlacedMoment[] = []
  let leftSec = SHORT_SEC
  for (const moment of moments) {
    const durationSec = Math.min(moment.durationSec, leftSec)
    if (durationSec < 1) break
    // An echo is asked for at the end of what happened: of what is too long, the end is kept.
    chosen.push({ ...moment, atSec: moment.atSec + moment.durationSec - durationSec, durationSec })
    leftSec -= durationSec
  }
  if (chosen.length === 0) return false
  const clips = await cutMoments(recap, chosen, dir)
  await makeShort(clips, fill, out)
  return true
}

const READ_BYTES = 1024 * 1024

/**
 * Some files as a zip, read as it is taken: videos do not get smaller, so they are stored as they are. Above 4 GiB the zip
 * is a ZIP64.
 */
export async function* zipOf(files: readonly { name: string; file: string }[]): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  const out = zip.outputStream as PassThrough
  let open: ReadStream | null = null
  for (const { name, file } of files)
    zip.addReadStreamLazy(name, { compress: false }, (take) => {
      open = createReadStream(file, { highWaterMark: READ_BYTES })
      // A file that cannot be read ends what is being taken: half a zip must not look like a whole one.
      open.once('error', (error) => out.destroy(error))
      take(null, open)
    })
  zip.on('error', (error: Error) => out.destroy(error))
  zip.end()
  try {
    for await (const chunk of out) yield chunk as Uint8Array
  } finally {
    // Whoever takes no more leaves no file open.
    ;(open as ReadStream | null)?.destroy()
  }
}

function fileNameOf(title: string): string {
  return (
    title
      .replace(/[:–]/g, '-')
      .replace(/[^\p{L}\p{N} ._()-]/gu, '')
      .trim()
      .slice(0, 60) || 'moment'
  )
}
