/** The forms of YouTube's answers. */
import type { Context } from 'hono'
import type { Video } from './facts.ts'

const DEFAULT_PAGE = 5

/** 308: how much of an upload is stored. */
export function incomplete(c: Context, session: { stored: number }) {
  const headers: Record<string, string> = session.stored > 0 ? { range: `bytes=0-${session.stored - 1}` } : {}
  return c.body(null, 308, headers)
}

export function resource(v: Video) {
  const snippet = { title: v.title, description: v.description, tags: v.tags, channelId: v.channelId }
  return {
    kind: 'youtube#video',
    id: v.id,
    snippet,
    status: { uploadStatus: 'uploaded', privacyStatus: v.privacy },
  }
}

/** A page of a list, by the token of the page before. */
export function page(c: Context, kind: string, all: readonly object[]) {
  const size = Number(c.req.query('maxResults') ?? DEFAULT_PAGE)
  const from = Number(c.req.query('pageToken') ?? 0)
  const next = from + size < all.length ? { nextPageToken: String(from + size) } : {}
  const pageInfo = { totalResults: all.length, resultsPerPage: size }
  return { kind, ...next, pageInfo, items: all.slice(from, from + size) }
}

export function problem(c: Context, code: number, reason: string, message: string) {
  return c.json({ error: { code, message, errors: [{ domain: 'youtube', reason, message }] } }, code as 400)
}

// Lenient here: etags and most fields are missing; page tokens are plain numbers.
