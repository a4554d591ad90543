/**
 * Echoes and what became of commands. Accepting an echo is one transaction: the channel is held, the person's place and
 * previous echo are read, the policy decides, and the echo is stored under what is unique to its request, so that a second
 * bot, a second transport or a repetition finds it there. Commands that come to no echo are kept by their message ids.
 */
import { v7 as timeOrderedId } from 'uuid'
import type { Person } from '../../shared/mode.ts'
import type { ChannelSettings } from '../../shared/settings.ts'
import { decide, type Decision, type PreviousEcho } from '../domain/policy.ts'
import { settingsOf, standingOf } from './channels.ts'
import { holdChannel, touchChannel, type Database, type Tx } from './database.ts'
import { identityOf } from './identities.ts'
import { longEchoesOf } from './long-echoes.ts'
import { inTransaction } from './together.ts'

/** A viewer's picture is behind: what they ask for shortly after the end still belongs to the stream. */
const AFTER_END_MS = 60_000
/** Twitch gives the start of a stream to the second, and chat may be a little ahead of it. */
const BEFORE_START_MS = 5_000

export interface EchoToTake {
  channelId: string
  person: Person
  source: 'chat' | 'panel' | 'deck'
  /** Chat message id, or what is unique to one press of one person. */
  sourceKey: string
  /** Twitch's own time where there is one. */
  askedAtMs: number
  /** Null: the channel's default length. */
  lengthMs: number | null
  latencyMs: number | null
  label: string | null
}

export type EchoOutcome =
  | {
      kind: 'accepted'
      echoId: string
      lengthMs: number
      replaced: boolean
      /** What it was decided by. */
      settings: ChannelSettings
      /** Every id of the person. */
      allIds: string[]
    }
  | { kind: 'refused'; decision: Extract<Decision, { ok: false }>; settings: ChannelSettings }
  /** This very request has been dealt with before, here or by another bot: say nothing. */
  | { kind: 'known' }
  | { kind: 'no-channel' }

/** A request that comes before its stream is known is kept, see early-echoes.ts. */
export async function takeEcho(db: Database, request: EchoToTake, now: number): Promise<EchoOutcome> {
  return inTransaction(db, (tx) => take(tx, request, now))
}

/** The same for a request that was refused because its stream was not known. */
export async function settleEarly(tx: Tx, request: EchoToTake, now: number): Promise<EchoOutcome> {
  await tx
    .deleteFrom('handled_commands')
    .where('message_id', '=', request.sourceKey)
    .where('outcome', '=', 'offline')
    .execute()
  return take(tx, request, now)
}

async function take(tx: Tx, request: EchoToTake, now: number): Promise<EchoOutcome> {
  const { channelId, person } = request
  const { source, sourceKey } = request
  const channel = await holdChannel(tx, channelId)
  if (!channel) return { kind: 'no-channel' }
  const settings = settingsOf(channel)
  const { userId, allIds } = await identityOf(tx, channelId, person.userId)
  const standing = await standingOf(tx, channelId, userId)
  const stream = await streamAt(tx, channelId, request.askedAtMs)
  const previous = stream ? await latestEcho(tx, stream.show_id, allIds) : null
  const lengthMs = request.lengthMs ?? settings.defaultLengthMs
  const asked = { person, standing, askedAtMs: request.askedAtMs, lengthMs }
  const decision = decide(asked, settings, stream !== null, previous)
  if (!decision.ok || !stream) {
    const refused = decision.ok ? { ok: false as const, code: 'offline' as const } : decision
    const isNew =
      !(await echoOf(tx, source, sourceKey)) &&
      (await claimCommand(tx, channelId, sourceKey, now, refused.code))
    if (isNew && refused.code === 'offline') await keepEarly(tx, request)
    return isNew ? { kind: 'refused', decision: refused, settings } : { kind: 'known' }
  }
  if (await handledAs(tx, sourceKey)) return { kind: 'known' }
  // Ids that grow with time lie side by side in the index: those of one moment share a page.
  const echoId = timeOrderedId()
  const stored = await tx
    .insertInto('echoes')
    .values({
      id: echoId,
      channel_id: channelId,
      stream_id: stream.id,
      show_id: stream.show_id,
      user_id: person.userId,
      login: person.login,
      display_name: person.displayName,
      source,
      source_key: sourceKey,
      asked_at: request.askedAtMs,
      received_at: now,
      length_ms: lengthMs,
      latency_ms: request.latencyMs,
      label: request.label,
      replaces_id: decision.replaces,
    })
    .onConflict((c) => c.columns(['source', 'source_key']).doNothing())
    .executeTakeFirst()
  if (!stored.numInsertedOrUpdatedRows) return { kind: 'known' }
  if (decision.replaces) await withdraw(tx, decision.replaces, 'replaced', now)
  await touchChannel(tx, channelId, now)
  return { kind: 'accepted', echoId, lengthMs, replaced: decision.replaces !== null, settings, allIds }
}

