/** How each question to Twitch's API is put: with a time limit that really ends it, and with errors that hold no secrets. */
import { ApiClient } from '@twurple/api'
import { HttpStatusCodeError } from '@twurple/api-call'
import type { AuthProvider } from '@twurple/auth'
import { Fault } from '../../shared/fault.ts'
import { faultOf, type CallName } from '../domain/failures.ts'

// twurple leaves it to its users to say what their `fetch` takes.
declare module '@twurple/api-call' {
  interface TwitchApiCallFetchOptions {
    signal?: AbortSignal
  }
}

/** One request. While one hangs, twurple sends no other, so each must end. */
const REQUEST_MS = 15_000
/** Somebody looks at a page and waits. */
export const FOR_A_PAGE_MS = 15_000
/** A round may wait until Twitch takes requests again, which is within a minute. */
export const FOR_A_ROUND_MS = 120_000

export function apiClient(authProvider: AuthProvider): ApiClient {
  return new ApiClient({
    authProvider,
    logger: { minLevel: 'critical' },
    fetchOptions: {
      // Read anew for each request.
      get signal() {
        return AbortSignal.timeout(REQUEST_MS)
      },
    },
  })
}

/**
 * Gives a question a time limit, and turns the library's errors, which hold tokens, into faults that do not. Only what may
 * safely happen twice is asked by way of twurple: after the limit a request that waits in its queue is still sent.
 */
export async function asking<T>(
  what: string,
  call: () => Promise<T>,
  limitMs = FOR_A_PAGE_MS,
  name: CallName = 'helix',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault(`Twitch took too long, asked ${what}`, 'transient')), limitMs)
  })
  try {
    return await Promise.race([call(), late])
  } catch (error) {
    if (error instanceof Fault) throw error
    const status = error instanceof HttpStatusCodeError ? error.statusCode : null
    throw faultOf(name, what, { status }, Date.now())
  } finally {
    clearTimeout(timer)
  }
}
