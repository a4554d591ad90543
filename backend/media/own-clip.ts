/** A first or last clip of a streamer's own is tried before it is kept: what no recap could show is refused when it comes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import PQueue from 'p-queue'
import { durationOf } from './probe.ts'
import { renderRecap } from './render.ts'

const turns = new PQueue({ concurrency: 1 })

/**
 * Makes a recap of nothing but the clip, as long as it is not too long for one; one clip at a time. Only its first and last
 * pictures are decoded: damage in the middle is not found.
 * @returns how long it plays, seconds
 * @throws {MediaError} when it cannot be shown; a transient {@link Fault} where that could not be found out
 */
export function tryClip(file: string, longestSec: number): Promise<number> {
  return turns.add(() => tryNow(file, longestSec))
}

async function tryNow(file: string, longestSec: number): Promise<number> {
  const seconds = await durationOf(file)
  if (seconds > longestSec) return seconds
  const dir = await mkdtemp(join(dirname(file), 'try-'))
  try {
    const clip = { name: 'the clip', files: [file], filesStartSec: 0, startSec: 0, endSec: seconds }
    await renderRecap({ pieces: [clip], file: join(dir, 'clip.mp4'), stillsDir: dir, cut: 'exact' })
    return seconds
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
