/**
 * The process that renders one recap. Native code that reads strange files can crash; here a crash costs a retry and
 * nothing else, memory goes back when it ends, and its processor time is the recap's bill. Started by `render.ts`.
 */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { assemble, type CutPiece } from './assemble.ts'
import { kindOf } from '../../shared/fault.ts'
import { MediaError, quietFfmpeg } from './av.ts'
import { RenderCrash } from './crash.ts'
import { checkRecap } from './check-recap.ts'
import { dress, PLAIN } from './dress.ts'
import type { RenderAnswer, RenderedPiece, RenderOrder } from './render.ts'

process.once('message', (order: RenderOrder) => {
  void render(order).then(
    (answer) => process.send?.(answer, () => process.exit(0)),
    (error: unknown) => process.send?.(failureOf(error), () => process.exit(1)),
  )
})
// The worker that asked is gone: whoever takes over starts anew, under another file name.
process.once('disconnect', () => process.exit(1))

function failureOf(error: unknown): RenderAnswer {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof RenderCrash)
    return { type: 'crashed', message, piece: error.piece || current, byItself: error.byItself }
  if (error instanceof MediaError && error.piece !== undefined)
    return { type: 'failed', kind: 'damaged', message, piece: error.piece }
  // A file that is gone was swept away meanwhile, and is fetched again.
  const isSwept = (error as { code?: string }).code === 'ENOENT'
  return { type: 'failed', kind: isSwept ? 'transient' : kindOf(error), message }
}

/** Says that the work goes on, and with which piece. */
let current = ''
const tell = (sec: number | null, piece = current) => {
  current = piece
  process.send?.({ type: 'progress', sec, piece } satisfies RenderAnswer)
}

async function render({
  pieces,
  file,
  stillsDir,
  cut = 'keyframe',
  look = PLAIN,
  workDir,
}: RenderOrder): Promise<RenderAnswer> {
  setPriority(5)
  quietFfmpeg()
  const unfinished = join(workDir, 'recap.mp4')
  const lookDir = join(workDir, 'look')
  await mkdir(lookDir)
  const dressed = await dress(pieces, look, lookDir, cut, (piece) => tell(null, piece))
  const began = performance.now()
  // The thumbnail of a moment is of the moment, not of what goes before it.
  const mainOf = pieces.map((p, n) => dressed.pieces.findIndex((d) => d.source === n && d.name === p.name))
  const assembled = await assemble(dressed.pieces, unfinished, {
    cut: dressed.cut,
    stillOf: (n) => (mainOf.includes(n) ? stillFile(workDir, mainOf.indexOf(n)) : undefined),
    onPiece: (piece) => tell(null, piece),
    onProgress: (sec) => tell(sec),
  })
  const assembleSec = (performance.now() - began) / 1000 - assembled.stillSec
  // What goes wrong from here on is no piece's fault.
  tell(null, '')
  const finding = checkRecap(unfinished, assembled, dressed.pieces, () => tell(null, ''))
  const sha256 = await sha256Of(unfinished, () => tell(null, ''))
  const { size } = await stat(unfinished)
  const { user, system } = process.cpuUsage()
  const stills = pieces.map((_, n) => stillFile(stillsDir, n))
  for (const [n, still] of stills.entries())
    if (existsSync(stillFile(workDir, n))) await copyFile(stillFile(workDir, n), still)
  // Last: who sees the recap, sees all of it.
  await rename(unfinished, file)
  const asked = pieces.map((piece, n) =>
    together(
      piece.name,
      assembled.pieces.filter((_, d) => dressed.pieces[d]?.source === n),
    ),
  )
  const rendered = {
    ...assembled,
    pieces: asked,
    lacks: dressed.lacks,
    finding,
    file,
    stills,
    bytes: size,
    sha256,
  }
  const peakBytes = peakMemory()
  return { type: 'done', rendered: { ...rendered, cpuSec: (user + system) / 1e6, assembleSec, peakBytes } }
}

/** `maxRSS` begins with what the worker held when it started this process; the kernel's own count does not. */
function peakMemory(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS)
  return kilobytes * 1024
}

/** One buffer for the whole file: streams would hand out a new one for each piece of it. */
async function sha256Of(file: string, onPart: () => void): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(HASHED_BYTES)
  const descriptor = openSync(file, 'r')
  try {
    for (let n = 1, read = readSync(descriptor, buffer); read > 0; n++, read = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, read))
      if (n % TOLD_EACH !== 0) continue
      onPart()
      await new Promise(setImmediate)
    }
    return hash.digest('hex')
  } finally {
    closeSync(descriptor)
  }
}

const HASHED_BYTES = 1 << 20
const TOLD_EACH = 64
const stillFile = (dir: string, n: number) => join(dir, `${n}.jpg`)

/** A piece with what goes before it: a card, a fade. */
function together(name: string, parts: readonly CutPiece[]): RenderedPiece {
  const sum = (of: (part: CutPiece) => number) => parts.reduce((total, part) => total + of(part), 0)
  const main = parts.find((p) => p.name === name) ?? parts[0]
  if (!main) throw new MediaError(`${name}: the span holds no picture`, name)
  const atSec = Math.min(...parts.map((p) => p.atSec))
  return {
    name,
    atSec,
    leadSec: main.atSec - atSec,
    durationSec: sum((p) => p.durationSec),
    sourceStartSec: main.sourceStartSec,
    encodedPictures: sum((p) => p.encodedPictures),
    silentSec: sum((p) => p.silentSec),
  }
}
