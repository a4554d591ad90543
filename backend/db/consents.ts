/** What a streamer agreed to about uploads, when, to which words and with which settings. What is taken back stays on record. */
import { randomUUID } from 'node:crypto'
import { within, holdChannel, type Database } from './database.ts'
import type { ConsentRow } from './schema.ts'

export type ConsentKind = ConsentRow['kind']

/** The version of the words that a streamer agrees to; a change of the words makes a new one. */
export const CONSENT_VERSION = '2026-11-27'

/** @param settings what of the channel's settings the words speak of: kept as a record */
export async function giveConsent(
  db: Database,
  channelId: string,
  kind: ConsentKind,
  settings: object,
  now: number,
): Promise<void> {
  await within(db, async (tx) => {
    await holdChannel(tx, channelId)
    if ((await consentOf(tx, channelId)) === kind) return
    await revokeConsent(tx, channelId, now)
    await tx
      .insertInto('consents')
      .values({
        id: randomUUID(),
        channel_id: channelId,
        kind,
        text_version: CONSENT_VERSION,
        settings: JSON.stringify(settings),
        given_at: now,
        revoked_at: null,
      })
      .execute()
  })
}

export async function revokeConsent(db: Database, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('consents')
    .set({ revoked_at: now })
    .where('channel_id', '=', channelId)
    .where('revoked_at', 'is', null)
    .execute()
}

/** The consent in force; one given to an older text does not count. */
export async function consentOf(db: Database, channelId: string): Promise<ConsentKind | null> {
  return (await findConsent(db, channelId))?.kind ?? null
}

/** The same, with when it was given. */
export async function findConsent(
  db: Database,
  channelId: string,
): Promise<{ kind: ConsentKind; givenAtMs: number } | null> {
  const row = await db
    .selectFrom('consents')
    .select(['kind', 'given_at'])
    .where('channel_id', '=', channelId)
    .where('text_version', '=', CONSENT_VERSION)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row ? { kind: row.kind, givenAtMs: row.given_at } : null
}
