/** Asks for what of the settings only the companion site has. */
import type { DeckAddresses, SiteState } from '../../../../shared/site.ts'

const TIMEOUT_MS = 120_000

export type Outcome<T> = { ok: true; body: T } | { ok: false; sentence: string }

export function makeSiteApi(onState: (state: SiteState) => void) {
  const ask = async <T>(path: string, init: RequestInit = {}): Promise<Outcome<T>> => {
    try {
      const answer = await fetch(`/settings${path}`, {
        ...init,
        headers: { accept: 'application/json', ...init.headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const body = (await answer.json()) as T & { sentence?: string }
      return answer.ok ? { ok: true, body } : { ok: false, sentence: body.sentence ?? 'That did not work.' }
    } catch {
      return { ok: false, sentence: 'No connection to Echoes.' }
    }
  }
  const post = <T>(path: string, body: object) =>
    ask<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const taking = async (asked: Promise<Outcome<SiteState>>): Promise<string> => {
    const outcome = await asked
    if (outcome.ok) onState(outcome.body)
    return outcome.ok ? '' : outcome.sentence
  }
  return {
    async load() {
      const outcome = await ask<SiteState>('/state')
      return outcome.ok ? outcome.body : null
    },
    /** @returns why it did not work; empty when it did */
    editor: (login: string, add: boolean) => taking(post('/editors', { login, add })),
    async hook(kind: 'discord' | 'webhook', url: string) {
      const outcome = await post<{ state: SiteState; secret: string | null }>('/hooks', { kind, url })
      if (outcome.ok) onState(outcome.body.state)
      return outcome
    },
    bucket: (bucket: { url: string; accessKeyId: string; secretAccessKey: string }) =>
      taking(post('/bucket', bucket)),
    async deck(on: boolean) {
      const outcome = await post<DeckAddresses>('/deck', { on })
      if (outcome.ok) onState(outcome.body.state)
      return outcome
    },
    putClip: (place: 'intro' | 'outro', file: File) =>
      taking(ask(`/clips/${place}`, { method: 'PUT', headers: { 'content-type': 'video/mp4' }, body: file })),
    removeClip: (place: 'intro' | 'outro') => taking(ask(`/clips/${place}`, { method: 'DELETE' })),
  }
}

export type SiteApi = ReturnType<typeof makeSiteApi>
