/**
 * Echoes and what became of commands. Accepting an echo is one transaction: the message is claimed (a unique row, so
 * that a second bot, a second transport or a repetition finds it taken), the person's place and previous echo are
 * read, the policy decides, and the echo is stored.
 */
import { randomUUID } from 'node:crypto'
import type { Person } from '../../shared/mode.ts'
import { decide, mayEcho, type Decision } from '../domain/policy.ts'
import { settingsOf, standingOf } from './channels.ts'
import { lockChannel, type Database } from './database.ts'

/** A viewer's picture is behind: what they ask for shortly after the end still belongs to the stream. */
const AFTER_END_MS = 60_000
/** Twitch gives the start of a stream to the second, and chat may be a little ahead of it. */
const BEFORE_START_MS = 5_000

export interface EchoToTake {
  channelId: string
  person: Person
  source: 'chat' | 'panel' | 'deck'
  /** Chat message id, or the idempotency key of one press. */
  sourceKey: string
  /** Twitch's own time where there is one. */
  askedAtMs: number
  /** Null: the channel's default length. */
  lengthMs: number | null
  latencyMs: number | null
  label: string | null
}

export type EchoOutcome =
  | { kind: 'accepted'; echoId: string; lengthMs: number; replaced: boolean }
  | { kind: 'refused'; decision: Extract<Decision, { ok: false }> }
  /** This very request has been dealt with before, here or by another bot: say nothing. */
  | { kind: 'known' }
  | { kind: 'no-channel' }

export async function takeEcho(db: Database, request: EchoToTake, now: number): Promise<EchoOutcome> {
  return db.transaction().execute(async (tx): Promise<EchoOutcome> => {
    const { channelId, person } = request
    if (!(await claimCommand(tx, channelId, request.sourceKey, now))) return { kind: 'known' }
    await lockChannel(tx, channelId)
    const channel = await tx.selectFrom('channels').selectAll().where('id', '=', channelId).executeTakeFirst()
    if (!channel) return { kind: 'no-channel' }
    const settings = settingsOf(channel)
    const standing = await standingOf(tx, channelId, person.userId)
    const stream = await streamAt(tx, channelId, request.askedAtMs)
    const previous = stream ? await latestEcho(tx, stream.id, person.userId) : null
    const lengthMs = request.lengthMs ?? settings.defaultLengthMs
    const asked = { person, standing, askedAtMs: request.askedAtMs, lengthMs }
    const decision = decide(asked, settings, stream !== null, previous)
    if (!decision.ok || !stream) {
      const refused = decision.ok ? { ok: false as const, code: 'offline' as const } : decision
      await settleCommand(tx, request.sourceKey, refused.code)
      return { kind: 'refused', decision: refused }
    }
    const echoId = randomUUID()
    await tx
      .insertInto('echoes')
      .values({
        id: echoId,
        channel_id: channelId,
        stream_id: stream.id,
        show_id: stream.show_id,
        user_id: person.userId,
        login: person.login,
        display_name: person.displayName,
        source: request.source,
        source_key: request.sourceKey,
        asked_at: request.askedAtMs,
        received_at: now,
        length_ms: lengthMs,
        latency_ms: request.latencyMs,
        label: request.label,
        replaces_id: decision.replaces,
      })
      .execute()
    if (decision.replaces) await withdraw(tx, decision.replaces, 'replaced', now)
    await settleCommand(tx, request.sourceKey, 'accepted')
    return { kind: 'accepted', echoId, lengthMs, replaced: decision.replaces !== null }
  })
}

