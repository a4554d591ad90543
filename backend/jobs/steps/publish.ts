/** Step 6 and 7: uploads the recap once, records that it is published, and queues the mail in the same transaction. */
import { Fault } from '../../../shared/fault.ts'
import { findChannel } from '../../db/channels.ts'
import { touchChannel } from '../../db/database.ts'
import { queueMail } from '../../db/outbox.ts'
import { findRecap, noteStep, recordStep, type Product, type Recap } from '../../db/recaps.ts'
import { findUpload, replaceSession, saveUpload, uploadOf } from '../../db/uploads.ts'
import { momentTitle } from '../../domain/description.ts'
import { publishedLetter } from '../../mail/letters.tsx'
import { errorText } from '../../log.ts'
import type { JobContext } from '../context.ts'

export type PublishOutcome =
  | { kind: 'published'; videoId: string }
  /** Not before then: a quota, or the streamer must connect again. */
  | { kind: 'later'; notBeforeMs: number }
  | { kind: 'reconnect' }
  | { kind: 'failed'; why: string }

export async function publish(context: JobContext, recapId: string): Promise<PublishOutcome> {
  const { db, clock, log, publisher, storage } = context
  const recap = await findRecap(db, recapId)
  const channel = recap && (await findChannel(db, recap.channelId))
  if (!recap?.product || !channel) return { kind: 'failed', why: 'there is nothing to publish' }
  const { product, channelId } = recap
  const upload = await uploadOf(db, recapId, product, clock.now())
  if (recap.state === 'published' && upload.videoId) return { kind: 'published', videoId: upload.videoId }
  const { settings } = channel
  try {
    await noteStep(db, recapId, 'uploading')
    let videoId = upload.videoId
    if (!videoId) {
      videoId = await publisher.upload({
        channelId,
        recapId,
        file: await storage.localFile(product.key),
        title: recap.title ?? 'Stream recap',
        description: recap.description ?? '',
        privacy: settings.privacy,
        madeForKids: settings.madeForKids,
        session: {
          load: async () => {
            const stored = await findUpload(db, recapId)
            return { url: stored?.session ?? null, videoId: stored?.videoId ?? null }
          },
          replace: (before, next) => replaceSession(db, recapId, before, next, clock.now()),
        },
      })
      await saveUpload(db, recapId, { state: 'uploaded', videoId, session: null }, clock.now())
    }
    const privacy = await publisher.privacyOf(channelId, videoId)
    await saveUpload(db, recapId, { privacy }, clock.now())
    await setThumbnail(context, recap, product, videoId)
    await noteStep(db, recapId, 'telling')
    await recordPublished(context, recap, product, {
      videoId,
      privacy,
      to: channel.email,
      asked: settings.privacy,
    })
    log.info({ recapId, videoId }, 'recap published')
    return { kind: 'published', videoId }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await saveUpload(db, recapId, { error: error.message }, clock.now())
    log.warn({ recapId, error: errorText(error) }, 'publishing did not succeed')
    if (error.remedy === 'reauth') return { kind: 'reconnect' }
    if (error.remedy === 'permanent') return { kind: 'failed', why: error.message }
    if (error.notBeforeMs !== undefined) return { kind: 'later', notBeforeMs: error.notBeforeMs }
    throw error
  }
}

/** The most wanted moment's picture; without it the video is as good, so a refusal is only noted. */
async function setThumbnail(
  { publisher, storage, log }: JobContext,
  recap: Recap,
  product: Product,
  videoId: string,
) {
  const best = [...product.moments].sort(
    (a, b) => b.people.length + b.unnamed - (a.people.length + a.unnamed),
  )[0]
  if (!best) return
  try {
    await publisher.setThumbnail(recap.channelId, videoId, await storage.localFile(best.still))
  } catch (error) {
    log.warn({ recapId: recap.id, error: errorText(error) }, 'YouTube did not take the thumbnail')
  }
}

async function recordPublished(
  context: JobContext,
  recap: Recap,
  product: Product,
  video: { videoId: string; privacy: string; to: string | null; asked: string },
): Promise<void> {
  const now = context.clock.now()
  await context.db.transaction().execute(async (tx) => {
    await recordStep(tx, recap, { state: 'published', step: 'done' }, now)
    await touchChannel(tx, recap.channelId, now)
    if (!video.to) return
    const letter = publishedLetter({
      title: recap.title ?? 'Stream recap',
      url: `https://www.youtube.com/watch?v=${video.videoId}`,
      durationSec: product.durationSec,
      privacy: video.privacy,
      askedPrivacy: video.asked,
      moments: product.moments.map((m) => ({
        atSec: m.atSec,
        title: momentTitle(m),
        people: m.people.length + m.unnamed,
      })),
      leftOut: product.leftOut.map((m) => ({ title: momentTitle(m), reason: m.reason })),
    })
    await queueMail(
      tx,
      { to: video.to, ...letter, uniqueKey: `published.${recap.id}`, channelId: recap.channelId },
      now,
    )
  })
}
