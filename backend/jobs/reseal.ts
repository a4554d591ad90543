/** Seals anew, with the newest key, what an older one has sealed: then the old key can be taken away. */
import type { Database } from '../db/database.ts'
import { allGrants, resealGrant } from '../db/grants.ts'
import { hookPurpose } from '../db/hooks.ts'
import type { Log } from '../log.ts'
import type { TokenBox } from '../token-box.ts'

export interface ResealContext {
  db: Database
  log: Log
  box: TokenBox
}

/** @returns how many secrets were sealed anew */
export async function reseal({ db, log, box }: ResealContext): Promise<number> {
  let count = 0
  const anew = async (sealed: string, purpose: string) => box.seal(await box.open(sealed, purpose), purpose)
  for (const grant of await allGrants(db)) {
    if (box.isNewest(grant.tokens)) continue
    const purpose = `grant:${grant.provider}:${grant.channelId}`
    await resealGrant(db, grant, await anew(grant.tokens, purpose))
    count++
  }
  for (const hook of await db.selectFrom('hooks').select(['channel_id', 'kind', 'target']).execute()) {
    if (box.isNewest(hook.target)) continue
    const target = await anew(hook.target, hookPurpose(hook.channel_id, hook.kind))
    await db
      .updateTable('hooks')
      .set({ target })
      .where('channel_id', '=', hook.channel_id)
      .where('kind', '=', hook.kind)
      .where('target', '=', hook.target)
      .execute()
    count++
  }
  for (const upload of await db.selectFrom('uploads').select(['recap_id', 'session']).execute()) {
    if (upload.session === null || box.isNewest(upload.session)) continue
    const session = await anew(upload.session, `upload:${upload.recap_id}`)
    await db
      .updateTable('uploads')
      .set({ session })
      .where('recap_id', '=', upload.recap_id)
      .where('session', '=', upload.session)
      .execute()
    count++
  }
  if (count > 0) log.info({ count }, 'secrets were sealed anew with the newest key')
  return count
}
