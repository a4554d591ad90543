/** Sign-in with Twitch, connecting YouTube, and the one consent of the bot's account. */
import { Hono, type Context } from 'hono'
import type { Clock } from '../../shared/clock.ts'
import { Fault, Refusal } from '../../shared/fault.ts'
import { saveChannel } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { isLeaving } from '../db/departures.ts'
import { channelsEditedBy } from '../db/editors.ts'
import { findGrant, storeNewGrant } from '../db/grants.ts'
import { hasWaiting, isUploading } from '../db/uploads.ts'
import { saveSignIn, takeSignIn, type SignIn } from '../db/sessions.ts'
import type { Log } from '../log.ts'
import type { TokenBox } from '../token-box.ts'
import { CLIP_SCOPE } from '../twitch/clips.ts'
import { MODERATORS_SCOPE, ROLE_SCOPES } from '../twitch/helix.ts'
import { BOT_SCOPES, STREAMER_SCOPES, type TwitchSignIn } from '../twitch/sign-in.ts'
import { MANAGE_SCOPE, type GoogleTokens, type YoutubeConnect } from '../youtube/connect.ts'
import { hashOf, newSecret, type Sessions } from './session.ts'

export const TWITCH_CALLBACK = '/sign-in/twitch/done'
export const YOUTUBE_CALLBACK = '/connect/youtube/done'
const ROUND_TRIP_MS = 10 * 60_000
/** What is asked for by itself, where the streamer wants what it is for. */
const ASKED_FOR: Record<string, string | undefined> = {
  ...ROLE_SCOPES,
  clips: CLIP_SCOPE,
  moderators: MODERATORS_SCOPE,
}

const LEAVING =
  'This account is being deleted. That takes some minutes, and we write to you once it is done; then you can begin anew.'

export interface ConnectOptions {
  db: Database
  clock: Clock
  log: Log
  box: TokenBox
  sessions: Sessions
  siteUrl: string
  botUserId: string
  twitch: TwitchSignIn
  youtube: YoutubeConnect
  /** The YouTube channel behind some tokens. */
  youtubeChannel(tokens: GoogleTokens): Promise<{ id: string; title: string; picture: string }>
  onChannel(channelId: string): void
  onYoutube(channelId: string): void
}

