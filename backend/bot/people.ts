/** What commands ask Twitch about people; without an answer nobody gets a right they may not have. */
import type { Role } from '../../shared/mode.ts'
import type { Database } from '../db/database.ts'
import { findGrant } from '../db/grants.ts'
import { errorText, type Log } from '../log.ts'
import type { Helix } from '../twitch/helix.ts'
import type { CommandPeople } from './commands.ts'

export function chatPeople(
  db: Database,
  log: Log,
  twitch: Pick<Helix, 'usersByLogin' | 'viewerRoles'>,
): CommandPeople {
  return {
    async userByName(login) {
      const [user] = await twitch.usersByLogin([login])
      return user ? { id: user.userId, login: user.login, displayName: user.displayName } : null
    },
    async isFollower(channelId, userId) {
      const scopes = (await findGrant(db, channelId, 'twitch'))?.scopes ?? []
      const roles = await twitch
        .viewerRoles(channelId, userId, 'follower', scopes)
        .catch((error: unknown): Role[] => {
          log.warn({ error: errorText(error), channelId }, 'whether a viewer follows is not known')
          return []
        })
      return roles.includes('follower')
    },
  }
}
