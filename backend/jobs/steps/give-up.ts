/** The way out when a recap cannot be made: recorded with its reason, and the streamer is told once. */
import { findChannel } from '../../db/channels.ts'
import { queueMail } from '../../db/outbox.ts'
import { findRecap, recordStep } from '../../db/recaps.ts'
import { noticeLetter } from '../../mail/letters.tsx'
import type { JobContext } from '../context.ts'

export async function giveUp(
  context: JobContext,
  recapId: string,
  notice: { subject: string; why: string; advice: string; step?: string },
): Promise<void> {
  const { db, clock, siteUrl, log } = context
  const recap = await findRecap(db, recapId)
  if (!recap || recap.state === 'failed' || recap.state === 'published') return
  const channel = await findChannel(db, recap.channelId)
  await db.transaction().execute(async (tx) => {
    await recordStep(
      tx,
      recap,
      { state: 'failed', step: notice.step ?? 'given up', failure: notice.why },
      clock.now(),
    )
    if (!channel?.email) return
    const letter = noticeLetter({
      subject: notice.subject,
      sentences: [`${notice.why}.`, notice.advice],
      link: { text: 'Open Echoes', url: `${siteUrl}/` },
    })
    await queueMail(
      tx,
      { to: channel.email, ...letter, uniqueKey: `failed.${recapId}`, channelId: channel.id },
      clock.now(),
    )
  })
  log.warn({ recapId, why: notice.why }, 'recap given up')
}
