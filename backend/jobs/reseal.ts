/** Seals anew, with the newest key, what an older one has sealed: then the old key can be taken away. */
import type { Database } from '../db/database.ts'
import type { Clock } from '../../shared/clock.ts'
import { allGrants, renewGrant } from '../db/grants.ts'
import { hookPurpose } from '../db/hooks.ts'
import type { Log } from '../log.ts'
import type { TokenBox } from '../token-box.ts'

export interface ResealContext {
  db: Database
  clock: Clock
  log: Log
  box: TokenBox
}

/** One that no key opens is passed over: its owner connects again. @returns how many secrets were sealed anew */
export async function reseal({ db, clock, log, box }: ResealContext): Promise<number> {
  let [count, unreadable] = [0, 0]
  const anew = async (sealed: string, purpose: string, save: (sealed: string) => Promise<unknown>) => {
    if (box.isNewest(sealed)) return
    const opened = await box.open(sealed, purpose).catch(() => null)
    if (opened === null) {
      unreadable++
      return
    }
    await save(await box.seal(opened, purpose))
    count++
  }
  for (const grant of await allGrants(db)) {
    const purpose = `grant:${grant.provider}:${grant.channelId}`
    if (box.isNewest(grant.tokens)) continue
    // Alone with the grant: a renewal under way would find other words than it began with, and lose its new token.
    await renewGrant(db, grant.channelId, grant.provider, clock, async (now) => {
      let sealed: string | null = null
      await anew(now.tokens, purpose, async (tokens) => (sealed = tokens))
      return sealed === null ? null : { tokens: sealed }
    })
  }
  for (const hook of await db.selectFrom('hooks').select(['channel_id', 'kind', 'target']).execute())
    await anew(hook.target, hookPurpose(hook.channel_id, hook.kind), (target) =>
      db
        .updateTable('hooks')
        .set({ target })
        .where('channel_id', '=', hook.channel_id)
        .where('kind', '=', hook.kind)
        .where('target', '=', hook.target)
        .execute(),
    )
  for (const { recap_id, session } of await db
    .selectFrom('uploads')
    .select(['recap_id', 'session'])
    .execute())
    if (session !== null)
      await anew(session, `upload:${recap_id}`, (next) =>
        db
          .updateTable('uploads')
          .set({ session: next })
          .where('recap_id', '=', recap_id)
          .where('session', '=', session)
          .execute(),
      )
  if (count > 0) log.info({ count }, 'secrets were sealed anew with the newest key')
  if (unreadable > 0) log.error({ unreadable }, 'secrets cannot be opened with any of TOKEN_KEYS')
  return count
}
