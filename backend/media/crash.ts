/** A process that read media ended without an answer: the renderer itself, or an ffmpeg that it started. */
import { Fault } from '../../shared/fault.ts'
import { faultKind } from '../domain/failures.ts'

/** It was killed, ran out of memory, crashed or hung. It may be chance, or the piece it was working on. */
export class RenderCrash extends Fault {
  override name = 'RenderCrash'
  /** Empty where it was working on no piece. */
  readonly piece: string
  /**
   * It crashed or hung in its own work. Otherwise something killed it that need not know what it was working on: the kernel
   * for want of memory, say.
   */
  readonly byItself: boolean

  constructor(message: string, piece: string, byItself: boolean) {
    super(message, faultKind('renderer', { status: null }))
    this.piece = piece
    this.byItself = byItself
  }
}

const OWN_FAULTS = new Set<string>(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'SIGTRAP'])

/** Whether a signal is one that a process gets for what it does itself. */
export function isOwnFault(signal: string | null | undefined): boolean {
  return OWN_FAULTS.has(signal ?? '')
}
