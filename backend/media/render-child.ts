/**
 * The process that renders one recap. Native code that reads strange files can crash; here a crash costs a retry and
 * nothing else, memory goes back when it ends, and its processor time is the recap's bill. Started by `render.ts`.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { assemble } from './assemble.ts'
import { quietFfmpeg } from './av.ts'
import { checkRecap } from './check-recap.ts'
import type { RenderAnswer, RenderRequest } from './render.ts'

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

async function render({ pieces, file, stillsDir, cut = 'keyframe' }: RenderRequest): Promise<RenderAnswer> {
  setPriority(5)
  quietFfmpeg()
  await removeUnfinished(file)
  const unfinished = `${file}.${process.pid}.partial`
  const began = performance.now()
  const assembled = await assemble(pieces, unfinished, {
    cut,
    stillOf: (n) => stillFile(stillsDir, n),
    onProgress: (sec) => process.send?.({ type: 'progress', sec } satisfies RenderAnswer),
  })
  const assembleSec = (performance.now() - began) / 1000
  const finding = checkRecap(unfinished, assembled, pieces)
  const sha256 = sha256Of(unfinished)
  const { size } = await stat(unfinished)
  await rename(unfinished, file)
  const { user, system } = process.cpuUsage()
  const stills = pieces.map((_, n) => stillFile(stillsDir, n))
  const rendered = { ...assembled, finding, file, stills, bytes: size, sha256 }
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return { type: 'done', rendered: { ...rendered, cpuSec: (user + system) / 1e6, assembleSec, peakBytes } }
}

/** One buffer for the whole file: streams would hand out a new one for each piece of it. */
function sha256Of(file: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(HASHED_BYTES)
  const descriptor = openSync(file, 'r')
  try {
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer))
      hash.update(buffer.subarray(0, read))
    return hash.digest('hex')
  } finally {
    closeSync(descriptor)
  }
}

const HASHED_BYTES = 1 << 20
const stillFile = (dir: string, n: number) => join(dir, `${n}.jpg`)

/** What renderers left behind that were killed. One that only slept through a take-over loses its file, and fails. */
async function removeUnfinished(file: string): Promise<void> {
  const dir = dirname(file)
  for (const name of await readdir(dir)) if (name.endsWith('.partial')) await rm(join(dir, name))
}
