/**
 * The way of a show from its end to the mail, as one durable workflow. Read it top to bottom: each step reads its
 * input from the database, records its result in one transaction, can be killed at any instruction and repeated.
 */
import { defineWorkflowSpec, type OpenWorkflow } from 'openworkflow'
import { Fault, kindOf } from '../../shared/fault.ts'
import { NO_PLAN, NO_RECORDING, UNREADABLE } from '../db/recap-again.ts'
import { findRecap, noteStep, Overtaken } from '../db/recaps.ts'
import { errorText } from '../log.ts'
import type { JobContext } from './context.ts'
import { confirm } from './steps/confirm.ts'
import { lookForDecision } from './steps/decide.ts'
import { giveUp } from './steps/give-up.ts'
import { tellToAct } from './steps/tell-to-act.ts'
import { locateVods, type Located } from './steps/locate-vods.ts'
import { publish } from './steps/publish.ts'
import { isMade, render } from './steps/render.ts'

export interface ShowEnding {
  showId: string
  /** Which ending of the show this is: a drop and a return make it end twice. */
  ending: number
  /** It is over for long, and is only made anew: nothing has to settle. */
  again?: boolean
  /** For the video of one long echo; without it, for the recap of everything else. */
  longEchoId?: string
}

export const RECAP_WORKFLOW = defineWorkflowSpec<ShowEnding, string>({ name: 'recap' })

/** Sent when the streamer decides or connects YouTube; only a hint to look at the row again. */
export function decisionSignal(recapId: string): string {
  return `decision:${recapId}`
}

const LONGEST_VOD_POLL = 10
const LONGEST_PROCESSING_WAIT_MS = 5 * 60_000
const LONGEST_DECISION_WAIT_MS = 6 * 60 * 60_000
/** With the longest pause a day has a hundred attempts; the engine allows a run a thousand, and a broken run is begun anew. */
const PAUSE_GROWS = 2

