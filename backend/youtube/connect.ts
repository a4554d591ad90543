/** Connecting a streamer's YouTube channel: Google's OAuth with PKCE, and which of the asked grants were given. */
import { auth } from '@googleapis/youtube'
import { Fault } from '../../shared/fault.ts'
import { youtubeFault } from './errors.ts'

export interface GoogleAddresses {
  authorize: string
  token: string
  revoke: string
  /** Root of the YouTube Data API, with a slash at the end. */
  api: string
}

export const GOOGLE: GoogleAddresses = {
  authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  revoke: 'https://oauth2.googleapis.com/revoke',
  api: 'https://youtube.googleapis.com/',
}

export const UPLOAD_SCOPE = 'https://www.googleapis.com/auth/youtube.upload'
export const READ_SCOPE = 'https://www.googleapis.com/auth/youtube.readonly'

/** Needed for playlists alone, so it is asked for only where they are wanted. */
export const MANAGE_SCOPE = 'https://www.googleapis.com/auth/youtube'

const TIMEOUT_MS = 20_000

export interface GoogleTokens {
  accessToken: string
  refreshToken: string
  /** UTC milliseconds. */
  expiresAtMs: number
  scopes: string[]
}

export interface YoutubeConnect {
  /** @param playlists whether to ask for what playlists need */
  authorizeUrl(state: string, playlists?: boolean): Promise<{ url: string; codeVerifier: string }>
  /** @throws {Fault} `person` when Google gave no refresh token or not the grant to upload */
  exchange(code: string, codeVerifier: string): Promise<GoogleTokens>
  /** @throws {Fault} `person` when the grant is gone (`invalid_grant`) */
  refresh(tokens: GoogleTokens): Promise<GoogleTokens>
  /** Takes the grant back, with all its tokens; one that is gone already is no error. @throws {Fault} */
  revoke(tokens: GoogleTokens): Promise<void>
}

export interface ConnectOptions {
  clientId: string
  clientSecret: string
  redirectUri: string
  addresses: GoogleAddresses
}

export function youtubeConnect({
  clientId,
  clientSecret,
  redirectUri,
  addresses,
}: ConnectOptions): YoutubeConnect {
  const client = () =>
    new auth.OAuth2({
      clientId,
      clientSecret,
      redirectUri,
      endpoints: {
        oauth2AuthBaseUrl: addresses.authorize,
        oauth2TokenUrl: addresses.token,
        oauth2RevokeUrl: addresses.revoke,
      },
      transporterOptions: { timeout: TIMEOUT_MS },
    })
  return {
    async authorizeUrl(state, playlists = false) {
      const oauth = client()
      const { codeVerifier, codeChallenge } = await oauth.generateCodeVerifierAsync()
      const url = oauth.generateAuthUrl({
        access_type: 'offline',
        // Without it Google sends a refresh token only at the very first consent.
        prompt: 'consent',
        scope: playlists ? [UPLOAD_SCOPE, READ_SCOPE, MANAGE_SCOPE] : [UPLOAD_SCOPE, READ_SCOPE],
        include_granted_scopes: true,
        state,
        code_challenge: codeChallenge ?? '',
        code_challenge_method: 'S256' as never,
      })
      return { url, codeVerifier }
    },
    async exchange(code, codeVerifier) {
      const { tokens } = await asking('to connect', () => client().getToken({ code, codeVerifier }))
      const scopes = (tokens.scope ?? '').split(' ').filter(Boolean)
      if (!scopes.includes(UPLOAD_SCOPE) || !scopes.includes(READ_SCOPE))
        throw new Fault(
          'Google was not given all that was asked for: tick each box to let Echoes upload',
          'person',
        )
      if (!tokens.access_token || !tokens.refresh_token)
        throw new Fault('Google gave no lasting access', 'person')
      const expiresAtMs = tokens.expiry_date ?? Date.now()
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresAtMs, scopes }
    },
    async revoke({ refreshToken }) {
      const answer = await fetch(addresses.revoke, {
        method: 'POST',
        body: new URLSearchParams({ token: refreshToken }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(() => null)
      await answer?.body?.cancel()
      // 400: it is revoked already.
      if (!answer?.ok && answer?.status !== 400)
        throw youtubeFault('to take access back', answer?.status ?? null, null, Date.now(), 'google')
    },
    async refresh(old) {
      const oauth = client()
      oauth.setCredentials({ refresh_token: old.refreshToken })
      const { credentials } = await asking('for a new token', () => oauth.refreshAccessToken())
      if (!credentials.access_token) throw new Fault('Google gave no new token', 'transient')
      return {
        accessToken: credentials.access_token,
        // A refresh brings no refresh token as a rule: the old one stays.
        refreshToken: credentials.refresh_token ?? old.refreshToken,
        expiresAtMs: credentials.expiry_date ?? Date.now(),
        scopes: old.scopes,
      }
    },
  }
}

async function asking<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const response = (error as { response?: { status?: number; data?: unknown } }).response
    throw youtubeFault(what, response?.status ?? null, response?.data, Date.now(), 'google')
  }
}
