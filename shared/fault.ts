/**
 * The two errors that are thrown on purpose. A refusal is expected: it has a code and a sentence for the person. A
 * fault is not: it has a cause for the operator, and a kind that says what happens next (docs/failures.md).
 */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string

  constructor(code: string, sentence: string) {
    super(sentence)
    this.code = code
  }
}

/**
 * - `transient`: it passes by itself; tried again, with growing pauses, for hours to days.
 * - `person`: somebody must act, e.g. connect again; parked until they have, and told once.
 * - `quota`: not before a known time; parked until then.
 * - `damaged`: this one input is of no use, or gone; it is left out and named, and the rest goes ahead.
 * - `bug`: we asked for something that makes no sense; only this piece of work stops, and the operator sees it.
 */
export type FaultKind = 'transient' | 'person' | 'quota' | 'damaged' | 'bug'

export class Fault extends Error {
  override name = 'Fault'
  readonly kind: FaultKind
  /** Not before then, where the other side said so; always there with `quota`. UTC milliseconds. */
  readonly notBeforeMs: number | undefined
  /** The status with which the other side refused; without one, nobody knows what it has done. */
  readonly status: number | undefined
  /** The other side surely has not done it: the request never reached it, or was turned away. */
  readonly isUnsent: boolean

  constructor(
    message: string,
    kind: FaultKind,
    options: { cause?: unknown; notBeforeMs?: number; status?: number; isUnsent?: boolean } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.kind = kind
    this.notBeforeMs = options.notBeforeMs
    this.status = options.status
    this.isUnsent = options.isUnsent ?? false
  }
}

/** Error codes of the operating system that say what the machine lacks at the moment, and nothing about the work. */
const MACHINE_TROUBLE = new Set(['ENOSPC', 'EDQUOT', 'ENOMEM', 'EMFILE', 'ENFILE', 'EIO', 'EAGAIN', 'EBUSY'])

/** What any error is: a fault has its kind, what the machine lacks passes, and whatever else is thrown was not expected. */
export function kindOf(error: unknown): FaultKind {
  if (error instanceof Fault) return error.kind
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return MACHINE_TROUBLE.has(code) ? 'transient' : 'bug'
}
