/** Renders a recap in a child process that may crash, hang or be cancelled without harm to the worker. */
import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultKind } from '../../shared/fault.ts'
import { faultKind } from '../domain/failures.ts'
import type { Assembled, CutPiece, Piece } from './assemble.ts'
import { MediaError } from './av.ts'
import { isOwnFault, RenderCrash } from './crash.ts'
import type { Look } from './dress.ts'
import type { Finding } from './check-recap.ts'
import type { CutMode } from './cut.ts'

export interface RenderRequest {
  pieces: Piece[]
  /** The recap (MP4); appears under this name only when it is whole. */
  file: string
  cut?: CutMode
  look?: Look
  /** Where `0.jpg`, `1.jpg` … go: one thumbnail per piece. */
  stillsDir: string
}

/** What the child is told. */
export interface RenderOrder extends RenderRequest {
  /** A folder of this rendering alone, which goes when it ends, however it ends. */
  workDir: string
}

/** A piece as asked for, with the card, clip or fade in front of it. */
export interface RenderedPiece extends CutPiece {
  /** How long what is in front of it takes. */
  leadSec: number
}

export interface Rendered extends Assembled {
  pieces: RenderedPiece[]
  file: string
  stills: string[]
  /** What of the look could not be made here, for people. */
  lacks: string[]
  /** What a look at the finished file showed. */
  finding: Finding
  bytes: number
  sha256: string
  /** Processor seconds of the child, start-up included. */
  cpuSec: number
  /** Wall time of cutting and assembling alone, without thumbnails. */
  assembleSec: number
  /** The most memory the child held at a time. */
  peakBytes: number
}

export type RenderAnswer =
  /** `sec`: written so far; null while nothing is written yet. `piece`: what it is at. */
  | { type: 'progress'; sec: number | null; piece: string }
  | { type: 'done'; rendered: Rendered }
  | { type: 'failed'; kind: FaultKind; message: string; piece?: string }
  /** An ffmpeg that it started was killed, crashed or hung. */
  | { type: 'crashed'; message: string; piece: string; byItself: boolean }

export interface RenderOptions {
  /** A child that has said nothing for so long is taken for hung and killed. */
  silenceMs?: number
  signal?: AbortSignal
  onProgress?: (sec: number) => void
}

/**
 * @throws {MediaError} with its piece where one piece is damaged; {@link RenderCrash}; {@link Fault} `transient` where the
 * machine is at fault, `bug` for what nobody expected
 */
export async function renderRecap(request: RenderRequest, options: RenderOptions = {}): Promise<Rendered> {
  await mkdir(dirname(request.file), { recursive: true })
  await mkdir(request.stillsDir, { recursive: true })
  const workDir = await mkdtemp(join(dirname(request.file), '.render-'))
  try {
    return await inChild({ ...request, workDir }, options)
  } finally {
    // A child that is being ended may write a last file into it.
    await rm(workDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function inChild(order: RenderOrder, options: RenderOptions): Promise<Rendered> {
  const { silenceMs = 120_000, signal, onProgress } = options
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./render-child.ts', import.meta.url)), {
      ...(signal ? { signal } : {}),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2_000)))
    let isHung = false
    const hung = () => {
      isHung = true
      child.kill('SIGKILL')
    }
    let watchdog = setTimeout(hung, silenceMs)
    let piece = ''
    child.on('message', (answer: RenderAnswer) => {
      clearTimeout(watchdog)
      watchdog = setTimeout(hung, silenceMs)
      if (answer.type === 'progress') {
        piece = answer.piece
        if (answer.sec !== null) onProgress?.(answer.sec)
      } else if (answer.type === 'done') resolve(answer.rendered)
      else if (answer.type === 'crashed')
        reject(new RenderCrash(answer.message, answer.piece, answer.byItself))
      else if (answer.kind === 'damaged') reject(new MediaError(answer.message, answer.piece))
      else reject(new Fault(answer.message, answer.kind))
    })
    child.on('error', (error) =>
      reject(
        new Fault(`the renderer could not run: ${error.message}`, faultKind('renderer', { status: null })),
      ),
    )
    child.on('exit', (code, killed) => {
      clearTimeout(watchdog)
      const end = isHung ? 'hung' : killed ? `was ended by ${killed}` : `ended with code ${code}`
      const said = stderr ? `: ${stderr.trim()}` : ''
      reject(
        new RenderCrash(`the renderer ${end} before it was done${said}`, piece, isHung || isOwnFault(killed)),
      )
    })
    child.send(order)
  })
}
