/** Who may echo: modes, roles and standings. The mode is a gate in front of the lists and never changes them. */

export const MODES = ['everyone', 'trusted', 'streamer', 'off'] as const
/** `everyone` · `trusted` (streamer, moderators, approved people) · `streamer` · `off`: nobody, and chat is not answered */
export type Mode = (typeof MODES)[number]

export const ROLES = ['streamer', 'moderator', 'vip', 'subscriber', 'follower'] as const
/** What Twitch says a person is in a channel; a person may be several, or none of them. */
export type Role = (typeof ROLES)[number]

export const MINIMUM_ROLES = ['none', 'follower', 'subscriber', 'vip'] as const
/** What somebody without another right must at least be in mode `everyone`. */
export type MinimumRole = (typeof MINIMUM_ROLES)[number]

export const STANDINGS = ['approved', 'blocked', 'none'] as const
/** A person's place on the channel's own lists. */
export type Standing = (typeof STANDINGS)[number]

export interface Person {
  /** Twitch user id: stays when the name changes. */
  userId: string
  login: string
  displayName: string
  roles: readonly Role[]
}