async function keepEarly(tx: Tx, request: EchoToTake): Promise<void> {
  await tx
    .insertInto('early_echoes')
    .values({
      source: request.source,
      source_key: request.sourceKey,
      channel_id: request.channelId,
      user_id: request.person.userId,
      request: JSON.stringify(request),
      asked_at: request.askedAtMs,
    })
    .onConflict((c) => c.columns(['source', 'source_key']).doNothing())
    .execute()
}

/** By how much each echo of a show was moved. */
async function nudgesOf(db: Database, showId: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('nudges')
    .innerJoin('echoes', 'echoes.id', 'nudges.echo_id')
    .select(['nudges.echo_id', 'nudges.by_ms'])
    .where('echoes.show_id', '=', showId)
    .execute()
  const sums = new Map<string, number>()
  for (const { echo_id, by_ms } of rows) sums.set(echo_id, (sums.get(echo_id) ?? 0) + by_ms)
  return sums
}

/** Marks a command as taken by the caller; false when somebody had it already. */
export async function claimCommand(
  db: Tx,
  channelId: string,
  messageId: string,
  now: number,
  outcome = 'claimed',
): Promise<boolean> {
  const claimed = await db
    .insertInto('handled_commands')
    .values({ message_id: messageId, channel_id: channelId, outcome, at: now })
    .onConflict((c) => c.column('message_id').doNothing())
    .executeTakeFirst()
  return (claimed.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function settleCommand(db: Tx, messageId: string, outcome: string): Promise<void> {
  await db.updateTable('handled_commands').set({ outcome }).where('message_id', '=', messageId).execute()
}

export interface CountingEcho {
  id: string
  /** Twitch user id; the opaque id of a viewer who has not told who they are. */
  userId: string
  /** Null for such a viewer. */
  displayName: string | null
  askedAtMs: number
  lengthMs: number
  latencyMs: number | null
  label: string | null
}

/** The echoes of a show that count: neither withdrawn nor replaced; those of one person under one id. */
export async function countingEchoes(db: Database, showId: string): Promise<CountingEcho[]> {
  const rows = await db
    .selectFrom('echoes')
    .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
    .leftJoin('identities', (j) =>
      j
        .onRef('identities.channel_id', '=', 'echoes.channel_id')
        .onRef('identities.opaque_id', '=', 'echoes.user_id'),
    )
    .selectAll('echoes')
    .select(['identities.user_id as known_id', 'identities.display_name as known_name'])
    .where('echoes.show_id', '=', showId)
    .where('withdrawals.echo_id', 'is', null)
    .orderBy('echoes.asked_at')
    .orderBy('echoes.id')
    .execute()
  const movedBy = await nudgesOf(db, showId)
  const echoes = rows.map((row) => ({
    id: row.id,
    userId: row.known_id ?? row.user_id,
    displayName: row.display_name || row.known_name,
    askedAtMs: row.asked_at + (movedBy.get(row.id) ?? 0),
    lengthMs: row.length_ms,
    latencyMs: row.latency_ms,
    label: row.label,
  }))
  return [...echoes, ...(await longEchoesOf(db, showId))]
}

/** All echoes of a show, withdrawn ones too, as they were asked for: what a vote or an edit may be tied to. */
export async function askedEchoes(
  db: Database,
  showId: string,
): Promise<Map<string, { askedAtMs: number; lengthMs: number; latencyMs: number | null }>> {
  const rows = await db
    .selectFrom('echoes')
    .select(['id', 'asked_at', 'length_ms', 'latency_ms'])
    .where('show_id', '=', showId)
    .execute()
  const [long, movedBy] = [await longEchoesOf(db, showId), await nudgesOf(db, showId)]
  const askedAt = (r: { id: string; asked_at: number }) => r.asked_at + (movedBy.get(r.id) ?? 0)
  return new Map([
    ...rows.map(
      (r) => [r.id, { askedAtMs: askedAt(r), lengthMs: r.length_ms, latencyMs: r.latency_ms }] as const,
    ),
    ...long.map((e) => [e.id, e] as const),
  ])
}

/** Whether an echo, withdrawn or not, was asked for in this show. */
export async function isAsked(db: Database, showId: string, echoId: string): Promise<boolean> {
  const of = (table: 'echoes' | 'long_echoes') =>
    db
      .selectFrom(table)
      .select('id')
      .where('id', '=', echoId)
      .where('show_id', '=', showId)
      .executeTakeFirst()
  return Boolean((await of('echoes')) ?? (await of('long_echoes')))
}

/** What became of a request that was dealt with before; null when it was not. */
export async function outcomeOf(
  db: Database,
  source: EchoToTake['source'],
  sourceKey: string,
): Promise<{ echoId: string; lengthMs: number; replaced: boolean } | { refused: string } | null> {
  const echo = await echoOf(db, source, sourceKey)
  if (echo) return { echoId: echo.id, lengthMs: echo.length_ms, replaced: echo.replaces_id !== null }
  const refused = await handledAs(db, sourceKey)
  return refused === null ? null : { refused }
}

function echoOf(db: Database, source: EchoToTake['source'], sourceKey: string) {
  return db
    .selectFrom('echoes')
    .select(['id', 'length_ms', 'replaces_id'])
    .where('source', '=', source)
    .where('source_key', '=', sourceKey)
    .executeTakeFirst()
}

/** What a command that is no accepted echo came to; null when it is new. */
async function handledAs(db: Database, messageId: string): Promise<string | null> {
  const handled = await db
    .selectFrom('handled_commands')
    .select('outcome')
    .where('message_id', '=', messageId)
    .executeTakeFirst()
  return handled?.outcome ?? null
}

/** The person's latest echo of a show that counts, under whichever of their ids. */
export async function latestEcho(
  db: Database,
  showId: string,
  userIds: readonly string[],
): Promise<PreviousEcho | null> {
  const row = await db
    .selectFrom('echoes')
    .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
    .select(['echoes.id', 'echoes.asked_at', 'echoes.length_ms'])
    .where('echoes.show_id', '=', showId)
    .where('echoes.user_id', 'in', userIds)
    .where('withdrawals.echo_id', 'is', null)
    .orderBy('echoes.asked_at', 'desc')
    .executeTakeFirst()
  return row ? { id: row.id, askedAtMs: row.asked_at, lengthMs: row.length_ms } : null
}

/** How many commands of a channel had each outcome; `accepted`: echoes, whether they still count or not. */
export async function commandOutcomes(db: Database, channelId: string): Promise<Record<string, number>> {
  const count = <T extends 'handled_commands' | 'echoes'>(table: T) =>
    db
      .selectFrom<'handled_commands' | 'echoes'>(table)
      .select((e) => e.fn.countAll<number | string>().as('count'))
      .where('channel_id', '=', channelId)
  const others = await count('handled_commands').select('outcome').groupBy('outcome').execute()
  const { count: accepted } = await count('echoes').executeTakeFirstOrThrow()
  return Object.fromEntries(
    [{ outcome: 'accepted', count: accepted }, ...others]
      .map(({ outcome, count }) => [outcome, Number(count)] as const)
      .filter(([, count]) => count > 0),
  )
}

/** The stream that was on at an instant, allowing for viewers who are behind. */
export async function streamAt(db: Database, channelId: string, atMs: number) {
  const stream = await db
    .selectFrom('streams')
    .select(['id', 'show_id', 'ended_at'])
    .where('channel_id', '=', channelId)
    .where('started_at', '<=', atMs + BEFORE_START_MS)
    .orderBy('started_at', 'desc')
    .executeTakeFirst()
  if (!stream || (stream.ended_at !== null && atMs > stream.ended_at + AFTER_END_MS)) return null
  return stream
}

/** Takes an echo out of what counts; once is enough. */
export async function withdraw(
  db: Database,
  echoId: string,
  reason: 'undo' | 'replaced' | 'moderation' | 'gone',
  now: number,
): Promise<void> {
  await db
    .insertInto('withdrawals')
    .values({ echo_id: echoId, reason, at: now })
    .onConflict((c) => c.column('echo_id').doNothing())
    .execute()
}
