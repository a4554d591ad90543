/**
 * The process that renders one recap. Native code that reads strange files can crash; here a crash costs a retry and
 * nothing else, memory goes back when it ends, and its processor time is the recap's bill. Started by `render.ts`.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { assemble } from './assemble.ts'
import { quietFfmpeg } from './av.ts'
import type { RenderAnswer, RenderRequest } from './render.ts'
import { writeStill } from './still.ts'

process.once('message', (request: RenderRequest) => {
  void render(request).then(
    (answer) => process.send?.(answer, () => process.exit(0)),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      process.send?.({ type: 'failed', message } satisfies RenderAnswer, () => process.exit(1))
    },
  )
})
// The worker that asked is gone: whoever takes over starts anew, under another file name.
process.once('disconnect', () => process.exit(1))

async function render({ pieces, file, stillsDir }: RenderRequest): Promise<RenderAnswer> {
  setPriority(5)
  quietFfmpeg()
  await removeUnfinished(file)
  const unfinished = `${file}.${process.pid}.partial`
  const assembled = await assemble(pieces, unfinished, {
    onProgress: (sec) => process.send?.({ type: 'progress', sec } satisfies RenderAnswer),
  })
  const stills: string[] = []
  for (const [n, piece] of assembled.pieces.entries()) {
    const still = join(stillsDir, `${n}.jpg`)
    writeStill(unfinished, piece.atSec + piece.durationSec / 2, still)
    stills.push(still)
  }
  const hash = createHash('sha256')
  await pipeline(createReadStream(unfinished), hash)
  const { size } = await stat(unfinished)
  await rename(unfinished, file)
  const { user, system } = process.cpuUsage()
  const cpuSec = (user + system) / 1e6
  return {
    type: 'done',
    rendered: { ...assembled, file, stills, bytes: size, sha256: hash.digest('hex'), cpuSec },
  }
}

/** What renderers left behind that were killed. One that only slept through a take-over loses its file, and fails. */
async function removeUnfinished(file: string): Promise<void> {
  const dir = dirname(file)
  for (const name of await readdir(dir)) if (name.endsWith('.partial')) await rm(join(dir, name))
}
