/**
 * Step 6 and 7: uploads the recap once, watches YouTube work on it to the end, records that it is published, and queues the
 * news in the same transaction.
 */
import { Fault } from '../../../shared/fault.ts'
import type { DeskState } from '../../../shared/desk.ts'
import { touchChannel } from '../../db/database.ts'
import { findRecap, noteStep, recordStep, type Recap, type RecapMoment } from '../../db/recaps.ts'
import { findUpload, replaceSession, saveUpload, uploadOf, type Upload } from '../../db/uploads.ts'
import { momentTitle } from '../../domain/description.ts'
import { publishedLetter } from '../../mail/letters.tsx'
import { errorText } from '../../log.ts'
import { momentsNow, recapWords, shownCard } from '../../recap-words.ts'
import { planShow, type ShowPlan } from '../../show-plan.ts'
import type { JobContext } from '../context.ts'
import { prepareNotice } from '../notices.ts'

export type PublishOutcome =
  | { kind: 'published'; videoId: string }
  /** YouTube has it, and is not through with it. */
  | { kind: 'processing' }
  /** Not before then: a quota. */
  | { kind: 'later'; notBeforeMs: number }
  /** The streamer must connect again. */
  | { kind: 'reconnect' }
  | { kind: 'failed'; why: string; advice: string }

/** A video that YouTube works on for longer is told of all the same. */
const PROCESSING_PATIENCE_MS = 6 * 60 * 60_000
const KEPT = 'The video is kept for a few days: you can download it and upload it yourself.'

/** What YouTube's reasons mean for the streamer (videos#status in its reference). */
const REJECTED: Record<string, string> = {
  duplicate: 'YouTube says that this video is on the channel already',
  length: 'YouTube takes videos over 15 minutes only from channels with a confirmed phone number',
  copyright: 'YouTube rejected it for copyright',
  claim: 'YouTube rejected it for somebody’s claim on its content',
  inappropriate: 'YouTube rejected it as inappropriate',
  legal: 'YouTube rejected it for a legal complaint',
  termsOfUse: 'YouTube rejected it as against its terms of use',
  trademark: 'YouTube rejected it for a trademark',
  uploaderAccountClosed: 'the YouTube account is closed',
  uploaderAccountSuspended: 'the YouTube account is suspended',
}

export async function publish(context: JobContext, recapId: string): Promise<PublishOutcome> {
  const { db, clock, log, publisher } = context
  const recap = await findRecap(db, recapId)
  const plan = recap && (await planShow(context, recap))
  if (!recap?.product || !plan) return { kind: 'failed', why: 'there is nothing to publish', advice: '' }
  const { product, channelId } = recap
  const upload = await uploadOf(db, recapId, product, clock.now())
  if (recap.state === 'published' && upload.videoId) return { kind: 'published', videoId: upload.videoId }
  const moments = momentsNow(product, plan)
  const { words } = await recapWords(context, recap, plan, moments)
  try {
    const videoId = upload.videoId ?? (await uploadOnce(context, recap, words))
    const state = await publisher.videoState(channelId, videoId)
    if (!state) throw new Fault('the video is no longer on YouTube', 'permanent')
    if (state.problem)
      throw new Fault(REJECTED[state.problem] ?? `YouTube refused the video: ${state.problem}`, 'permanent')
    await saveUpload(db, recapId, { privacy: state.privacy, error: null }, clock.now())
    if (!state.processed && clock.now() - (await uploadedAt(context, upload)) < PROCESSING_PATIENCE_MS) {
      await noteStep(db, recapId, 'YouTube works on it')
      return { kind: 'processing' }
    }
    await setThumbnail(context, recap, moments, words.thumbnail, videoId)
    await addToPlaylist(context, recap, plan.channel.settings.playlist, videoId)
    await noteStep(db, recapId, 'telling')
    await recordPublished(context, recap, plan, { moments, words, videoId, privacy: state.privacy })
    log.info({ recapId, videoId }, 'recap published')
    return { kind: 'published', videoId }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await saveUpload(db, recapId, { error: error.message }, clock.now())
    log.warn({ recapId, error: errorText(error) }, 'publishing did not succeed')
    if (error.remedy === 'reauth') return { kind: 'reconnect' }
    if (error.remedy === 'permanent') return { kind: 'failed', why: error.message, advice: KEPT }
    if (error.notBeforeMs !== undefined) return { kind: 'later', notBeforeMs: error.notBeforeMs }
    throw error
  }
}

