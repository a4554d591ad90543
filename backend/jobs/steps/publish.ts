/**
 * Step 6 and 7: uploads the recap once, watches YouTube work on it to the end, records that it is published, and queues the
 * news in the same transaction.
 */
import { Fault, kindOf } from '../../../shared/fault.ts'
import type { DeskState } from '../../../shared/desk.ts'
import type { Channel } from '../../db/channels.ts'
import { holdChannel, touchChannel, within } from '../../db/database.ts'
import {
  findRecap,
  noteStep,
  noteTrouble,
  recordStep,
  type Recap,
  type RecapMoment,
  type Extra,
} from '../../db/recaps.ts'
import { findGrant } from '../../db/grants.ts'
import { findUpload, replaceSession, saveUpload, uploadOf, type Upload } from '../../db/uploads.ts'
import { mayBegin } from '../../domain/publishing.ts'
import { momentTitle } from '../../domain/description.ts'
import { publishedLetter } from '../../mail/letters.tsx'
import { errorText } from '../../log.ts'
import { publicationOf } from '../../publication.ts'
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
  /** It may not go up, or no longer may. */
  | { kind: 'undecided' }
  | { kind: 'failed'; why: string; advice: string }

/** YouTube's listing may be behind an upload; only what it lacks for so long is gone. */
const GONE_AFTER_MS = 60 * 60_000
/** A video that YouTube works on for longer is told of all the same. */
const PROCESSING_PATIENCE_MS = 6 * 60 * 60_000
/** Thumbnail and playlist: without them the video is as good, so they are tried for no longer than this. */
const EXTRAS_PATIENCE_MS = 15 * 60_000
const GONE = 'gone'
const KEPT = 'The video is kept for a few days: you can download it and upload it yourself.'

/** What YouTube's reasons mean for the streamer (videos#status in its reference). */
const REJECTED: Record<string, string> = {
  [GONE]: 'the video is not, or is no longer, on the YouTube channel that is connected',
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
    const videoId = upload.videoId ?? (await uploadOnce(context, recap, plan.channel, words))
    // Dropped, or agreed to no more, just before it began: the decision is looked at again.
    if (videoId === null) return { kind: 'undecided' }
    const state = await publisher.videoState(channelId, videoId)
    if (!state && (await isMissingForNow(context, recap))) {
      await noteStep(db, recapId, 'waiting: YouTube does not list the video yet')
      return { kind: 'processing' }
    }
    const problem = state ? state.problem : GONE
    if (recap.trouble.goneSinceMs !== undefined) {
      // Once it is there again, or has been told of as gone, a later absence counts from its own beginning.
      const { goneSinceMs: _since, ...trouble } = recap.trouble
      await noteTrouble(db, recapId, trouble)
    }
    if (problem !== null) {
      const why = REJECTED[problem] ?? `YouTube refused the video: ${problem}`
      await saveUpload(db, recapId, { state: 'failed', error: why }, clock.now())
      return { kind: 'failed', why, advice: KEPT }
    }
    const privacy = state?.privacy ?? words.privacy
    await saveUpload(db, recapId, { privacy, error: null, parkedUntilMs: null }, clock.now())
    if (!state?.processed && clock.now() - (await uploadedAt(context, upload)) < PROCESSING_PATIENCE_MS) {
      await noteStep(db, recapId, 'YouTube works on it')
      return { kind: 'processing' }
    }
    await addExtra(context, recapId, videoId, 'thumbnail', () =>
      setThumbnail(context, recap, moments, words.thumbnail, videoId),
    )
    await addExtra(context, recapId, videoId, 'playlist', () =>
      addToPlaylist(context, recap, plan.channel.settings.playlist, videoId),
    )
    await noteStep(db, recapId, 'telling')
    await recordPublished(context, recap, plan, { moments, words, videoId, privacy })
    log.info({ recapId, videoId }, 'recap published')
    return { kind: 'published', videoId }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await saveUpload(db, recapId, { error: error.message }, clock.now())
    log.warn({ recapId, error: errorText(error) }, 'publishing did not succeed')
    if (error.kind === 'person') return { kind: 'reconnect' }
    if (error.kind === 'quota' && error.notBeforeMs !== undefined) {
      const { notBeforeMs } = error
      await saveUpload(db, recapId, { parkedUntilMs: notBeforeMs }, clock.now())
      const at = new Date(notBeforeMs).toISOString().slice(11, 16)
      await noteStep(
        db,
        recapId,
        /uploadLimitExceeded/.test(error.message)
          ? `YouTube takes no more videos on your channel today; it goes on at ${at} UTC`
          : `waiting for YouTube’s quota, until ${at} UTC`,
      )
      return { kind: 'later', notBeforeMs }
    }
    // What YouTube finds wrong with a video before it has it, the streamer may mend: its title, say. A refusal of any other
    // kind is ours to mend, and the recap waits for that.
    if (error.kind === 'damaged' && !(await findUpload(db, recapId))?.videoId)
      return { kind: 'failed', why: error.message, advice: KEPT }
    throw error
  }
}

