/**
 * What else comes of a recap, from its own file and without another fetch: each moment by itself, all of them in a zip,
 * and the upright short of the most wanted ones.
 */
import { Zip, ZipPassThrough } from 'fflate'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
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

/** Some files as a zip, read as it is taken: videos do not get smaller, so they are stored as they are. */
export async function* zipOf(files: readonly { name: string; file: string }[]): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = []
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    ready.push(chunk)
  })
  for (const { name, file } of files) {
    const entry = new ZipPassThrough(name)
    zip.add(entry)
    for await (const chunk of createReadStream(file)) {
      entry.push(new Uint8Array(chunk as Buffer))
      yield* ready.splice(0)
    }
    entry.push(new Uint8Array(), true)
    yield* ready.splice(0)
  }
  zip.end()
  yield* ready.splice(0)
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
