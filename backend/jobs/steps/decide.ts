/** Step 5: may it be published? Only with the streamer's recorded consent to publish by itself, or their word on this recap. */
import { findChannel, type Channel } from '../../db/channels.ts'
import { within } from '../../db/database.ts'
import { isLeaving } from '../../db/departures.ts'
import { findShow } from '../../db/shows.ts'
import { findRecap, noteStep, type Recap } from '../../db/recaps.ts'
import { actionOf } from '../../domain/publishing.ts'
import { publicationOf, type PublicationFacts } from '../../publication.ts'
import { noticeLetter } from '../../mail/letters.tsx'
import type { JobContext } from '../context.ts'
import { prepareNotice, type Notice } from '../notices.ts'

export type Decision =
  | { kind: 'publish' | 'drop' }
  /** The recap is being made anew by another run. */
  | { kind: 'overtaken' }
  /** The streamer wants to see it made of the plan as it is now. */
  | { kind: 'remake' }
  /** `ms`: after so long nothing more has to be waited for. */
  | { kind: 'wait'; ms: number | null }

/** @param ending of the show, for which the run was started */
export async function lookForDecision(
  context: JobContext,
  recapId: string,
  ending: number,
): Promise<Decision> {
  const { db, clock } = context
  const recap = await findRecap(db, recapId)
  if (!recap) return { kind: 'drop' }
  const show = await findShow(db, recap.showId)
  if (!show || show.endings !== ending) return { kind: 'overtaken' }
  const channel = await findChannel(db, recap.channelId)
  if (!channel) return { kind: 'drop' }
  // Dropped as well: then what is being made is cleared away.
  if (recap.state === 'preparing') return { kind: 'remake' }
  // It is deleted with everything else in a moment.
  if (await isLeaving(db, channel.id)) return { kind: 'wait', ms: null }
  const now = clock.now()
  const publication = await publicationOf(db, channel, recap, now)
  const action = actionOf(publication)
  switch (action.do) {
    case 'upload':
    case 'watch':
      return { kind: 'publish' }
    case 'nothing':
      return { kind: action.because === 'live' ? 'publish' : 'drop' }
    case 'wait':
      return { kind: 'wait', ms: action.untilMs - now }
    case 'ask':
      await tellOf(context, channel, recap, action.for, publication)
      return {
        kind: 'wait',
        ms:
          action.for === 'word' && publication.byItselfAtMs !== null ? publication.byItselfAtMs - now : null,
      }
    default: {
      const never: never = action
      return never
    }
  }
}

/** Whose turn it is, on the page and by mail. */
async function tellOf(
  context: JobContext,
  channel: Channel,
  recap: Recap,
  wanted: 'word' | 'connection',
  { stage, byItselfAtMs, grantedAtMs }: PublicationFacts,
): Promise<void> {
  const { db, clock, siteUrl } = context
  await noteStep(db, recap.id, wanted === 'connection' ? 'waiting for YouTube' : 'waiting for your word')
  const title = recap.title ?? 'Your recap'
  const url = `${siteUrl}/recaps/${recap.id}`
  const isThere = stage === 'uploaded'
  const notice: Notice =
    wanted === 'connection'
      ? {
          kind: 'reconnect',
          // Each access that is lost is told of once, whatever waits for it.
          about: grantedAtMs === null ? recap.id : `${channel.id}.${grantedAtMs}`,
          url: `${siteUrl}/`,
          data: { recapId: recap.id, title },
          letter: (unsubscribe) =>
            noticeLetter({
              subject: isThere
                ? 'Connect YouTube, to see how your recap is doing'
                : 'Connect YouTube, and your recap goes up',
              sentences: [
                isThere
                  ? `“${title}” was uploaded, and YouTube was working on it when Echoes lost access to your YouTube channel.`
                  : `“${title}” is ready, and Echoes has no access to your YouTube channel.`,
              ],
              link: { text: 'Connect YouTube', url: `${siteUrl}/` },
              unsubscribe,
            }),
        }
      : {
          kind: 'waiting',
          about: recap.id,
          url,
          data: { recapId: recap.id, title, goesUpAtMs: byItselfAtMs },
          letter: (unsubscribe) =>
            noticeLetter({
              subject: byItselfAtMs ? 'Your recap goes up soon' : 'Your recap waits for your word',
              sentences: [
                byItselfAtMs
                  ? `“${title}” is ready, and goes up at ${new Date(byItselfAtMs).toISOString().slice(11, 16)} UTC unless you change something.`
                  : `“${title}” is ready. Nothing is published before you say so.`,
              ],
              link: { text: 'Look and publish', url },
              unsubscribe,
            }),
        }
  const tell = await prepareNotice(context, channel, notice)
  await within(db, (tx) => tell(tx, clock.now()))
}
