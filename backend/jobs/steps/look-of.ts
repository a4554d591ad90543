/** What a channel's look says about one recap: the words on its cards and labels. */
import type { ChannelSettings } from '../../../shared/settings.ts'
import { clipsOf } from '../../db/media.ts'
import type { Recap } from '../../db/recaps.ts'
import { streamsOf } from '../../db/shows.ts'
import { momentTitle } from '../../domain/description.ts'
import { showableLabel } from '../../domain/label.ts'
import type { Plan } from '../../domain/plan.ts'
import type { Look } from '../../media/dress.ts'
import type { JobContext } from '../context.ts'
import type { PlannedFootage } from './bring-footage.ts'

/** A card holds so many names; the description has all of them. */
const NAMES_ON_A_CARD = 40
const NAMES_ON_A_LABEL = 3

export async function lookOf(
  context: Pick<JobContext, 'db' | 'clock' | 'storage'>,
  recap: Recap,
  plan: Plan,
  footage: PlannedFootage,
  settings: ChannelSettings,
): Promise<Look> {
  const { db, clock } = context
  const { titleCard, creditsCard, labels, transition, evenLoudness, bannedWords } = settings
  const look: Look = { transition, loudness: evenLoudness, ...(await ownClipsOf(context, recap.channelId)) }
  const namesOf = (people: Plan['moments'][number]['moment']['people']) =>
    people.flatMap((p) => p.displayName ?? [])
  if (titleCard) {
    const [stream] = await streamsOf(db, recap.showId, clock.now())
    if (stream)
      look.title = [stream.title || 'Recap', new Date(stream.startedAtMs).toISOString().slice(0, 10)]
  }
  if (creditsCard) {
    const names = [...new Set(plan.moments.flatMap(({ moment }) => namesOf(moment.people)))]
    if (names.length > 0) look.credits = ['Echoes by', shortList(names, NAMES_ON_A_CARD)]
  }
  if (labels)
    look.labels = footage.momentOfPiece.map((n, piece) => {
      // Of a moment in several pieces, the first one has the label.
      if (footage.momentOfPiece.indexOf(n) !== piece) return null
      const moment = plan.moments[n]?.moment
      if (!moment) return null
      const title = momentTitle({
        label: moment.title ?? showableLabel(moment.labels, bannedWords),
        runtimeMs: moment.startMs,
      })
      const names = namesOf(moment.people)
      return names.length > 0 ? [title, shortList(names, NAMES_ON_A_LABEL)] : [title]
    })
  return look
}

function shortList(names: readonly string[], most: number): string {
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ')
}

/** The streamer's own first and last clip, as local files. Another upload has another name. */
export async function ownClipsOf(
  { db, storage }: Pick<JobContext, 'db' | 'storage'>,
  channelId: string,
): Promise<{ intro?: string; outro?: string }> {
  const clips: { intro?: string; outro?: string } = {}
  for (const { place, key } of await clipsOf(db, channelId))
    if (await storage.has(key)) clips[place] = await storage.localFile(key)
  return clips
}
