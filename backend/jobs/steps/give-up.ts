/** The way out when a recap cannot be made: recorded with its reason, and the streamer is told once. */
import { findChannel } from '../../db/channels.ts'
import { holdChannel, within } from '../../db/database.ts'
import { UNREADABLE } from '../../db/recap-again.ts'
import { findRecap, recordStep } from '../../db/recaps.ts'
import { noticeLetter } from '../../mail/letters.tsx'
import type { JobContext } from '../context.ts'
import { prepareNotice } from '../notices.ts'

export async function giveUp(
  context: JobContext,
  recapId: string,
  notice: { subject: string; why: string; advice: string; step?: string },
): Promise<void> {
  const { db, clock, siteUrl, log } = context
  const recap = await findRecap(db, recapId)
  if (!recap || recap.state === 'failed' || recap.state === 'published') return
  const channel = await findChannel(db, recap.channelId)
  const tell =
    channel &&
    (await prepareNotice(context, channel, {
      kind: 'failed',
      // A second failure, after it was tried again, is news; that it still cannot be read is none.
      about: notice.step === UNREADABLE ? `${recapId}.${UNREADABLE}` : `${recapId}.${recap.version}`,
      url: `${siteUrl}/recaps/${recapId}`,
      data: { recapId, why: notice.why },
      letter: (unsubscribe) =>
        noticeLetter({
          subject: notice.subject,
          sentences: [`${notice.why}.`, notice.advice],
          link: { text: 'Open Echoes', url: `${siteUrl}/recaps/${recapId}` },
          unsubscribe,
        }),
    }))
  await within(db, async (tx) => {
    await holdChannel(tx, recap.channelId)
    if ((await findRecap(tx, recapId))?.decision === 'drop') {
      // Whoever wants no recap wants no news of it.
      await recordStep(tx, recap, { state: recap.product ? 'rendered' : 'empty', step: 'done' }, clock.now())
      return
    }
    const step = notice.step ?? 'given up'
    await recordStep(tx, recap, { state: 'failed', step, failure: notice.why }, clock.now())
    await tell?.(tx, clock.now())
  })
  log.warn({ recapId, why: notice.why }, 'recap given up')
}
