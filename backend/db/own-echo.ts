/** A person's own last echo: taken back or moved, for the time that the channel allows. */
import type { Person } from '../../shared/mode.ts'
import { mayEcho, type PreviousEcho } from '../domain/policy.ts'
import { settingsOf, standingOf } from './channels.ts'
import { within, holdChannel, touchChannel, type Database, type Tx } from './database.ts'
import { claimCommand, latestEcho, settleCommand, streamAt, withdraw } from './echoes.ts'
import { identityOf } from './identities.ts'

export type UndoOutcome =
  | 'undone'
  | 'nothing'
  /** The channel's time for taking back is over. */
  | 'too-late'
  | 'known'
  | 'blocked'

/**
 * Takes back the person's latest echo of the show that was on at `atMs`, while the channel allows it; an echo that it
 * had replaced counts again.
 */
export async function undoEcho(
  db: Database,
  request: { channelId: string; person: Person; messageId: string; atMs: number },
  now: number,
): Promise<UndoOutcome> {
  return within(db, async (tx) => {
    const { channelId, messageId } = request
    if (!(await claimCommand(tx, channelId, messageId, now))) return 'known'
    const outcome = await takeBack(tx, { ...request, echoId: null }, now)
    await settleCommand(tx, messageId, outcome)
    return outcome
  })
}

/** Moves the person's latest echo of the show that was on at `atMs`, while the channel allows taking it back. */
export async function nudgeEcho(
  db: Database,
  request: { channelId: string; person: Person; messageId: string; atMs: number; byMs: number },
  now: number,
): Promise<'moved' | 'nothing' | 'too-late' | 'known' | 'blocked'> {
  return within(db, async (tx) => {
    const { channelId, person, messageId, atMs, byMs } = request
    if (!(await claimCommand(tx, channelId, messageId, now))) return 'known'
    const own = await ownLatest(tx, channelId, person, atMs)
    const outcome = own.kind === 'found' ? 'moved' : own.kind
    await settleCommand(tx, messageId, outcome)
    if (own.kind !== 'found') return own.kind
    await tx
      .insertInto('nudges')
      .values({ id: messageId, echo_id: own.echo.id, by_ms: byMs, at: now })
      .execute()
    await touchChannel(tx, channelId, now)
    return 'moved'
  })
}

/** The person's latest echo, if the time for changing it is not over. */
async function ownLatest(
  tx: Tx,
  channelId: string,
  person: Person,
  atMs: number,
): Promise<{ kind: 'found'; echo: PreviousEcho } | { kind: 'nothing' | 'too-late' | 'blocked' }> {
  const channel = await holdChannel(tx, channelId)
  if (!channel) return { kind: 'nothing' }
  const { userId, allIds } = await identityOf(tx, channelId, person.userId)
  const anyMode = { mode: 'everyone', minimumRole: 'none' } as const
  if (mayEcho(person, await standingOf(tx, channelId, userId), anyMode)) return { kind: 'blocked' }
  const stream = await streamAt(tx, channelId, atMs)
  const echo = stream ? await latestEcho(tx, stream.show_id, allIds) : null
  if (!echo) return { kind: 'nothing' }
  const inTime = atMs - echo.askedAtMs <= settingsOf(channel).undoMs
  return inTime || person.roles.includes('streamer') ? { kind: 'found', echo } : { kind: 'too-late' }
}

/** Takes back one echo of one's own; asked again, it is taken back already. */
export async function undoOwnEcho(
  db: Database,
  request: { channelId: string; person: Person; echoId: string; atMs: number },
  now: number,
): Promise<Exclude<UndoOutcome, 'known'>> {
  return within(db, (tx) => takeBack(tx, request, now))
}

async function takeBack(
  tx: Tx,
  request: { channelId: string; person: Person; echoId: string | null; atMs: number },
  now: number,
): Promise<Exclude<UndoOutcome, 'known'>> {
  const { channelId, person, echoId, atMs } = request
  const own = await ownLatest(tx, channelId, person, atMs)
  if (own.kind === 'blocked') return 'blocked'
  if (echoId !== null && !(own.kind === 'found' && own.echo.id === echoId)) {
    const { allIds } = await identityOf(tx, channelId, person.userId)
    const mine = await tx
      .selectFrom('echoes')
      .leftJoin('withdrawals', 'withdrawals.echo_id', 'echoes.id')
      .select('withdrawals.echo_id as withdrawn')
      .where('echoes.id', '=', echoId)
      .where('echoes.user_id', 'in', allIds)
      .executeTakeFirst()
    if (mine?.withdrawn) return 'undone'
    return own.kind === 'too-late' && mine ? 'too-late' : 'nothing'
  }
  if (own.kind !== 'found') return own.kind
  const latest = own.echo
  await touchChannel(tx, channelId, now)
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
}