/** Takes back the person's latest echo of the stream that was on at `atMs`; an echo it had replaced counts again. */
export async function undoEcho(
  db: Database,
  request: { channelId: string; person: Person; messageId: string; atMs: number },
  now: number,
): Promise<'undone' | 'nothing' | 'known' | 'blocked'> {
  return db.transaction().execute(async (tx) => {
    const { channelId, person, messageId } = request
    if (!(await claimCommand(tx, channelId, messageId, now))) return 'known'
    await lockChannel(tx, channelId)
    if (
      mayEcho(person, await standingOf(tx, channelId, person.userId), {
        mode: 'everyone',
        minimumRole: 'none',
      })
    ) {
      await settleCommand(tx, messageId, 'blocked')
      return 'blocked'
    }
    const stream = await streamAt(tx, channelId, request.atMs)
    const latest = stream ? await latestEcho(tx, stream.id, person.userId) : null
    await settleCommand(tx, messageId, latest ? 'undone' : 'nothing')
    if (!latest) return 'nothing'
    await withdraw(tx, latest.id, 'undo', now)
    const { replaces_id: replaced } = await tx
      .selectFrom('echoes')
      .select('replaces_id')
      .where('id', '=', latest.id)
      .executeTakeFirstOrThrow()
    if (replaced)
      await tx
        .deleteFrom('withdrawals')
        .where('echo_id', '=', replaced)
        .where('reason', '=', 'replaced')
        .execute()
    return 'undone'
  })
}

/** Marks a command as taken by the caller; false when somebody had it already. */
export async function claimCommand(
  db: Database,
  channelId: string,
  messageId: string,
  now: number,
): Promise<boolean> {
  const claimed = await db
    .insertInto('handled_commands')
    .values({ message_id: messageId, channel_id: channelId, outcome: 'claimed', at: now })
    .onConflict((c) => c.column('message_id').doNothing())
    .executeTakeFirst()
  return (claimed.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function settleCommand(db: Database, messageId: string, outcome: string): Promise<void> {
  await db.updateTable('handled_commands').set({ outcome }).where('message_id', '=', messageId).execute()
}

export interface CountingEcho {
  id: string
  userId: string
  displayName: string
  askedAtMs: number
  lengthMs: number
  latencyMs: number | null
  label: string | null
}

/** The echoes of a show that count: neither withdrawn nor replaced. */
export async function countingEchoes(db: Database, showId: string): Promise<CountingEcho[]> {
  const rows = await db
    .selectFrom('echoes')
    .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
    .selectAll('echoes')
    .where('echoes.show_id', '=', showId)
    .where('withdrawals.echo_id', 'is', null)
    .orderBy('echoes.asked_at')
    .orderBy('echoes.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    displayName: row.display_name,
    askedAtMs: row.asked_at,
    lengthMs: row.length_ms,
    latencyMs: row.latency_ms,
    label: row.label,
  }))
}

/** How many commands of a channel had each outcome. */
export async function commandOutcomes(db: Database, channelId: string): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('handled_commands')
    .select((e) => ['outcome', e.fn.countAll<number | string>().as('count')])
    .where('channel_id', '=', channelId)
    .groupBy('outcome')
    .execute()
  return Object.fromEntries(rows.map((r) => [r.outcome, Number(r.count)]))
}

async function streamAt(db: Database, channelId: string, atMs: number) {
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

async function latestEcho(db: Database, streamId: string, userId: string) {
  const row = await db
    .selectFrom('echoes')
    .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
    .select(['echoes.id', 'echoes.asked_at', 'echoes.length_ms'])
    .where('echoes.stream_id', '=', streamId)
    .where('echoes.user_id', '=', userId)
    .where('withdrawals.echo_id', 'is', null)
    .orderBy('echoes.asked_at', 'desc')
    .executeTakeFirst()
  return row ? { id: row.id, askedAtMs: row.asked_at, lengthMs: row.length_ms } : null
}

async function withdraw(
  db: Database,
  echoId: string,
  reason: 'undo' | 'replaced',
  now: number,
): Promise<void> {
  await db
    .insertInto('withdrawals')
    .values({ echo_id: echoId, reason, at: now })
    .onConflict((c) => c.column('echo_id').doNothing())
    .execute()
}
