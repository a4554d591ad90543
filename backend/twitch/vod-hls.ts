/**
 * The VOD's playlist from Twitch's own player addresses: access token (GraphQL) → master playlist (usher) → the best
 * quality. Twitch does not document this way, so it is used only when the operator asks for it.
 */
import { z } from 'zod'
import { faultOf, NO_TOKEN } from '../domain/failures.ts'

export interface HlsAddresses {
  gql: string
  usher: string
}

export const TWITCH_HLS: HlsAddresses = { gql: 'https://gql.twitch.tv/gql', usher: 'https://usher.ttvnw.net' }

/** The web player's client id, which its GraphQL service asks for. */
const WEB_CLIENT_ID = 'kimne78kx3ncx6brgo4mv6wki5h1ko'
const TIMEOUT_MS = 15_000
const QUERY =
  'query($id: ID!) { videoPlaybackAccessToken(id: $id, params: {platform: "web", playerBackend: "mediaplayer", playerType: "site"}) { value signature } }'
/** GraphQL answers 200 also where it failed: then with `errors`, and with null for what it could not find out. */
const ANSWER = z.object({
  errors: z.array(z.unknown()).optional(),
  data: z.object({
    videoPlaybackAccessToken: z.object({ value: z.string(), signature: z.string() }).nullable(),
  }),
})

/**
 * The signed address of a VOD's master playlist. It is a key to the video: do not log it.
 * @throws {Fault} `damaged` when the VOD is gone or only for subscribers, else `transient`
 */
export async function vodMasterUrl(vodId: string, addresses: HlsAddresses = TWITCH_HLS): Promise<string> {
  const what = `for access to VOD ${vodId}`
  const fault = (status: number | null, reason?: string) =>
    faultOf('recordingAccess', what, { status, reason }, Date.now())
  let answer: Response
  let body: unknown
  try {
    answer = await fetch(addresses.gql, {
      method: 'POST',
      headers: { 'client-id': WEB_CLIENT_ID, 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY, variables: { id: vodId } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    body = await answer.json().catch(() => null)
  } catch {
    throw fault(null)
  }
  if (!answer.ok) throw fault(answer.status)
  const parsed = ANSWER.safeParse(body)
  if (!parsed.success || (parsed.data.errors ?? []).length > 0) throw fault(200)
  const token = parsed.data.data.videoPlaybackAccessToken
  if (!token) throw fault(200, NO_TOKEN)
  const url = new URL(`/vod/v2/${vodId}.m3u8`, addresses.usher)
  const query = { allow_source: 'true', allow_audio_only: 'false', playlist_include_framerate: 'true' }
  const parameters = { ...query, supported_codecs: 'h264', sig: token.signature, token: token.value }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
