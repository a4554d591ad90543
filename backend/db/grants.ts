/** A streamer's grants at Twitch and Google. Tokens are stored as the ciphertext they come in. */
import { holdChannel, within, type Database, type Tx } from './database.ts'
import type { Clock } from '../../shared/clock.ts'
import { underLease } from './leases.ts'

export type Provider = 'twitch' | 'youtube'

export interface Grant {
  channelId: string
  provider: Provider
  accountId: string
  accountName: string
  scopes: string[]
  /** Compact JWE. */
  tokens: string
  state: 'ok' | 'needs_reauth'
  /** Address of the account's picture. */
  picture?: string
  /** When the streamer gave it; UTC milliseconds. */
  grantedAtMs?: number
}

/**
 * What the streamer has granted just now. Alone with this grant: a renewal under way would put the old one back.
 * @param check throws where this grant must not take the place of the one before it
 */
export async function storeNewGrant(
  db: Database,
  grant: Grant,
  clock: Clock,
  check: (tx: Tx, before: Grant | null) => Promise<void> = async () => {},
): Promise<void> {
  await underLease(db, leaseOf(grant.provider, grant.channelId), RENEW_LEASE_MS, clock, async () => {
    const now = clock.now()
    await within(db, async (tx) => {
      await holdChannel(tx, grant.channelId)
      await check(tx, await findGrant(tx, grant.channelId, grant.provider))
      await saveGrant(tx, grant, now)
      await tx
        .updateTable('grants')
        .set({ granted_at: now, refreshed_at: now })
        .where('channel_id', '=', grant.channelId)
        .where('provider', '=', grant.provider)
        .execute()
    })
  })
}

async function saveGrant(db: Database, grant: Grant, now: number): Promise<void> {
  const values = {
    account_id: grant.accountId,
    account_name: grant.accountName,
    scopes: grant.scopes.join(' '),
    tokens: grant.tokens,
    state: grant.state,
    picture: grant.picture ?? '',
    updated_at: now,
  }
  await db
    .insertInto('grants')
    .values({ channel_id: grant.channelId, provider: grant.provider, ...values })
    .onConflict((c) => c.columns(['channel_id', 'provider']).doUpdateSet(values))
    .execute()
}

export async function findGrant(db: Database, channelId: string, provider: Provider): Promise<Grant | null> {
  const row = await db
    .selectFrom('grants')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where('provider', '=', provider)
    .executeTakeFirst()
  if (!row) return null
  const { account_id: accountId, account_name: accountName, scopes, tokens, state } = row
  return {
    channelId,
    provider,
    accountId,
    accountName,
    scopes: scopes.split(' ').filter(Boolean),
    tokens,
    state,
    picture: row.picture,
    grantedAtMs: row.granted_at,
  }
}

/**
 * The streamer has taken the access back, or it has lapsed: nothing is asked with it until they connect again.
 * @param saidAtMs when we were told; a grant that was given since is another one, and stays
 * @returns whether there was one to end
 */
export async function grantRevoked(
  db: Database,
  channelId: string,
  provider: Provider,
  now: number,
  saidAtMs = now,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('grants')
    .set({ state: 'needs_reauth', updated_at: now })
    .where('channel_id', '=', channelId)
    .where('provider', '=', provider)
    .where('granted_at', '<=', saidAtMs)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Grants at Twitch that work, and of which nobody has asked since. */
export async function grantsToValidate(db: Database, beforeMs: number): Promise<string[]> {
  const rows = await db
    .selectFrom('grants')
    .select('channel_id')
    .where('provider', '=', 'twitch')
    .where('state', '=', 'ok')
    .where('validated_at', '<', beforeMs)
    .execute()
  return rows.map((r) => r.channel_id)
}

export async function grantValidated(db: Database, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('grants')
    .set({ validated_at: now })
    .where('channel_id', '=', channelId)
    .where('provider', '=', 'twitch')
    .execute()
}

/** All grants, to be encrypted again with a newer key. */
export async function allGrants(db: Database): Promise<Grant[]> {
  const rows = await db.selectFrom('grants').select(['channel_id', 'provider']).execute()
  const grants = await Promise.all(rows.map((r) => findGrant(db, r.channel_id, r.provider)))
  return grants.filter((grant) => grant !== null)
}

/** Grants of YouTube of whose channel nobody has asked since. `sinceMs`: when somebody did last. */
export async function staleYoutubeGrants(
  db: Database,
  beforeMs: number,
): Promise<{ channelId: string; sinceMs: number }[]> {
  const rows = await db
    .selectFrom('grants')
    .select(['channel_id', 'refreshed_at', 'granted_at'])
    .where('provider', '=', 'youtube')
    .where('refreshed_at', '<', beforeMs)
    .execute()
  return rows
    .map((row) => ({ channelId: row.channel_id, sinceMs: row.refreshed_at || row.granted_at }))
    .filter(({ sinceMs }) => sinceMs < beforeMs)
}

export async function refreshYoutubeGrant(
  db: Database,
  channelId: string,
  channel: { title: string; picture: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('grants')
    .set({ account_name: channel.title, picture: channel.picture, refreshed_at: now })
    .where('channel_id', '=', channelId)
    .where('provider', '=', 'youtube')
    .execute()
}

export async function dropYoutubeGrant(db: Database, channelId: string): Promise<void> {
  await db
    .deleteFrom('grants')
    .where('channel_id', '=', channelId)
    .where('provider', '=', 'youtube')
    .execute()
}

/** What YouTube told of the channel goes; access stays, and the name comes back with the next answer. */
export async function forgetYoutubeName(db: Database, channelId: string): Promise<void> {
  await db
    .updateTable('grants')
    .set({ account_name: '', picture: '' })
    .where('channel_id', '=', channelId)
    .where('provider', '=', 'youtube')
    .execute()
}

const leaseOf = (provider: Provider, channelId: string) => `renew:${provider}:${channelId}`
const RENEW_LEASE_MS = 30_000

/**
 * Runs `renew` alone for this grant, in all processes: two refreshes at once would each invalidate the other's
 * result. `renew` gets the grant as it is now and returns what to store, or null to leave it. A lease and not a
 * transaction, since a provider may take seconds to answer.
 */
export async function renewGrant(
  db: Database,
  channelId: string,
  provider: Provider,
  clock: Clock,
  renew: (grant: Grant) => Promise<(Pick<Grant, 'tokens'> & Partial<Pick<Grant, 'scopes' | 'state'>>) | null>,
): Promise<Grant | null> {
  return underLease(db, leaseOf(provider, channelId), RENEW_LEASE_MS, clock, async () => {
    const grant = await findGrant(db, channelId, provider)
    const renewed = grant && (await renew(grant))
    if (!renewed) return grant
    return within(db, async (tx) => {
      await holdChannel(tx, channelId)
      const now = await findGrant(tx, channelId, provider)
      // The streamer may have signed in again meanwhile, or another process took over from one that was suspended: the newer grant stays.
      if (now?.tokens !== grant.tokens) return now
      // What else has changed meanwhile stays: a grant that was lost, a name that had to go.
      const whole = { ...now, ...renewed }
      await saveGrant(tx, whole, clock.now())
      return whole
    })
  })
}