async function uploadOnce(context: JobContext, recap: Recap, words: DeskState['words']): Promise<string> {
  const { db, clock, publisher, storage } = context
  await noteStep(db, recap.id, 'uploading')
  const videoId = await publisher.upload({
    channelId: recap.channelId,
    recapId: recap.id,
    file: await storage.localFile(recap.product?.key ?? ''),
    title: words.title,
    description: words.description,
    privacy: words.privacy,
    madeForKids: words.madeForKids,
    tags: words.tags,
    session: {
      load: async () => {
        const stored = await findUpload(db, recap.id)
        return { url: stored?.session ?? null, videoId: stored?.videoId ?? null }
      },
      replace: (before, next) => replaceSession(db, recap.id, before, next, clock.now()),
    },
  })
  await saveUpload(db, recap.id, { state: 'uploaded', videoId, session: null }, clock.now())
  return videoId
}

async function uploadedAt({ db, clock }: JobContext, before: Upload): Promise<number> {
  return before.uploadedAtMs ?? (await findUpload(db, before.recapId))?.uploadedAtMs ?? clock.now()
}

/** The chosen moment's picture, or the most wanted one's; without it the video is as good, so a refusal is only noted. */
async function setThumbnail(
  { publisher, storage, log }: JobContext,
  recap: Recap,
  moments: readonly RecapMoment[],
  chosen: string | undefined,
  videoId: string,
) {
  const people = (m: RecapMoment) => m.people.length + m.unnamed
  const best = moments.find((m) => m.id === chosen) ?? [...moments].sort((a, b) => people(b) - people(a))[0]
  if (!best) return
  try {
    await publisher.setThumbnail(recap.channelId, videoId, await storage.localFile(best.still))
  } catch (error) {
    log.warn({ recapId: recap.id, error: errorText(error) }, 'YouTube did not take the thumbnail')
  }
}

async function addToPlaylist(
  { publisher, log }: JobContext,
  recap: Recap,
  playlist: string | null,
  videoId: string,
) {
  if (!playlist) return
  try {
    await publisher.addToPlaylist(recap.channelId, playlist, videoId)
  } catch (error) {
    log.warn({ recapId: recap.id, error: errorText(error) }, 'the video is in no playlist')
  }
}

async function recordPublished(
  context: JobContext,
  recap: Recap,
  plan: ShowPlan,
  video: { moments: RecapMoment[]; words: DeskState['words']; videoId: string; privacy: string },
): Promise<void> {
  const { moments, words, videoId, privacy } = video
  const { settings } = plan.channel
  const product = recap.product && { ...recap.product, moments }
  if (!product) return
  const url = `https://www.youtube.com/watch?v=${videoId}`
  const shown = moments.map((m) => ({
    atSec: m.atSec,
    title: momentTitle(m),
    people: m.people.length + m.unnamed,
  }))
  const leftOut = plan.leftOut.map(({ moment, reason }) => ({
    title: momentTitle(shownCard(moment, settings.bannedWords)),
    reason,
  }))
  const tell = await prepareNotice(context, plan.channel, {
    kind: 'published',
    about: recap.id,
    url,
    data: { recapId: recap.id, videoId, title: words.title, privacy, moments: shown, leftOut },
    letter: (unsubscribe) =>
      publishedLetter({
        title: words.title,
        url,
        durationSec: product.durationSec,
        privacy,
        askedPrivacy: words.privacy,
        moments: shown,
        leftOut,
        unsubscribe,
      }),
  })
  const now = context.clock.now()
  await context.db.transaction().execute(async (tx) => {
    const { title, description } = words
    await recordStep(tx, recap, { state: 'published', step: 'done', product, title, description }, now)
    await saveUpload(tx, recap.id, { state: 'live' }, now)
    await touchChannel(tx, recap.channelId, now)
    await tell(tx, now)
  })
}
