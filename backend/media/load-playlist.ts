/** Reads a playlist from an address or a file, and goes from a master playlist to its best quality. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parsePlaylist, type MediaPlaylist } from './playlist.ts'

const TIMEOUT_MS = 20_000

export interface LoadedPlaylist {
  playlist: MediaPlaylist
  url: string
  /** Bits a second of its quality; null where nothing tells. */
  bandwidth: number | null
}

/** `status`: what the server answered, where it refused. */
type Loaded<T> = ({ ok: true } & T) | { ok: false; reason: string; status?: number }

/** @param source http(s) or file address, or a path */
export async function loadPlaylist(source: string, timeoutMs = TIMEOUT_MS): Promise<Loaded<LoadedPlaylist>> {
  const first = await loadOne(source, timeoutMs)
  if (!first.ok) return first
  if (first.playlist.kind === 'media')
    return { ok: true, playlist: first.playlist, url: first.url, bandwidth: null }
  const best = first.playlist.variants[0]
  if (!best) return { ok: false, reason: 'the master playlist lists no quality' }
  const second = await loadOne(best.url, timeoutMs)
  if (!second.ok)
    return {
      ...second,
      reason: `this is a master playlist, and of its best quality (${best.name}) ${second.reason}`,
    }
  if (second.playlist.kind === 'master')
    return { ok: false, reason: 'the master playlist names another master playlist' }
  return { ok: true, playlist: second.playlist, url: second.url, bandwidth: best.bandwidth || null }
}

async function loadOne(source: string, timeoutMs: number) {
  const url = /^(https?|file):/.test(source) ? source : pathToFileURL(resolve(source)).href
  const text = await readText(url, timeoutMs)
  if (!text.ok) return text
  const parsed = parsePlaylist(text.text, url)
  return parsed.ok ? { ...parsed, url } : parsed
}

async function readText(url: string, timeoutMs: number): Promise<Loaded<{ text: string }>> {
  try {
    if (url.startsWith('file:')) return { ok: true, text: await readFile(new URL(url), 'utf8') }
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok)
      return { ok: false, reason: `the playlist answered ${response.status}`, status: response.status }
    return { ok: true, text: await response.text() }
  } catch (error) {
    const cause =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    return { ok: false, reason: `the playlist could not be read: ${cause}` }
  }
}
