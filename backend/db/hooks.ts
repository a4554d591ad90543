/** Where a channel's notices go beside mail. Addresses are stored as the ciphertext they come in. */
import type { Database } from './database.ts'
import type { HookRow } from './schema.ts'

export type HookKind = HookRow['kind']

export interface Hook {
  kind: HookKind
  /** Compact JWE of {@link HookTarget}. */
  target: string
  failure: string | null
}

/** What is sealed. */
export interface HookTarget {
  url: string
  /** Signs what is sent; empty for Discord; JSON of a bucket's keys. */
  secret: string
}

export const hookPurpose = (channelId: string, kind: HookKind) => `hook:${kind}:${channelId}`

export async function saveHook(
  db: Database,
  channelId: string,
  hook: { kind: HookKind; target: string },
  now: number,
): Promise<void> {
  const values = { target: hook.target, failure: null, created_at: now }
  await db
    .insertInto('hooks')
    .values({ channel_id: channelId, kind: hook.kind, ...values })
    .onConflict((c) => c.columns(['channel_id', 'kind']).doUpdateSet(values))
    .execute()
}

export async function removeHook(db: Database, channelId: string, kind: HookKind): Promise<void> {
  await db.deleteFrom('hooks').where('channel_id', '=', channelId).where('kind', '=', kind).execute()
}

export async function hooksOf(db: Database, channelId: string): Promise<Hook[]> {
  const rows = await db.selectFrom('hooks').selectAll().where('channel_id', '=', channelId).execute()
  return rows.map(({ kind, target, failure }) => ({ kind, target, failure }))
}

export async function hookKindsOf(db: Database, channelId: string): Promise<HookKind[]> {
  return (await hooksOf(db, channelId)).map((hook) => hook.kind)
}

/** @param failure null when the last notice got through */
export async function hookOutcome(
  db: Database,
  channelId: string,
  kind: HookKind,
  failure: string | null,
): Promise<void> {
  await db
    .updateTable('hooks')
    .set({ failure })
    .where('channel_id', '=', channelId)
    .where('kind', '=', kind)
    .execute()
}
