/**
 * The two errors that are thrown on purpose. A refusal is expected: it has a code and a sentence for the person. A
 * fault is not: it has a cause for the operator, and says whether trying again can help.
 */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string

  constructor(code: string, sentence: string) {
    super(sentence)
    this.code = code
  }
}

export class Fault extends Error {
  override name = 'Fault'
  /** `retry`: later it may work. `reauth`: the streamer must connect again. `permanent`: it will not work like this. */
  readonly remedy: 'retry' | 'reauth' | 'permanent'
  /** Not before then, where the other side said so. UTC milliseconds. */
  readonly notBeforeMs: number | undefined

  constructor(
    message: string,
    remedy: 'retry' | 'reauth' | 'permanent',
    options: { cause?: unknown; notBeforeMs?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.remedy = remedy
    this.notBeforeMs = options.notBeforeMs
  }
}