export function implementRecapWorkflow(engine: OpenWorkflow, context: JobContext): void {
  const { waits, clock, log, db } = context
  const retryPolicy = {
    initialInterval: `${waits.retryMs}ms`,
    backoffCoefficient: PAUSE_GROWS,
    maximumInterval: `${waits.longestRetryMs}ms`,
    // For as long as it takes: whatever it is, it may pass, or be mended by an upgrade.
    maximumAttempts: 0,
  } as const
  const growing = (firstMs: number, look: number, mostMs: number) =>
    Math.max(1, Math.min(mostMs, firstMs * PAUSE_GROWS ** Math.min(look, 20)))

  engine.implementWorkflow(RECAP_WORKFLOW, async ({ input, step }) => {
    /** A step that fails is tried again with growing pauses; the page says so, and the log why. */
    const attempt = <T>(name: string, recapId: string | null, work: () => Promise<T>) =>
      step.run({ name, retryPolicy }, async () => {
        try {
          return await work()
        } catch (error) {
          if (error instanceof Overtaken) throw error
          const what = { recapId, step: name, showId: input.showId, error: errorText(error) }
          if (kindOf(error) === 'bug') log.error(what, 'a step of a recap failed: see to it')
          else log.warn(what, 'a step of a recap failed, and is tried again')
          if (recapId) await noteStep(db, recapId, `waiting: ${troubleText(error)}`)
          throw error
        }
      })

    await step.sleep('settle', `${input.again ? 1 : waits.settleMs}ms`)
    const recap = await attempt('confirm', null, async () => {
      const made = await confirm(context, input.showId, input.ending, input.longEchoId)
      return made && { id: made.id, since: clock.now() }
    })
    if (!recap) return 'the show goes on, or its video is made already'

    let located: Located | null = null
    for (let look = 0; located?.kind !== 'found' && located?.kind !== 'nothing-wanted'; look++) {
      const before: Located | null = located
      const looked: Located & { late: boolean; made: boolean; dropped: boolean } = await attempt(
        `locate-${look}`,
        recap.id,
        async () => {
          const found = await locateVods(context, recap.id, input.showId, before)
          const now = await findRecap(db, recap.id)
          const made = now !== null && (await isMade(context, now))
          const dropped = now?.decision === 'drop'
          return { ...found, made, dropped, late: clock.now() - recap.since >= waits.vodWaitMs }
        },
      )
      // The next step sees that, and ends the run.
      if (looked.dropped) break
      if (looked.kind === 'waiting' && looked.late) {
        // What is there is better than nothing; what lacks is named, and taken in if it still comes.
        if (looked.some || looked.made) break
        const subject = 'No recap: the recording did not come'
        const advice =
          'Check in Twitch’s settings that past broadcasts are stored and published. The echoes are kept, and if the recording comes within a week, the recap is made then.'
        await attempt('give-up', recap.id, () =>
          giveUp(context, recap.id, {
            subject,
            why: looked.why,
            advice,
            // What is listed all the time and cannot be read is not worth another run at each look.
            step: looked.unreadable ? UNREADABLE : NO_RECORDING,
          }),
        )
        return 'no recording'
      }
      located = looked
      if (looked.kind === 'waiting')
        await step.sleep(
          `vod-wait-${look}`,
          `${growing(waits.vodPollMs, look, waits.vodPollMs * LONGEST_VOD_POLL)}ms`,
        )
    }
    const lacks = located?.kind === 'waiting'

    /** Renders where the video is not of the plan as it is now. @returns why the run is over, or null */
    const makeVideo = async (name: string): Promise<string | null> => {
      let rendered = await attempt(name, recap.id, () => render(context, recap.id))
      for (let look = 0; rendered.kind === 'waiting' || rendered.kind === 'person'; look++) {
        const { why, kind } = rendered
        await attempt(`${name}-held-${look}`, recap.id, async () => {
          log.warn({ recapId: recap.id, why }, 'a recap waits')
          await noteStep(db, recap.id, `waiting: ${why}`)
          if (kind === 'person') await tellToAct(context, recap.id, why)
        })
        const mostMs = kind === 'person' ? LONGEST_DECISION_WAIT_MS : waits.longestRetryMs
        await step.waitForSignal({
          name: `${name}-wait-${look}`,
          signal: decisionSignal(recap.id),
          timeout: growing(waits.roomMs, look, Math.max(mostMs, waits.roomMs)),
        })
        rendered = await attempt(`${name}-${look}`, recap.id, () => render(context, recap.id))
      }
      if (rendered.kind === 'empty') return 'no echoes, no video'
      if (rendered.kind === 'cancelled') return 'dropped'
      if (rendered.kind === 'rendered') return null
      if (rendered.kind === 'unpaid') {
        const subject = 'No recap: your channel has no plan'
        const why = 'Recaps are made with a plan, and your channel has none at present'
        const advice = 'The echoes are kept. Choose a plan within two weeks, and this recap is made then.'
        await attempt(`${name}-unpaid`, recap.id, () =>
          giveUp(context, recap.id, { subject, why, advice, step: NO_PLAN }),
        )
        return 'not paid for'
      }
      const { why, step: until } = rendered
      const subject = 'No recap: its recording cannot be read'
      const advice = 'The echoes are kept. If you know the reason, mend it and ask for the recap again.'
      await attempt(`${name}-failed`, recap.id, () =>
        giveUp(context, recap.id, { subject, why, advice, ...(until ? { step: until } : {}) }),
      )
      return 'not rendered'
    }
    const noVideo = await makeVideo('render')
    if (noVideo) return noVideo

    for (let look = 0; ; look++) {
      const decision = await attempt(`decision-${look}`, recap.id, () =>
        lookForDecision(context, recap.id, input.ending),
      )
      if (decision.kind === 'drop') return 'dropped'
      if (decision.kind === 'overtaken') return 'made anew by another run'
      if (decision.kind === 'wait') {
        // A signal that comes between the look and this wait is lost: hence the time limit.
        const patience = growing(waits.decisionPollMs, look, LONGEST_DECISION_WAIT_MS)
        const timeout = Math.max(1, Math.min(patience, decision.ms ?? Infinity))
        await step.waitForSignal({ name: `decision-wait-${look}`, signal: decisionSignal(recap.id), timeout })
        continue
      }
      if (lacks)
        await attempt(`locate-anew-${look}`, recap.id, async () => {
          await locateVods(context, recap.id, input.showId, null).catch((error: unknown) => {
            log.info({ recapId: recap.id, error: errorText(error) }, 'the rest of a show was not looked for')
          })
        })
      const noMore = await makeVideo(`render-anew-${look}`)
      if (noMore) return noMore
      if (decision.kind === 'remake') continue
      let published = await attempt(`publish-${look}`, recap.id, () => publish(context, recap.id))
      for (let at = 0; published.kind === 'processing'; at++) {
        await step.sleep(
          `processing-${look}-${at}`,
          `${growing(waits.processingPollMs, at, LONGEST_PROCESSING_WAIT_MS)}ms`,
        )
        published = await attempt(`processed-${look}-${at}`, recap.id, () => publish(context, recap.id))
      }
      if (published.kind === 'published') return `published ${published.videoId}`
      if (published.kind === 'failed') {
        const { why, advice } = published
        const subject = 'Your recap could not be published'
        await attempt(`give-up-${look}`, recap.id, () => giveUp(context, recap.id, { subject, why, advice }))
        return 'not published'
      }
      if (published.kind === 'later') {
        const { notBeforeMs } = published
        const ms = await attempt(`park-${look}`, recap.id, async () => Math.max(1, notBeforeMs - clock.now()))
        // The streamer may drop it meanwhile.
        await step.waitForSignal({
          name: `parked-${look}`,
          signal: decisionSignal(recap.id),
          timeout: Math.max(1, ms),
        })
      }
    }
  })
}

/** What a person reads on the page while a step is tried again. */
function troubleText(error: unknown): string {
  return error instanceof Fault && error.kind !== 'bug'
    ? error.message
    : 'something went wrong on our side; it is tried again'
}
