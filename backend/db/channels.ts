/** Channels with their settings and lists of people. */
import type { Mode, Standing } from '../../shared/mode.ts'
import { DEFAULT_SETTINGS, settingsAfter, type ChannelSettings } from '../../shared/settings.ts'
import { within, touchChannel, type Database } from './database.ts'
import { isOpaque } from './identities.ts'
import { sql, type Selectable } from 'kysely'
import type { ChannelRow } from './schema.ts'

export interface Channel {
  id: string
  login: string
  displayName: string
  email: string | null
  settings: ChannelSettings
  /** Grows with each change of the settings. */
  settingsVersion: number
  /** Grows with whatever changes what viewers see. */
  revision: number
  createdAtMs: number
}

/** A Twitch account signed in: a new channel, or a known one whose names may have changed. */
export async function saveChannel(
  db: Database,
  channel: { id: string; login: string; displayName: string; email: string | null },
  now: number,
): Promise<void> {
  const names = { login: channel.login, display_name: channel.displayName, email: channel.email }
  await db
    .insertInto('channels')
    .values({
      id: channel.id,
      ...names,
      mode: DEFAULT_SETTINGS.mode,
      settings: '{}',
      created_at: now,
      revision: now,
    })
    .onConflict((c) => c.column('id').doUpdateSet({ ...names, revision: sql`channels.revision + 1` }))
    .execute()
}

export async function findChannel(db: Database, id: string): Promise<Channel | null> {
  const row = await db.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? fromRow(row) : null
}

export async function listChannels(db: Database): Promise<Channel[]> {
  return (await db.selectFrom('channels').selectAll().orderBy('id').execute()).map(fromRow)
}

/** Changes the mode and nothing else: the lists stay as they are. */
export async function setMode(db: Database, channelId: string, mode: Mode, now: number): Promise<void> {
  await changeSettings(db, channelId, { mode }, now)
}

/**
 * Changes some settings; the others keep their values.
 * @param version only if the settings are still of this version
 * @returns false when they are not
 */
export async function changeSettings(
  db: Database,
  channelId: string,
  change: Partial<ChannelSettings>,
  now: number,
  version?: number,
): Promise<boolean> {
  return within(db, async (tx) => {
    await touchChannel(tx, channelId, now)
    const row = await tx
      .selectFrom('channels')
      .select(['settings', 'settings_version', 'mode'])
      .where('id', '=', channelId)
      .executeTakeFirst()
    if (!row || (version !== undefined && row.settings_version !== version)) return false
    const stored = JSON.parse(row.settings) as Partial<ChannelSettings>
    const before = { ...DEFAULT_SETTINGS, ...stored }
    const after = settingsAfter(before, change)
    const { mode = row.mode, ...rest } = change
    // What was never set follows the defaults of later versions.
    const followed = Object.entries(after).filter(
      ([name, value]) => value !== before[name as keyof ChannelSettings],
    )
    const settings = JSON.stringify({ ...stored, ...Object.fromEntries(followed), ...rest, mode: undefined })
    const settings_version = row.settings_version + 1
    await tx
      .updateTable('channels')
      .set({ mode, settings, settings_version })
      .where('id', '=', channelId)
      .execute()
    return true
  })
}

/** The people of a channel's list, by name. */
export async function peopleOf(
  db: Database,
  channelId: string,
): Promise<{ userId: string; login: string; standing: Exclude<Standing, 'none'> }[]> {
  const rows = await db
    .selectFrom('standings')
    .select(['user_id', 'login', 'standing'])
    .where('channel_id', '=', channelId)
    .orderBy('login')
    .execute()
  return rows.map((r) => ({ userId: r.user_id, login: r.login, standing: r.standing }))
}

export async function setStanding(
  db: Database,
  channelId: string,
  user: { userId: string; login: string },
  standing: Standing,
  now: number,
): Promise<void> {
  if (standing === 'none') {
    await db
      .deleteFrom('standings')
      .where('channel_id', '=', channelId)
      .where('user_id', '=', user.userId)
      .execute()
    return
  }
  await db
    .insertInto('standings')
    .values({ channel_id: channelId, user_id: user.userId, standing, login: user.login, at: now })
    .onConflict((c) =>
      c.columns(['channel_id', 'user_id']).doUpdateSet({ standing, login: user.login, at: now }),
    )
    .execute()
}

/** Puts people on a list, or takes them off (`none`). */
export async function setStandings(
  db: Database,
  channelId: string,
  people: readonly { userId: string; login: string }[],
  standing: Standing,
  now: number,
): Promise<void> {
  await within(db, async (tx) => {
    await touchChannel(tx, channelId, now)
    for (const person of people) await setStanding(tx, channelId, person, standing, now)
  })
}

/** Channels in which something has changed since (UTC milliseconds). */
export async function changedChannels(
  db: Database,
  sinceMs: number,
): Promise<{ id: string; revision: number }[]> {
  return db.selectFrom('channels').select(['id', 'revision']).where('revision', '>=', sinceMs).execute()
}

/** A channel's revision; 0 when there is no such channel. */
export async function revisionOf(db: Database, channelId: string): Promise<number> {
  const row = await db
    .selectFrom('channels')
    .select('revision')
    .where('id', '=', channelId)
    .executeTakeFirst()
  return row?.revision ?? 0
}

/** Channels with a stream on. */
export async function liveChannels(db: Database): Promise<{ id: string; revision: number }[]> {
  return db
    .selectFrom('channels')
    .innerJoin('streams', 'streams.channel_id', 'channels.id')
    .select(['channels.id', 'channels.revision'])
    .where('streams.ended_at', 'is', null)
    .execute()
}

export async function standingOf(db: Database, channelId: string, userId: string): Promise<Standing> {
  // Lists hold accounts; a viewer who has not told who they are is on none.
  if (isOpaque(userId)) return 'none'
  const row = await db
    .selectFrom('standings')
    .select('standing')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.standing ?? 'none'
}

export function settingsOf(row: Pick<Selectable<ChannelRow>, 'mode' | 'settings'>): ChannelSettings {
  return { ...DEFAULT_SETTINGS, ...(JSON.parse(row.settings) as Partial<ChannelSettings>), mode: row.mode }
}

function fromRow(row: Selectable<ChannelRow>): Channel {
  const { id, login, email, revision } = row
  const settingsVersion = row.settings_version
  return {
    id,
    login,
    displayName: row.display_name,
    email,
    settings: settingsOf(row),
    settingsVersion,
    revision,
    createdAtMs: row.created_at,
  }
}
