/** Who is signed in, and OAuth round trips under way. Only hashes of secrets are kept. */
import type { Database } from './database.ts'

export interface Session {
  /** Twitch user id of who is signed in. */
  userId: string
  /** Whose pages they see; empty for nobody's. */
  channelId: string
}

export async function saveSession(
  db: Database,
  session: Session & { idHash: string; expiresAtMs: number },
  now: number,
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      id_hash: session.idHash,
      user_id: session.userId,
      channel_id: session.channelId,
      created_at: now,
      expires_at: session.expiresAtMs,
    })
    .execute()
}

export async function findSession(db: Database, idHash: string, now: number): Promise<Session | null> {
  const row = await db
    .selectFrom('sessions')
    .select(['user_id', 'channel_id'])
    .where('id_hash', '=', idHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row ? { userId: row.user_id, channelId: row.channel_id } : null
}

/** Turns a session to another channel's pages. */
export async function turnSession(db: Database, idHash: string, channelId: string): Promise<void> {
  await db.updateTable('sessions').set({ channel_id: channelId }).where('id_hash', '=', idHash).execute()
}

/** Signs somebody out everywhere. */
export async function endSessionsOf(db: Database, userId: string): Promise<void> {
  await db.deleteFrom('sessions').where('user_id', '=', userId).execute()
}

/** What has run out: sessions, and round trips that nobody finished. */
export async function forgetExpired(db: Database, now: number): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<=', now).execute()
  await db.deleteFrom('sign_ins').where('expires_at', '<=', now).execute()
}

export async function endSession(db: Database, idHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('id_hash', '=', idHash).execute()
}

export interface SignIn {
  stateHash: string
  provider: 'twitch' | 'twitch-bot' | 'twitch-editor' | 'youtube'
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
