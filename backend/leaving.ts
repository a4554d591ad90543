/** Puts together what deleting an account needs of everybody outside. */
import { Fault } from '../shared/fault.ts'
import type { Database } from './db/database.ts'
import { findGrant } from './db/grants.ts'
import { grantPurpose } from './connections.ts'
import { handleDepartures, type DepartureContext } from './jobs/departures.ts'
import type { SubscriptionPort } from './jobs/reconcile.ts'
import type { Subscribers } from './subscribers.ts'
import type { TokenBox } from './token-box.ts'
import type { TwitchSignIn } from './twitch/sign-in.ts'
import type { GoogleTokens, YoutubeConnect } from './youtube/connect.ts'

export interface LeavingParts extends Pick<
  DepartureContext,
  'clock' | 'log' | 'storage' | 'forgetRuns' | 'onOverdue'
> {
  db: Database
  box: TokenBox
  subscribers: Subscribers | null
  twitch: SubscriptionPort
  twitchSignIn: TwitchSignIn
  /** A streamer's token that works; null: there is none. @throws {Fault} */
  twitchToken(userId: string): Promise<string | null>
  youtube: YoutubeConnect
}

export function departuresRound(parts: LeavingParts): () => Promise<void> {
  const { db, box, subscribers, twitch } = parts
  const revoke = {
    async twitch(channelId: string) {
      // One that has run out cannot be given back: it is renewed for that.
      const token = await parts.twitchToken(channelId).catch((error: unknown) => {
        if (error instanceof Fault && error.kind !== 'transient') return null
        throw error
      })
      if (token) await parts.twitchSignIn.revoke(token)
    },
    async youtube(channelId: string) {
      const grant = await findGrant(db, channelId, 'youtube')
      if (!grant) return
      const opened = await box.open(grant.tokens, grantPurpose('youtube', channelId))
      await parts.youtube.revoke(JSON.parse(opened) as GoogleTokens)
    },
  }
  const context: DepartureContext = {
    ...parts,
    leaveBilling: async (channelId) => subscribers?.leave(channelId),
    async endEvents(channelId) {
      for (const each of await twitch.subscriptionsOf(channelId))
        if (each.channelId === channelId) await twitch.unsubscribe(each.id)
    },
    revoke: (channelId, provider) => revoke[provider](channelId),
  }
  return () => handleDepartures(context)
}