export function connectRoutes(options: ConnectOptions): Hono {
  const { db, clock, sessions, twitch, youtube, siteUrl } = options
  const app = new Hono()
  const begin = async (
    c: Context,
    trip: Pick<SignIn, 'provider' | 'channelId' | 'codeVerifier'>,
    state: string,
  ) => {
    const expiresAtMs = clock.now() + ROUND_TRIP_MS
    await saveSignIn(db, {
      ...trip,
      stateHash: hashOf(state),
      browserHash: sessions.browserHash(c),
      expiresAtMs,
    })
  }
  const finish = async (c: Context, ...providers: SignIn['provider'][]) => {
    const state = c.req.query('state') ?? ''
    return takeSignIn(db, hashOf(state), sessions.browserHash(c), providers, clock.now())
  }
  const callbackOf = (c: Context, path: string) => {
    const url = new URL(path, siteUrl)
    url.search = new URL(c.req.url).search
    return url
  }

  app.get('/sign-in/twitch', async (c) => {
    const state = newSecret()
    const as = c.req.query('as')
    const provider = as === 'bot' ? 'twitch-bot' : as === 'editor' ? 'twitch-editor' : 'twitch'
    await begin(c, { provider, channelId: null, codeVerifier: null }, state)
    if (provider === 'twitch-bot') return c.redirect(twitch.authorizeUrl(state, BOT_SCOPES))
    // Who an editor is says the token itself; more is not asked for.
    if (provider === 'twitch-editor') return c.redirect(twitch.authorizeUrl(state, []))
    const userId = await sessions.userOf(c)
    // A new consent takes the place of the old one: what was granted before is asked for again.
    const before = userId ? ((await findGrant(db, userId, 'twitch'))?.scopes ?? []) : []
    const also = ASKED_FOR[c.req.query('also') ?? '']
    const scopes = new Set([...STREAMER_SCOPES, ...before, ...(also ? [also] : [])])
    return c.redirect(twitch.authorizeUrl(state, [...scopes]))
  })

  app.get(TWITCH_CALLBACK, async (c) => {
    const state = c.req.query('state') ?? ''
    const trip = await finish(c, 'twitch', 'twitch-bot', 'twitch-editor')
    if (!trip)
      throw new Refusal(
        'stale-sign-in',
        'This sign-in was begun elsewhere or too long ago. Please begin again.',
      )
    const { user, tokens } = await twitch.finish(callbackOf(c, TWITCH_CALLBACK), state)
    if (trip.provider === 'twitch-bot') {
      // Twitch remembers the consent; the app acts with its own token, so none is stored.
      if (user.id !== options.botUserId) throw new Refusal('not-the-bot', 'This is not the bot’s account.')
      return c.redirect('/?bot=ready')
    }
    if (trip.provider === 'twitch-editor') {
      await twitch.revoke(tokens.accessToken).catch(() => undefined)
      const [only, another] = await channelsEditedBy(db, user.id)
      await sessions.begin(c, user.id, only && !another ? only.id : '')
      return c.redirect('/')
    }
    if (await isLeaving(db, user.id)) {
      await twitch.revoke(tokens.accessToken).catch(() => undefined)
      throw new Refusal('leaving', LEAVING)
    }
    await saveChannel(db, user, clock.now())
    const sealed = await options.box.seal(JSON.stringify(tokens), `grant:twitch:${user.id}`)
    await storeNewGrant(
      db,
      {
        channelId: user.id,
        provider: 'twitch',
        accountId: user.id,
        accountName: user.displayName,
        scopes: tokens.scopes,
        tokens: sealed,
        state: 'ok',
      },
      clock,
    )
    await sessions.begin(c, user.id, user.id)
    options.onChannel(user.id)
    return c.redirect('/')
  })

  app.get('/connect/youtube', async (c) => {
    const actor = await sessions.actorOf(c)
    if (actor?.role !== 'streamer') return c.redirect('/')
    const { channelId } = actor
    const state = newSecret()
    const granted = (await findGrant(db, channelId, 'youtube'))?.scopes ?? []
    const playlists = c.req.query('also') === 'playlists' || granted.includes(MANAGE_SCOPE)
    const { url, codeVerifier } = await youtube.authorizeUrl(state, playlists)
    await begin(c, { provider: 'youtube', channelId, codeVerifier }, state)
    return c.redirect(url)
  })

  app.get(YOUTUBE_CALLBACK, async (c) => {
    const actor = await sessions.actorOf(c)
    const trip = await finish(c, 'youtube')
    const channelId = actor?.role === 'streamer' ? actor.channelId : null
    if (!trip || !channelId || trip.channelId !== channelId)
      throw new Refusal(
        'stale-sign-in',
        'This connection was begun elsewhere or too long ago. Please begin again.',
      )
    if (await isLeaving(db, channelId)) throw new Refusal('leaving', LEAVING)
    const code = c.req.query('code')
    if (!code) throw new Refusal('denied', 'Google was told not to let Echoes in.')
    const tokens = await readable(() => youtube.exchange(code, trip.codeVerifier ?? ''))
    const account = await readable(() => options.youtubeChannel(tokens))
    const sealed = await options.box.seal(JSON.stringify(tokens), `grant:youtube:${channelId}`)
    await storeNewGrant(
      db,
      {
        channelId,
        provider: 'youtube',
        accountId: account.id,
        accountName: account.title,
        scopes: tokens.scopes,
        tokens: sealed,
        state: 'ok',
        picture: account.picture,
      },
      clock,
      async (tx, before) => {
        if (!before || before.accountId === account.id) return
        const holds = before.state === 'ok' ? isUploading : hasWaiting
        if (!(await holds(tx, channelId))) return
        const why =
          before.state === 'ok'
            ? 'a recap is on its way there. Once it is published, you can connect another channel'
            : 'a recap waits for that channel'
        throw new Refusal('other-channel', `Please choose “${before.accountName}” again: ${why}.`)
      },
    )
    options.onYoutube(channelId)
    return c.redirect('/')
  })
  return app
}

/** What the person can mend is told to them; the rest is ours. */
async function readable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof Fault && error.kind === 'person')
      throw new Refusal('incomplete-grant', `${error.message}.`)
    throw error
  }
}