/** @returns the video's id, or null when the upload may not begin, or no longer may */
async function uploadOnce(
  context: JobContext,
  recap: Recap,
  channel: Channel,
  words: DeskState['words'],
): Promise<string | null> {
  const { db, clock, publisher, storage } = context
  await noteStep(db, recap.id, 'uploading')
  let isForbidden = false
  const opensFor = await findGrant(db, channel.id, 'youtube')
  /** The gate before anything goes to YouTube: with the streamer's word as it is at this very moment. */
  const replace = (before: string | null, next: string | null) =>
    within(db, async (tx) => {
      await holdChannel(tx, channel.id)
      const now = await findRecap(tx, recap.id)
      const grant = await findGrant(tx, channel.id, 'youtube')
      // Another YouTube channel may have been connected while the session was opened.
      const isSame = grant?.accountId === opensFor?.accountId
      const isAllowed = async () =>
        now !== null && mayBegin(await publicationOf(tx, channel, now, clock.now()))
      isForbidden = next !== null && !(isSame && (await isAllowed()))
      return !isForbidden && replaceSession(tx, recap.id, before, next, clock.now())
    })
  try {
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
        replace,
      },
    })
    const change = { state: 'uploaded', videoId, session: null, askedPrivacy: words.privacy } as const
    await saveUpload(db, recap.id, change, clock.now())
    return videoId
  } catch (error) {
    if (isForbidden) return null
    throw error
  }
}

/** @returns false once YouTube has said for an hour that it does not have the video */
async function isMissingForNow({ db, clock }: JobContext, { id }: Recap): Promise<boolean> {
  const trouble = (await findRecap(db, id))?.trouble ?? {}
  const goneSinceMs = trouble.goneSinceMs ?? clock.now()
  if (trouble.goneSinceMs === undefined) await noteTrouble(db, id, { ...trouble, goneSinceMs })
  return clock.now() - goneSinceMs < GONE_AFTER_MS
}

async function uploadedAt({ db, clock }: JobContext, before: Upload): Promise<number> {
  return before.uploadedAtMs ?? (await findUpload(db, before.recapId))?.uploadedAtMs ?? clock.now()
}

/** Does once, and for a while again and again, what the video can also be published without. */
async function addExtra(
  { db, clock, log }: JobContext,
  recapId: string,
  videoId: string,
  extra: Extra,
  work: () => Promise<void>,
): Promise<void> {
  const trouble = (await findRecap(db, recapId))?.trouble ?? {}
  const before = trouble.extras?.videoId === videoId ? trouble.extras : { videoId }
  if (before[extra] === 'done') return
  const since = before[extra] ?? clock.now()
  const note = (state: number | 'done') =>
    noteTrouble(db, recapId, { ...trouble, extras: { ...before, [extra]: state } })
  try {
    await work()
    await note('done')
  } catch (error) {
    if (isPassing(error) && clock.now() - since < EXTRAS_PATIENCE_MS) {
      await note(since)
      throw error
    }
    log.warn({ recapId, extra, error: errorText(error) }, 'the video is published without it')
  }
}

/** The chosen moment's picture, or the most wanted one's. */
async function setThumbnail(
  { publisher, storage }: JobContext,
  recap: Recap,
  moments: readonly RecapMoment[],
  chosen: string | undefined,
  videoId: string,
) {
  const people = (m: RecapMoment) => m.people.length + m.unnamed
  const best = moments.find((m) => m.id === chosen) ?? [...moments].sort((a, b) => people(b) - people(a))[0]
  if (best) await publisher.setThumbnail(recap.channelId, videoId, await storage.localFile(best.still))
}

async function addToPlaylist(
  { publisher }: JobContext,
  recap: Recap,
  playlist: string | null,
  videoId: string,
) {
  if (playlist) await publisher.addToPlaylist(recap.channelId, playlist, videoId)
}

/** Not 429: that is YouTube's limit of thumbnails, and each attempt costs quota. */
function isPassing(error: unknown): boolean {
  return kindOf(error) === 'transient' && !(error instanceof Fault && error.status === 429)
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
  const damaged = new Set(recap.product?.damaged)
  const leftOut = [
    ...plan.leftOut,
    ...plan.moments
      .filter(({ moment }) => damaged.has(moment.id))
      .map(({ moment }) => ({ moment, reason: 'damaged' as const })),
  ].map(({ moment, reason }) => ({
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
