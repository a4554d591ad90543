/** Asks the back end. What it refuses is a value; what cannot be reached is `null`. */
import type { ApiRefusal } from '../shared/api.ts'

export type Answer<T> =
  | { ok: true; body: T; etag: string | null }
  /** The same as before, by its ETag. */
  | { ok: 'same' }
  | { ok: false; status: number; refusal: ApiRefusal }

export interface Ask {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: object
  etag?: string | null
}

const TIMEOUT_MS = 8_000

/** @param ebs address of the back end @param language of the sentences it answers with */
export function makeApi(ebs: string, language: string, token: () => string | null) {
  return async <T>({ method = 'GET', path, body, etag }: Ask): Promise<Answer<T> | null> => {
    const headers: Record<string, string> = {
      authorization: `Bearer ${token() ?? ''}`,
      'accept-language': language,
    }
    if (body) headers['content-type'] = 'application/json'
    if (etag) headers['if-none-match'] = etag
    try {
      const answer = await fetch(ebs + path, {
        method,
        headers,
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      if (answer.status === 304) return { ok: 'same' }
      const read = await answer.json()
      if (answer.ok) return { ok: true, body: read, etag: answer.headers.get('etag') }
      return { ok: false, status: answer.status, refusal: read }
    } catch {
      return null
    }
  }
}

export type Api = ReturnType<typeof makeApi>

/** The back end's address, which the page has from its build. */
export function ebsUrl(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=echoes-ebs]')?.content ?? ''
}
