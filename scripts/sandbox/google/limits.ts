/**
 * What YouTube takes and refuses, method by method, as far as Echoes and its tests ask: from YouTube's discovery document,
 * of which `tests/contract.test.ts` has the text, and compares; and what each costs
 * (developers.google.com/youtube/v3/determine_quota_cost, since 2026-06-01).
 */

export interface Method {
  /** Of these, the token has one. */
  scopes: readonly string[]
  /** What `part` may name. */
  parts: readonly string[]
  /** Of these query parameters exactly one is there. */
  filters?: readonly string[]
  /** Other query parameters that must be there. */
  required?: readonly string[]
  maxResults?: { min: number; max: number }
  /** Units of the project's day. Uploads are counted apart. */
  units: number
}

const AUTH = 'https://www.googleapis.com/auth/'
const MANAGE = [`${AUTH}youtube`, `${AUTH}youtube.force-ssl`, `${AUTH}youtubepartner`]
const READ = [...MANAGE, `${AUTH}youtube.readonly`]
const UPLOAD = [...MANAGE, `${AUTH}youtube.upload`]

export const YOUTUBE: Record<string, Method> = {
  'GET /youtube/v3/channels': {
    scopes: [...READ, `${AUTH}youtubepartner-channel-audit`],
    parts: ['id', 'snippet', 'contentDetails', 'statistics', 'status', 'brandingSettings'],
    filters: ['mine', 'id', 'forUsername', 'forHandle', 'categoryId', 'managedByMe', 'mySubscribers'],
    maxResults: { min: 0, max: 50 },
    units: 1,
  },
  'GET /youtube/v3/videos': {
    scopes: READ,
    parts: ['id', 'snippet', 'contentDetails', 'status', 'statistics', 'processingDetails', 'player'],
    filters: ['id', 'chart', 'myRating'],
    maxResults: { min: 1, max: 50 },
    units: 1,
  },
  'GET /youtube/v3/playlists': {
    scopes: READ,
    parts: ['id', 'snippet', 'status', 'contentDetails'],
    filters: ['mine', 'id', 'channelId'],
    maxResults: { min: 0, max: 50 },
    units: 1,
  },
  'POST /youtube/v3/playlists': { scopes: MANAGE, parts: ['id', 'snippet', 'status'], units: 50 },
  'GET /youtube/v3/playlistItems': {
    scopes: READ,
    parts: ['id', 'snippet', 'status', 'contentDetails'],
    filters: ['playlistId', 'id'],
    maxResults: { min: 0, max: 50 },
    units: 1,
  },
  'POST /youtube/v3/playlistItems': {
    scopes: MANAGE,
    parts: ['id', 'snippet', 'status', 'contentDetails'],
    units: 50,
  },
  'POST /upload/youtube/v3/videos': {
    scopes: UPLOAD,
    parts: ['id', 'snippet', 'status', 'recordingDetails', 'localizations'],
    units: 0,
  },
  // Bytes of a session that is open: it was paid for when it was opened.
  'PUT /upload/youtube/v3/videos': { scopes: UPLOAD, parts: [], units: 0 },
  'POST /upload/youtube/v3/thumbnails/set': { scopes: UPLOAD, parts: [], required: ['videoId'], units: 50 },
}

/** Of a new project; more is granted on request. */
export const QUOTA = { units: 10_000, uploads: 100 }
/** `id` takes so many, separated by commas or repeated. */
export const MOST_IDS = 50

// Lenient here: nothing that we know of.
