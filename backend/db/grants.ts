/** A streamer's grants at Twitch and Google. Tokens are stored as the ciphertext they come in. */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Database } from './database.ts'
import { dropLease, takeLease } from './leases.ts'

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
}

export async function saveGrant(db: Database, grant: Grant, now: number): Promise<void> {
  const values = {
    account_id: grant.accountId,
    account_name: grant.accountName,
    scopes: grant.scopes.join(' '),
    tokens: grant.tokens,
    state: grant.state,
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
  }
}

/** The streamer has taken the access back, or it has lapsed: nothing is asked with it until they connect again. */
export async function grantRevoked(
  db: Database,
  channelId: string,
  provider: Provider,
  now: number,
): Promise<void> {
  await db
    .updateTable('grants')
    .set({ state: 'needs_reauth', updated_at: now })
    .where('channel_id', '=', channelId)
    .where('provider', '=', provider)
    .execute()
}

const RENEW_LEASE_MS = 30_000
const RENEW_POLL_MS = 100

/**
 * Runs `renew` alone for this grant, in all processes: two refreshes at once would each invalidate the other's
 * result. `renew` gets the grant as it is now and returns what to store, or null to leave it. A lease and not a
 * transaction, since a provider may take seconds to answer.
 */
export async function renewGrant(
  db: Database,
  channelId: string,
  provider: Provider,
  renew: (grant: Grant) => Promise<Pick<Grant, 'tokens' | 'scopes' | 'state'> | null>,
): Promise<Grant | null> {
  const lease = `renew:${provider}:${channelId}`
  const holder = randomUUID()
  while (!(await takeLease(db, lease, holder, RENEW_LEASE_MS, Date.now()))) await setTimeout(RENEW_POLL_MS)
  try {
    const grant = await findGrant(db, channelId, provider)
    const renewed = grant && (await renew(grant))
    if (!renewed) return grant
    const whole = { ...grant, ...renewed }
    await saveGrant(db, whole, Date.now())
    return whole
  } finally {
    await dropLease(db, lease, holder)
  }
}
