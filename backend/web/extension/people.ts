/** Who a viewer of the extension is to us: their roles by the token, and who they are where they have told. */
import type { MinimumRole, Person, Role } from '../../../shared/mode.ts'
import type { Database } from '../../db/database.ts'
import { nameIdentity, rememberIdentity } from '../../db/identities.ts'
import { errorText, type Log } from '../../log.ts'
import type { ExtensionViewer } from '../../twitch/extension-token.ts'

export interface PeopleOptions {
  db: Database
  log: Log
  now(): number
  /** The names of an account; null when there is none. */
  namesOf(userId: string): Promise<{ login: string; displayName: string } | null>
  /** Which of follower, subscriber and VIP somebody is, as far as Twitch tells us for this channel. */
  rolesOf(channelId: string, userId: string, minimum: MinimumRole): Promise<Role[]>
}

const REMEMBERED = 20_000
/** How long an answer of Twitch's about somebody's role counts. */
const ROLE_MS = 60_000

/** Whether this viewer is logged in at Twitch; the id of one who is not changes with each visit. */
export function isSignedIn(viewer: ExtensionViewer): boolean {
  return viewer.userId !== null || !viewer.opaqueId.startsWith('A')
}

export class ExtensionPeople {
  readonly #options: PeopleOptions
  readonly #linked = new Map<string, string>()
  readonly #roles = new Map<string, { roles: Role[]; untilMs: number }>()

  constructor(options: PeopleOptions) {
    this.#options = options
  }

  /** @param minimum what mode `everyone` asks for; only then Twitch is asked for more than the token says */
  async personOf(viewer: ExtensionViewer, minimum: MinimumRole): Promise<Person> {
    const { channelId, userId, opaqueId, role } = viewer
    if (userId && role !== 'broadcaster') await this.#link(channelId, opaqueId, userId)
    const roles: Role[] = role === 'broadcaster' ? ['streamer'] : role === 'moderator' ? ['moderator'] : []
    if (role === 'viewer' && userId && minimum !== 'none')
      roles.push(...(await this.#twitchRoles(channelId, userId, minimum)))
    return { userId: userId ?? opaqueId, login: '', displayName: '', roles }
  }

  /** What this person did in the panel before they told who they are is theirs from now on. */
  async #link(channelId: string, opaqueId: string, userId: string): Promise<void> {
    const { db, log, now, namesOf } = this.#options
    const key = `${channelId}:${opaqueId}`
    if (this.#linked.get(key) === userId) return
    const isNew = await rememberIdentity(db, { channelId, opaqueId, userId }, now())
    if (this.#linked.size >= REMEMBERED) this.#linked.clear()
    this.#linked.set(key, userId)
    if (!isNew) return
    namesOf(userId)
      .then((names) => names && nameIdentity(db, userId, names))
      .catch((error: unknown) => log.warn({ error: errorText(error) }, 'a viewer’s name was not found'))
  }

  async #twitchRoles(channelId: string, userId: string, minimum: MinimumRole): Promise<Role[]> {
    const key = `${channelId}:${userId}:${minimum}`
    const known = this.#roles.get(key)
    const now = this.#options.now()
    if (known && known.untilMs > now) return known.roles
    const roles = await this.#options.rolesOf(channelId, userId, minimum)
    if (this.#roles.size >= REMEMBERED) this.#roles.clear()
    this.#roles.set(key, { roles, untilMs: now + ROLE_MS })
    return roles
  }
}
