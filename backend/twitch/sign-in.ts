/** Signing in with Twitch (OAuth, authorization code). PKCE is not documented by Twitch: `state` is bound to the browser. */
import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import { Fault, Refusal } from '../../shared/fault.ts'
import { faultKind, faultOf } from '../domain/failures.ts'
import type { TwitchTokens } from './tokens.ts'

export interface TwitchAddresses {
  /** OAuth, without a slash at the end. */
  id: string
  /** Helix, without a slash at the end. */
  api: string
}

export const TWITCH: TwitchAddresses = {
  id: 'https://id.twitch.tv/oauth2',
  api: 'https://api.twitch.tv/helix',
}

/** The mail address tells of finished recaps; `channel:bot` lets the bot hear and speak in the chat. */
export const STREAMER_SCOPES = ['user:read:email', 'channel:bot']
/** What the bot's own account must grant once, so that the app may act as it. */
export const BOT_SCOPES = ['user:bot', 'user:read:chat', 'user:write:chat']

export interface SignedIn {
  user: { id: string; login: string; displayName: string; email: string | null }
  tokens: TwitchTokens
}

export interface TwitchSignIn {
  authorizeUrl(state: string, scopes: string[]): string
  /**
   * @param callback the address Twitch sent the browser back to
   * @throws {Refusal} `denied` when the person said no
   */
  finish(callback: URL, state: string): Promise<SignedIn>
  /** Whether Twitch still knows a token; null where it cannot be asked. */
  validate(accessToken: string): Promise<boolean | null>
  /** Gives a token back; one that is gone already is no error. @throws {Fault} */
  revoke(accessToken: string): Promise<void>
}

export interface SignInOptions {
  clientId: string
  clientSecret: string
  redirectUri: string
  addresses: TwitchAddresses
}

const USERS = z.object({
  data: z.array(
    z.object({ id: z.string(), login: z.string(), display_name: z.string(), email: z.string().nullish() }),
  ),
})
const TIMEOUT_MS = 15_000

export function twitchSignIn({
  clientId,
  clientSecret,
  redirectUri,
  addresses,
}: SignInOptions): TwitchSignIn {
  const server: oauth.AuthorizationServer = {
    issuer: addresses.id,
    authorization_endpoint: `${addresses.id}/authorize`,
    token_endpoint: `${addresses.id}/token`,
  }
  const client: oauth.Client = { client_id: clientId }
  return {
    authorizeUrl(state, scopes) {
      const url = new URL(`${addresses.id}/authorize`)
      const query = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      return url.href
    },
    async validate(accessToken) {
      const headers = { authorization: `OAuth ${accessToken}` }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await fetch(`${addresses.id}/validate`, { headers, signal }).catch(() => null)
      await answer?.body?.cancel()
      if (answer?.ok) return true
      return faultKind('twitchValidate', { status: answer?.status ?? null }) === 'person' ? false : null
    },
    async revoke(accessToken) {
      const answer = await fetch(`${addresses.id}/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: clientId, token: accessToken }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(() => null)
      await answer?.body?.cancel()
      // 400: Twitch does not know the token, or no longer does, which is what was wanted.
      if (answer?.ok || answer?.status === 400) return
      throw faultOf('twitchRevoke', 'to take a token back', { status: answer?.status ?? null }, Date.now())
    },
    async finish(callback, state) {
      if (callback.searchParams.get('error'))
        throw new Refusal('denied', 'Twitch was told not to let Echoes in.')
      try {
        const parameters = oauth.validateAuthResponse(server, client, callback, state)
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          oauth.ClientSecretPost(clientSecret),
          parameters,
          redirectUri,
          oauth.nopkce,
          {
            [oauth.allowInsecureRequests]: addresses.id.startsWith('http://'),
            [oauth.customFetch]: fetchWithScopeText,
            signal: () => AbortSignal.timeout(TIMEOUT_MS),
          },
        )
        const answer = await oauth.processAuthorizationCodeResponse(server, client, response)
        const tokens: TwitchTokens = {
          accessToken: answer.access_token,
          refreshToken: answer.refresh_token ?? '',
          obtainedAtMs: Date.now(),
          expiresInSec: answer.expires_in ?? null,
          scopes: (answer.scope ?? '').split(' ').filter(Boolean),
        }
        return { tokens, user: await readUser(addresses.api, clientId, tokens.accessToken) }
      } catch (error) {
        if (error instanceof Fault) throw error
        // The library's errors hold the answer, tokens and all.
        throw faultOf('twitchSignIn', 'to complete the sign-in', { status: null }, Date.now())
      }
    },
  }
}

/** Twitch sends `scope` as a list, where RFC 6749 wants words with spaces between. */
async function fetchWithScopeText(
  url: string,
  init: oauth.CustomFetchOptions<'POST', URLSearchParams>,
): Promise<Response> {
  const response = await fetch(url, init as RequestInit)
  if (!response.ok) return response
  const body = (await response.json()) as { scope?: string[] | string }
  return Response.json({
    ...body,
    scope: Array.isArray(body.scope) ? body.scope.join(' ') : (body.scope ?? ''),
  })
}

async function readUser(api: string, clientId: string, accessToken: string): Promise<SignedIn['user']> {
  const response = await fetch(`${api}/users`, {
    headers: { authorization: `Bearer ${accessToken}`, 'client-id': clientId },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const parsed = USERS.safeParse(await response.json().catch(() => null))
  const user = parsed.success ? parsed.data.data[0] : undefined
  if (!user) throw faultOf('twitchSignIn', 'who signed in', { status: response.status }, Date.now())
  return { id: user.id, login: user.login, displayName: user.display_name, email: user.email ?? null }
}
