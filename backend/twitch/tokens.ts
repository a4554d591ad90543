/**
 * Twitch tokens for twurple: the app's own, and each streamer's from the store.
 *
 * Not twurple's RefreshingAuthProvider: it tells of a refresh without waiting for the new token to be stored, although
 * Twitch has already made the old one invalid, and it remembers a network error as if the token were dead.
 */
import { accessTokenIsExpired, getAppToken, refreshUserToken } from '@twurple/auth'
import type { AccessToken, AccessTokenWithUserId, AuthProvider } from '@twurple/auth'
import { extractUserId, type UserIdResolvable } from '@twurple/common'
import { HttpStatusCodeError } from '@twurple/api-call'
import { Fault } from '../../shared/fault.ts'
import { faultOf, GRANT_GONE } from '../domain/failures.ts'

export interface TwitchTokens {
  accessToken: string
  refreshToken: string
  /** UTC milliseconds. */
  obtainedAtMs: number
  expiresInSec: number | null
  scopes: string[]
}

/** Where streamers' tokens are kept; the store sees to it that one process at a time renews a grant. */
export interface TwitchTokenStore {
  read(userId: string): Promise<TwitchTokens | null>
  /** `renew` gets the tokens as stored now and returns new ones; null means that the grant is dead. */
  renew(
    userId: string,
    renew: (tokens: TwitchTokens) => Promise<TwitchTokens | null>,
  ): Promise<TwitchTokens | null>
}

export function storedAuthProvider(
  clientId: string,
  clientSecret: string,
  store: TwitchTokenStore,
): AuthProvider {
  let appToken: Promise<AccessToken> | undefined
  const app = async (forceNew = false): Promise<AccessToken> => {
    if (forceNew) appToken = undefined
    appToken ??= getAppToken(clientId, clientSecret)
    try {
      const token = await appToken
      if (!accessTokenIsExpired(token)) return token
      appToken = getAppToken(clientId, clientSecret)
      return await appToken
    } catch (error) {
      appToken = undefined // a failure is not remembered
      throw error
    }
  }
  const refresh = async (user: UserIdResolvable): Promise<AccessTokenWithUserId> => {
    const userId = extractUserId(user)
    const seen = await store.read(userId)
    const tokens = await store.renew(userId, async (current) => {
      if (seen && current.accessToken !== seen.accessToken) return current // another process was faster
      try {
        const fresh = await refreshUserToken(clientId, clientSecret, current.refreshToken)
        return {
          accessToken: fresh.accessToken,
          refreshToken: fresh.refreshToken ?? current.refreshToken,
          obtainedAtMs: fresh.obtainmentTimestamp,
          expiresInSec: fresh.expiresIn,
          scopes: fresh.scope,
        }
      } catch (error) {
        const status = error instanceof HttpStatusCodeError ? error.statusCode : null
        const isGone = error instanceof HttpStatusCodeError && /invalid refresh token/i.test(error.body)
        const answer = isGone ? { status, reason: GRANT_GONE } : { status }
        const fault = faultOf('twitchToken', 'for a new token', answer, Date.now())
        if (fault.kind === 'person') return null
        throw fault
      }
    })
    if (!tokens) throw new Fault('the grant at Twitch is no longer valid', 'person')
    return toTwurple(userId, tokens)
  }
  return {
    clientId,
    getCurrentScopesForUser: () => [],
    getAppAccessToken: app,
    async getAccessTokenForUser(user) {
      const userId = extractUserId(user)
      const tokens = await store.read(userId)
      return tokens && toTwurple(userId, tokens)
    },
    getAnyAccessToken: async () => app(),
    refreshAccessTokenForUser: refresh,
  }
}

function toTwurple(userId: string, tokens: TwitchTokens): AccessTokenWithUserId {
  return {
    userId,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    scope: tokens.scopes,
    expiresIn: tokens.expiresInSec,
    obtainmentTimestamp: tokens.obtainedAtMs,
  }
}
