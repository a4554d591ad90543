/** Who is signed in, OAuth round trips under way, and the agreement to automatic publishing. Only hashes of secrets are kept. */
import { randomUUID } from 'node:crypto'
import type { Database } from './database.ts'

export async function saveSession(
  db: Database,
  session: { idHash: string; channelId: string; expiresAtMs: number },
  now: number,
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      id_hash: session.idHash,
      channel_id: session.channelId,
      created_at: now,
      expires_at: session.expiresAtMs,
    })
    .execute()
}

export async function channelOfSession(db: Database, idHash: string, now: number): Promise<string | null> {
  const row = await db
    .selectFrom('sessions')
    .select('channel_id')
    .where('id_hash', '=', idHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row?.channel_id ?? null
}

export async function endSession(db: Database, idHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('id_hash', '=', idHash).execute()
}

export interface SignIn {
  stateHash: string
  provider: 'twitch' | 'twitch-bot' | 'youtube'
  browserHash: string
  channelId: string | null
  codeVerifier: string | null
  expiresAtMs: number
}

export async function saveSignIn(db: Database, signIn: SignIn): Promise<void> {
  await db
    .insertInto('sign_ins')
    .values({
      state_hash: signIn.stateHash,
      provider: signIn.provider,
      browser_hash: signIn.browserHash,
      channel_id: signIn.channelId,
      code_verifier: signIn.codeVerifier,
      expires_at: signIn.expiresAtMs,
    })
    .execute()
}

/** Takes a round trip out of the table: it can be finished once, by the browser that began it, in time. */
export async function takeSignIn(
  db: Database,
  stateHash: string,
  browserHash: string,
  providers: SignIn['provider'][],
  now: number,
): Promise<SignIn | null> {
  const row = await db
    .deleteFrom('sign_ins')
    .where('state_hash', '=', stateHash)
    .returningAll()
    .executeTakeFirst()
  if (!row || row.browser_hash !== browserHash || !providers.includes(row.provider) || row.expires_at <= now)
    return null
  return {
    stateHash,
    provider: row.provider,
    browserHash,
    channelId: row.channel_id,
    codeVerifier: row.code_verifier,
    expiresAtMs: row.expires_at,
  }
}

/** The version of the words that a streamer agrees to; a change of the words makes a new one. */
export const CONSENT_VERSION = '2026-11-23'

export async function giveConsent(db: Database, channelId: string, now: number): Promise<void> {
  if (await hasConsent(db, channelId)) return
  await db
    .insertInto('consents')
    .values({
      id: randomUUID(),
      channel_id: channelId,
      kind: 'auto_publish',
      text_version: CONSENT_VERSION,
      given_at: now,
      revoked_at: null,
    })
    .execute()
}

export async function revokeConsent(db: Database, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('consents')
    .set({ revoked_at: now })
    .where('channel_id', '=', channelId)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Whether recaps may be published without another look; consent to older words does not count. */
export async function hasConsent(db: Database, channelId: string): Promise<boolean> {
  const row = await db
    .selectFrom('consents')
    .select('id')
    .where('channel_id', '=', channelId)
    .where('text_version', '=', CONSENT_VERSION)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}
