/** What YouTube is told about a recap: the channel's templates, with what the streamer said at the desk in their place. */
import type { Clock } from '../shared/clock.ts'
import type { DeskState, RecapWords } from '../shared/desk.ts'
import { gameAt } from './db/categories.ts'
import type { Database } from './db/database.ts'
import type { Product, Recap, RecapMoment } from './db/recaps.ts'
import { descriptionOf, titleOf } from './domain/description.ts'
import { wordsOf, type Card } from './domain/edits.ts'
import { showableLabel } from './domain/label.ts'
import type { ShowPlan } from './show-plan.ts'

/** What is shown of a card: its title or label, and who wanted it. */
export function shownCard(card: Card, bannedWords: readonly string[]) {
  return {
    label: card.title ?? showableLabel(card.labels, bannedWords),
    runtimeMs: card.startMs,
    people: card.people.flatMap((p) => p.displayName ?? []),
    unnamed: card.people.filter((p) => p.displayName === null).length,
  }
}

/** The moments of a finished video under the names they have now: a new title needs no new video. */
export function momentsNow(product: Product, plan: ShowPlan): RecapMoment[] {
  const cards = new Map(plan.cards.map((card) => [card.id, card]))
  return product.moments.map((moment) => {
    const card = moment.id === undefined ? undefined : cards.get(moment.id)
    return card ? { ...moment, ...shownCard(card, plan.channel.settings.bannedWords) } : moment
  })
}

/** @param moments with where they lie in the video, as it is or will be */
export async function recapWords(
  { db }: { db: Database; clock: Clock },
  recap: Recap,
  plan: ShowPlan,
  moments: readonly (Pick<RecapMoment, 'atSec' | 'durationSec'> & ReturnType<typeof shownCard>)[],
): Promise<{ words: DeskState['words']; own: RecapWords }> {
  const { channel, streams, edits } = plan
  const { settings } = channel
  const own = wordsOf(edits.filter((e) => e.recapId === recap.id))
  const [first] = streams
  const stream = {
    title: first?.title ?? '',
    startedAtMs: first?.startedAtMs ?? recap.createdAtMs,
    game: first ? await gameAt(db, channel.id, first.startedAtMs, first.endedAtMs) : '',
  }
  const last = moments.at(-1)
  const totalSec = last ? last.atSec + last.durationSec : 0
  const template = recap.longEchoId
    ? `${moments[0]?.label ?? 'A long moment'} – {title}`
    : settings.titleTemplate
  const words = {
    title: titleOf(template, stream),
    description: descriptionOf(settings.descriptionTemplate, stream, moments, totalSec, channel.login),
    tags: settings.tags,
    privacy: settings.privacy,
    madeForKids: settings.madeForKids,
  }
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return { words: { ...words, ...said }, own }
}
