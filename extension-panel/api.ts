/** Asks the back end. What it refuses, and what cannot be reached, is a value with a sentence for the viewer. */
import type { ApiRefusal } from '../shared/api.ts'

export interface Answer<T> {
  ok: boolean
  /** HTTP's; 0 when there was no answer. 304: the same as before, by its ETag. */
  status: number
  /** What was asked for when `ok`; with a refusal, what came with it. */
  body: T
  /** Why it did not work. */
  sentence: string
  etag?: string | null
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: object | undefined
  etag?: string | null | undefined
}

const TIMEOUT_MS = 8_000

export interface Api {
  /** Twitch's, the newest; empty until there is one. */
  token: string
  ask<T>(path: string, ask?: Ask): Promise<Answer<T>>
}

/** The back end's address, which the build puts here (scripts/extension/build.ts). */
declare const EBS_URL: string

/**
 * @param language of the sentences it answers with
 * @param lost the sentence when it does not answer
 */
export function makeApi(language: string, lost: string): Api {
  const ask = async <T>(path: string, { method = 'GET', body, etag }: Ask = {}): Promise<Answer<T>> => {
    try {
      const answer = await fetch(EBS_URL + path, {
        method,
        headers: {
          authorization: `Bearer ${api.token}`,
          'accept-language': language,
          'content-type': 'application/json',
          'if-none-match': etag ?? '',
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        body: body && JSON.stringify(body),
      } as RequestInit)
      const { ok, status } = answer
      const read = status === 304 ? {} : ((await answer.json()) as T & ApiRefusal)
      return {
        ok,
        status,
        body: read as T,
        sentence: (read as ApiRefusal).sentence,
        etag: answer.headers.get('etag'),
      }
    } catch {
      return { ok: false, status: 0, body: {} as T, sentence: lost }
    }
  }
  const api = { token: '', ask }
  return api
}
