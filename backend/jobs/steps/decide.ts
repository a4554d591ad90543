/** Step 5: may it be published? Only with the streamer's recorded consent to publish by itself, or their word on this recap. */
import { findChannel } from '../../db/channels.ts'
import { longEchoesOf } from '../../db/long-echoes.ts'
import { queueMail } from '../../db/outbox.ts'
import { findShow } from '../../db/shows.ts'
import { findRecap, noteStep } from '../../db/recaps.ts'
import { hasConsent } from '../../db/sessions.ts'
import { noticeLetter } from '../../mail/letters.tsx'
import type { JobContext } from '../context.ts'

/** `overtaken`: the recap is being made anew by another run. */
export type Decision = 'publish' | 'drop' | 'wait' | 'overtaken'

/** @param ending of the show, for which the run was started */
export async function lookForDecision(
  context: JobContext,
  recapId: string,
  ending: number,
): Promise<Decision> {
  const { db, clock, siteUrl, publisher } = context
  const recap = await findRecap(db, recapId)
  if (!recap || recap.decision === 'drop') return 'drop'
  const show = await findShow(db, recap.showId)
  if (!show || show.endings !== ending) return 'overtaken'
  const channel = await findChannel(db, recap.channelId)
  const toReview =
    channel?.settings.longSpans === 'review' && (await longEchoesOf(db, recap.showId)).length > 0
  const agreed = recap.decision === 'publish' || (!toReview && (await hasConsent(db, recap.channelId)))
  const connected = await publisher.isConnected(recap.channelId)
  if (agreed && connected) return 'publish'
  await noteStep(db, recapId, agreed ? 'waiting for YouTube' : 'waiting for your word')
  if (!channel?.email) return 'wait'
  const letter = agreed
    ? noticeLetter({
        subject: 'Connect YouTube, and your recap goes up',
        sentences: [
          `“${recap.title ?? 'Your recap'}” is ready. Echoes has no access to your YouTube channel (any more).`,
        ],
        link: { text: 'Connect YouTube', url: `${siteUrl}/` },
      })
    : noticeLetter({
        subject: 'Your recap waits for your word',
        sentences: [`“${recap.title ?? 'Your recap'}” is ready. Nothing is published before you say so.`],
        link: { text: 'Look and publish', url: `${siteUrl}/` },
      })
  const uniqueKey = `${agreed ? 'connect' : 'decide'}.${recapId}`
  await queueMail(db, { to: channel.email, ...letter, uniqueKey, channelId: channel.id }, clock.now())
  return 'wait'
}
