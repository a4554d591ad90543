/** Step 5: may it be published? Only with the streamer's recorded consent to publish by itself, or their word on this recap. */
import { findChannel } from '../../db/channels.ts'
import { findShow } from '../../db/shows.ts'
import { findRecap, noteStep } from '../../db/recaps.ts'
import { goesUpAt } from '../../goes-up.ts'
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
  const { db, clock, siteUrl, publisher } = context
  const recap = await findRecap(db, recapId)
  if (!recap || recap.decision === 'drop') return { kind: 'drop' }
  const show = await findShow(db, recap.showId)
  if (!show || show.endings !== ending) return { kind: 'overtaken' }
  const channel = await findChannel(db, recap.channelId)
  if (!channel) return { kind: 'drop' }
  if (recap.state === 'preparing') return { kind: 'remake' }
  const byItselfAtMs = await goesUpAt(db, channel, recap)
  const agreed = recap.decision === 'publish' || (byItselfAtMs !== null && byItselfAtMs <= clock.now())
  if (agreed && (await publisher.isConnected(recap.channelId))) return { kind: 'publish' }
  await noteStep(db, recapId, agreed ? 'waiting for YouTube' : 'waiting for your word')
  const title = recap.title ?? 'Your recap'
  const url = `${siteUrl}/recaps/${recapId}`
  const notice: Notice = agreed
    ? {
        kind: 'reconnect',
        about: recapId,
        url: `${siteUrl}/`,
        data: { recapId, title },
        letter: (unsubscribe) =>
          noticeLetter({
            subject: 'Connect YouTube, and your recap goes up',
            sentences: [`“${title}” is ready. Echoes has no access to your YouTube channel (any more).`],
            link: { text: 'Connect YouTube', url: `${siteUrl}/` },
            unsubscribe,
          }),
      }
    : {
        kind: 'waiting',
        about: recapId,
        url,
        data: { recapId, title, goesUpAtMs: byItselfAtMs },
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
  await tell(db, clock.now())
  return { kind: 'wait', ms: byItselfAtMs === null || agreed ? null : byItselfAtMs - clock.now() }
}
