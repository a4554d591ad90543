/** How each question to Twitch's API is put: with a time limit, and with errors that hold no secrets. */
import { HttpStatusCodeError } from '@twurple/api-call'
import { Fault } from '../../shared/fault.ts'

const TIMEOUT_MS = 15_000

/** Gives each call a time limit, and turns the library's errors, which hold tokens, into faults that do not. */
export async function asking<T>(what: string, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault(`Twitch took too long, asked ${what}`, 'retry')), TIMEOUT_MS)
  })
  try {
    return await Promise.race([call(), late])
  } catch (error) {
    if (error instanceof Fault) throw error
    const status = error instanceof HttpStatusCodeError ? error.statusCode : null
    const permanent = status !== null && status >= 400 && status < 500 && status !== 429 && status !== 401
    const answer = status === null ? 'could not be reached' : `answered ${status}`
    throw new Fault(`Twitch ${answer}, asked ${what}`, permanent ? 'permanent' : 'retry')
  } finally {
    clearTimeout(timer)
  }
}
