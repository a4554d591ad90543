/** The log: one line of JSON per event, secrets blotted out by name wherever they lie. */
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino'

export type Log = Logger

const SECRET_NAMES = [
  'token',
  'accessToken',
  'refreshToken',
  'secret',
  'clientSecret',
  'authorization',
  'cookie',
  'password',
  'session',
]

/** @param to where it goes; standard output without it */
export function makeLog(level: string, to?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_NAMES.flatMap((n) => [n, `*.${n}`, `*.*.${n}`]), censor: '[secret]' },
    serializers: { error: errorText },
  }
  return to ? pino(options, to) : pino(options)
}

/** An error as text: its kind, words and causes, never its other properties (HTTP clients put requests there). */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` ← ${errorText(error.cause)}`
  return `${error.name}: ${error.message}${cause}`
}
