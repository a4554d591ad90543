/**
 * What Helix takes and refuses, endpoint by endpoint, as far as Echoes and its tests ask: from Twitch's reference
 * (dev.twitch.tv/docs/api/reference), of which `tests/contract.test.ts` has the text, and compares.
 */

export interface Endpoint {
  /** Whose token: the application's, a person's, or either. */
  token: 'app' | 'user' | 'any'
  /** With a person's token, it needs one of these. */
  scopes?: readonly string[]
  /**
   * The query parameter, or field of the body, that must be the person whose token it is; with the application's token, a
   * person who has granted it one of the scopes.
   */
  owner?: string
  /** Query parameters that must be there. */
  required?: readonly string[]
  /** Of these query parameters one must be there, and no other beside it. */
  oneOf?: readonly string[]
  /** Most values of a query parameter. */
  ids?: Record<string, number>
  /** It answers in pages; without `first`, where there is one, of so many. */
  pages?: { first?: { default: number; max: number } }
}

const PAGES = { first: { default: 20, max: 100 } }

export const HELIX: Record<string, Endpoint> = {
  'GET /users': { token: 'any', ids: { id: 100, login: 100 } },
  'GET /streams': { token: 'any', ids: { user_id: 100, user_login: 100 }, pages: PAGES },
  'GET /videos': { token: 'any', oneOf: ['id', 'user_id', 'game_id'], ids: { id: 100 }, pages: PAGES },
  'POST /videos/clips': {
    token: 'any',
    scopes: ['editor:manage:clips', 'channel:manage:clips'],
    owner: 'editor_id',
    required: ['editor_id', 'broadcaster_id', 'vod_id', 'vod_offset', 'title'],
  },
  'GET /clips': {
    token: 'any',
    oneOf: ['broadcaster_id', 'game_id', 'id'],
    ids: { id: 100 },
    pages: PAGES,
  },
  'GET /clips/downloads': {
    token: 'any',
    scopes: ['editor:manage:clips', 'channel:manage:clips'],
    owner: 'editor_id',
    required: ['editor_id', 'broadcaster_id', 'clip_id'],
    ids: { clip_id: 10 },
  },
  'POST /streams/markers': { token: 'user', scopes: ['channel:manage:broadcast'], owner: 'user_id' },
  'GET /streams/markers': {
    token: 'user',
    scopes: ['user:read:broadcast', 'channel:manage:broadcast'],
    oneOf: ['user_id', 'video_id'],
    pages: PAGES,
  },
  'POST /chat/messages': { token: 'any', scopes: ['user:write:chat'] },
  'GET /moderation/moderators': {
    token: 'user',
    scopes: ['moderation:read', 'channel:manage:moderators'],
    owner: 'broadcaster_id',
    required: ['broadcaster_id'],
    ids: { user_id: 100 },
    pages: PAGES,
  },
  'POST /moderation/moderators': {
    token: 'user',
    scopes: ['channel:manage:moderators'],
    owner: 'broadcaster_id',
    required: ['broadcaster_id', 'user_id'],
  },
  'GET /users/extensions': { token: 'any' },
  'GET /search/channels': { token: 'any', required: ['query'], pages: PAGES },
  'GET /channels/followers': {
    token: 'user',
    scopes: ['moderator:read:followers'],
    required: ['broadcaster_id'],
    pages: PAGES,
  },
  'GET /channels/vips': {
    token: 'user',
    scopes: ['channel:read:vips', 'channel:manage:vips'],
    owner: 'broadcaster_id',
    required: ['broadcaster_id'],
    ids: { user_id: 100 },
    pages: PAGES,
  },
  'GET /subscriptions': {
    token: 'user',
    scopes: ['channel:read:subscriptions'],
    owner: 'broadcaster_id',
    required: ['broadcaster_id'],
    ids: { user_id: 100 },
    pages: PAGES,
  },
  'GET /eventsub/subscriptions': { token: 'app', pages: {} },
  'POST /eventsub/subscriptions': { token: 'app' },
  'DELETE /eventsub/subscriptions': { token: 'app', required: ['id'] },
  'POST /extensions/pubsub': { token: 'any' },
}

/** dev.twitch.tv/docs/api/guide#twitch-rate-limits: each request is a point, and the bucket fills evenly. */
export const POINTS_PER_MINUTE = 800
/** Clips and their downloads have limits of their own: facts, and the wording of their reference. */
export const CLIP_REQUESTS_PER_MINUTE = 100
/** dev.twitch.tv/docs/eventsub/manage-subscriptions#subscription-limits */
export const MOST_COST = 10_000
/** Subscriptions in one page; the reference has no parameter for it. */
export const SUBSCRIPTIONS_A_PAGE = 100
/** Signs a condition that the reference has, and not more of the same: enabled ones with one type and condition. */
export const MOST_EQUAL_SUBSCRIPTIONS = 1

// Lenient here: nothing that we know of.
