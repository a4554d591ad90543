/** Streamers' grants in use: opened, renewed by one process at a time, stored again before the new token is used. */
import type { Clock } from '../shared/clock.ts'
import { Fault, kindOf } from '../shared/fault.ts'
import type { Database } from './db/database.ts'
import { findGrant, grantRevoked, renewGrant, type Provider } from './db/grants.ts'
import type { Publisher } from './jobs/context.ts'
import type { TokenBox } from './token-box.ts'
import type { TwitchTokens, TwitchTokenStore } from './twitch/tokens.ts'
import { youtubeChannel } from './youtube/channel.ts'
import type { GoogleTokens, YoutubeConnect } from './youtube/connect.ts'
import { uploadVideo, type SessionStore } from './youtube/upload.ts'

/** What a grant's tokens are sealed for. */
export const grantPurpose = (provider: Provider, channelId: string) => `grant:${provider}:${channelId}`

export function twitchTokenStore(db: Database, box: TokenBox, clock: Clock): TwitchTokenStore {
  const open = async (userId: string, sealed: string) =>
    JSON.parse(await box.open(sealed, grantPurpose('twitch', userId))) as TwitchTokens
  return {
    async read(userId) {
      const grant = await findGrant(db, userId, 'twitch')
      return grant?.state === 'ok' ? open(userId, grant.tokens) : null
    },
    async renew(userId, renew) {
      const grant = await renewGrant(db, userId, 'twitch', clock, async ({ tokens, scopes }) => {
        const renewed = await renew(await open(userId, tokens))
        if (!renewed) return { tokens, scopes, state: 'needs_reauth' }
        const sealed = await box.seal(JSON.stringify(renewed), grantPurpose('twitch', userId))
        return { tokens: sealed, scopes: renewed.scopes, state: 'ok' }
      })
      return grant?.state === 'ok' ? open(userId, grant.tokens) : null
    },
  }
}

/** A token is renewed when it lives no longer than this. */
const RENEW_BEFORE_MS = 5 * 60_000

/** The access token of a streamer's YouTube grant. @throws {Fault} `person` when there is none that works */
export function youtubeTokens(db: Database, box: TokenBox, clock: Clock, connect: YoutubeConnect) {
  return async (channelId: string, force: boolean): Promise<string> => {
    const purpose = grantPurpose('youtube', channelId)
    const open = async (sealed: string) => JSON.parse(await box.open(sealed, purpose)) as GoogleTokens
    const none = () => new Fault('Echoes has no access to the YouTube channel', 'person')
    const grant = await findGrant(db, channelId, 'youtube')
    if (grant?.state !== 'ok') throw none()
    const seen = await open(grant.tokens)
    if (!force && seen.expiresAtMs - clock.now() > RENEW_BEFORE_MS) return seen.accessToken
    const renewed = await renewGrant(db, channelId, 'youtube', clock, async ({ tokens, scopes }) => {
      const current = await open(tokens)
      if (current.accessToken !== seen.accessToken) return null // another process was faster
      try {
        const fresh = await connect.refresh(current)
        return { tokens: await box.seal(JSON.stringify(fresh), purpose), scopes, state: 'ok' }
      } catch (error) {
        if (error instanceof Fault && error.kind === 'person')
          return { tokens, scopes, state: 'needs_reauth' }
        throw error
      }
    })
    if (renewed?.state !== 'ok') throw none()
    return (await open(renewed.tokens)).accessToken
  }
}

/** Publishing on YouTube with the streamer's grant. Session addresses are sealed before they are stored. */
export function youtubePublisher(
  db: Database,
  box: TokenBox,
  clock: Clock,
  connect: YoutubeConnect,
  api: string,
): Publisher {
  const token = youtubeTokens(db, box, clock, connect)
  const tokenOf = (channelId: string) => (force: boolean) => token(channelId, force)
  const tagOf = (recapId: string) => `echoes-${recapId.slice(0, 8)}`
  const channelOf = (channelId: string) => youtubeChannel(tokenOf(channelId), api)
  /** Where YouTube says that we have no access, the grant is gone, whatever we asked for. */
  const granted = async <T>(channelId: string, ask: () => Promise<T>): Promise<T> => {
    const began = clock.now()
    try {
      return await ask()
    } catch (error) {
      if (kindOf(error) === 'person') await grantRevoked(db, channelId, 'youtube', clock.now(), began)
      throw error
    }
  }
  return {
    async isConnected(channelId) {
      return (await findGrant(db, channelId, 'youtube'))?.state === 'ok'
    },
    async upload({ channelId, recapId, file, session, ...words }) {
      const purpose = `upload:${recapId}`
      return granted(channelId, () =>
        uploadVideo(
          file,
          { ...words, tags: [...words.tags, tagOf(recapId)] },
          {
            api,
            token: tokenOf(channelId),
            session: sealedSession(session, box, purpose),
            findUploaded: () => channelOf(channelId).findUploaded(tagOf(recapId)),
            wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          },
        ),
      )
    },
    videoState: (channelId, videoId) => granted(channelId, () => channelOf(channelId).videoState(videoId)),
    addToPlaylist: (channelId, playlist, videoId) => channelOf(channelId).addToPlaylist(playlist, videoId),
    setThumbnail: (channelId, videoId, jpeg) => channelOf(channelId).setThumbnail(videoId, jpeg),
  }
}

/** The session's address is stored sealed; sealing the same text twice gives different words, so what was read is kept. */
function sealedSession(session: SessionStore, box: TokenBox, purpose: string): SessionStore {
  let stored: string | null = null
  return {
    async load() {
      const { url, videoId } = await session.load()
      stored = url
      return { url: url && (await box.open(url, purpose)), videoId }
    },
    replace: async (_before, next) => session.replace(stored, next && (await box.seal(next, purpose))),
  }
}
