/** What the page of a published recap shows, for streamers who want one: its moments, and who made it. */
import { findChannel } from './db/channels.ts'
import type { Database } from './db/database.ts'
import { findRecap, latestPublicRecap } from './db/recaps.ts'
import { findUpload } from './db/uploads.ts'
import { momentTitle } from './domain/description.ts'
import type { WatchAddresses } from './panel-state.ts'

export interface PublicRecap {
  id: string
  title: string
  channel: string
  channelUrl: string
  watchUrl: string
  thumbnail: string
  durationSec: number
  moments: { atSec: number; title: string; people: string[]; more: number }[]
  /** Who wanted the most moments first; `more`: how many have not told their name. */
  leaders: { name: string; moments: number }[]
  more: number
}

/** Null where there is none, or the streamer does not want it shown, or it is not public any more. */
export async function publicRecap(
  db: Database,
  recapId: string,
  { watch, images }: WatchAddresses,
): Promise<PublicRecap | null> {
  const recap = await findRecap(db, recapId)
  const [channel, upload] = recap
    ? await Promise.all([findChannel(db, recap.channelId), findUpload(db, recap.id)])
    : [null, null]
  const { product } = recap ?? {}
  if (!recap || !product || recap.state !== 'published' || !channel?.settings.publicPages) return null
  if (!upload?.videoId || upload.privacy !== 'public') return null
  const named = await namesOf(db, recap.showId)
  const moments = product.moments.map((moment) => {
    const people = moment.people.filter((name) => named.has(name))
    // Who has taken their name back since counts without it.
    const more = moment.unnamed + moment.people.length - people.length
    return { atSec: moment.atSec, title: momentTitle(moment), people, more }
  })
  return {
    id: recap.id,
    title: recap.title ?? 'Recap',
    channel: channel.displayName,
    channelUrl: `https://www.twitch.tv/${channel.login}`,
    watchUrl: `${watch}${upload.videoId}`,
    thumbnail: `${images}/vi/${upload.videoId}/mqdefault.jpg`,
    durationSec: product.durationSec,
    moments,
    leaders: leadersOf(moments),
    more: Math.max(0, ...moments.map((moment) => moment.more)),
  }
}

/** The newest recap that may be shown to anybody. */
export async function showcase(db: Database, addresses: WatchAddresses): Promise<PublicRecap | null> {
  const recapId = await latestPublicRecap(db)
  return recapId ? publicRecap(db, recapId, addresses) : null
}

export function leadersOf(moments: readonly { people: readonly string[] }[]): PublicRecap['leaders'] {
  const counts = new Map<string, number>()
  for (const name of moments.flatMap(({ people }) => [...new Set(people)]))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .map(([name, count]) => ({ name, moments: count }))
    .sort((a, b) => b.moments - a.moments || a.name.localeCompare(b.name))
}

/** Names that people of a show still go by here. */
async function namesOf(db: Database, showId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('echoes')
    .select('display_name')
    .distinct()
    .where('show_id', '=', showId)
    .execute()
  return new Set(rows.map((row) => row.display_name))
}
