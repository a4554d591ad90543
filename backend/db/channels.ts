/** Channels with their settings and lists of people. */
import type { Mode, Standing } from '../../shared/mode.ts'
import { DEFAULT_SETTINGS, type ChannelSettings } from '../../shared/settings.ts'
import type { Database } from './database.ts'
import type { ChannelRow } from './schema.ts'

export interface Channel {
  id: string
  login: string
  displayName: string
  email: string | null
  settings: ChannelSettings
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
    .values({ id: channel.id, ...names, mode: DEFAULT_SETTINGS.mode, settings: '{}', created_at: now })
    .onConflict((c) => c.column('id').doUpdateSet(names))
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
export async function setMode(db: Database, channelId: string, mode: Mode): Promise<void> {
  await db.updateTable('channels').set({ mode }).where('id', '=', channelId).execute()
}

/** Changes some settings; the others keep their values. */
export async function changeSettings(
  db: Database,
  channelId: string,
  change: Partial<Omit<ChannelSettings, 'mode'>>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('channels')
      .select('settings')
      .where('id', '=', channelId)
      .executeTakeFirst()
    if (!row) return
    const settings = JSON.stringify({ ...(JSON.parse(row.settings) as object), ...change })
    await tx.updateTable('channels').set({ settings }).where('id', '=', channelId).execute()
  })
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

export async function standingOf(db: Database, channelId: string, userId: string): Promise<Standing> {
  const row = await db
    .selectFrom('standings')
    .select('standing')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.standing ?? 'none'
}

export function settingsOf(row: Pick<ChannelRow, 'mode' | 'settings'>): ChannelSettings {
  return { ...DEFAULT_SETTINGS, ...(JSON.parse(row.settings) as Partial<ChannelSettings>), mode: row.mode }
}

function fromRow(row: ChannelRow): Channel {
  const { id, login, email } = row
  return { id, login, displayName: row.display_name, email, settings: settingsOf(row) }
}
