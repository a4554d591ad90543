/**
 * The way of a show from its end to the mail, as one durable workflow. Read it top to bottom: each step reads its
 * input from the database, records its result in one transaction, can be killed at any instruction and repeated.
 */
import { defineWorkflowSpec, type OpenWorkflow } from 'openworkflow'
import { NO_PLAN, NO_RECORDING } from '../db/recap-again.ts'
import { noteStep } from '../db/recaps.ts'
import type { JobContext } from './context.ts'
import { confirm } from './steps/confirm.ts'
import { lookForDecision } from './steps/decide.ts'
import { giveUp } from './steps/give-up.ts'
import { locateVods, type Located } from './steps/locate-vods.ts'
import { publish } from './steps/publish.ts'
import { render } from './steps/render.ts'

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
/** The engine allows a run 1,000 steps; with waits of 6 hours that is months. */
const DECISION_LOOKS = 300
/** With a minute in between, half a day: the age at which media goes makes room by itself. */
const MOST_ROOM_LOOKS = 300

export function implementRecapWorkflow(engine: OpenWorkflow, context: JobContext): void {
  const { waits, clock } = context
  engine.implementWorkflow(RECAP_WORKFLOW, async ({ input, step }) => {
    await step.sleep('settle', `${input.again ? 1 : waits.settleMs}ms`)
    const recap = await step.run({ name: 'confirm' }, async () => {
      const made = await confirm(context, input.showId, input.ending, input.longEchoId)
      return made && { id: made.id, since: clock.now() }
    })
    if (!recap) return 'the show goes on, or its video is made already'

    let located: Located | null = null
    for (let look = 0; located?.kind !== 'found' && located?.kind !== 'nothing-wanted'; look++) {
      const before: Located | null = located
      const looked: Located & { late: boolean } = await step.run({ name: `locate-${look}` }, async () => {
        const found = await locateVods(context, recap.id, input.showId, before)
        return { ...found, late: clock.now() - recap.since >= waits.vodWaitMs }
      })
      if (looked.kind === 'waiting' && looked.late) {
        const subject = 'No recap: the recording did not come'
        const advice =
          'Check in Twitch’s settings that past broadcasts are stored and published. The echoes are kept.'
        await step.run({ name: 'give-up' }, () =>
          giveUp(context, recap.id, { subject, why: looked.why, advice, step: NO_RECORDING }),
        )
        return 'no recording'
      }
      located = looked
      const wait = waits.vodPollMs * Math.min(LONGEST_VOD_POLL, 2 ** look)
      if (looked.kind === 'waiting') await step.sleep(`vod-wait-${look}`, `${wait}ms`)
    }

    /** Renders where the video is not of the plan as it is now. @returns why the run is over, or null */
    const makeVideo = async (name: string): Promise<string | null> => {
      let rendered = await step.run({ name }, () => render(context, recap.id))
      for (let look = 0; rendered.kind === 'waiting'; look++) {
        const { why } = rendered
        if (look === MOST_ROOM_LOOKS) {
          const subject = 'No recap: the server has no room'
          const advice = 'The operator sees this, too. The echoes are kept.'
          await step.run({ name: `${name}-give-up` }, () =>
            giveUp(context, recap.id, { subject, why, advice }),
          )
          return 'no room'
        }
        await step.run({ name: `${name}-no-room-${look}` }, async () => {
          context.log.warn({ recapId: recap.id, why }, 'a recap waits for room on the disk')
          await noteStep(context.db, recap.id, `waiting: ${why}`)
        })
        await step.sleep(`${name}-room-wait-${look}`, `${waits.roomMs}ms`)
        rendered = await step.run({ name: `${name}-${look}` }, () => render(context, recap.id))
      }
      if (rendered.kind === 'empty') return 'no echoes, no video'
      if (rendered.kind === 'cancelled') return 'dropped'
      if (rendered.kind === 'rendered') return null
      if (rendered.kind === 'unpaid') {
        const subject = 'No recap: your channel has no plan'
        const why = 'Recaps are made with a plan, and your channel has none at present'
        const advice = 'The echoes are kept. Choose a plan within two weeks, and this recap is made then.'
        await step.run({ name: `${name}-unpaid` }, () =>
          giveUp(context, recap.id, { subject, why, advice, step: NO_PLAN }),
        )
        return 'not paid for'
      }
      const { why } = rendered
      const subject = 'No recap: it could not be made'
      const advice = 'The echoes are kept. If you know the reason, mend it and ask for the recap again.'
      await step.run({ name: `${name}-failed` }, () => giveUp(context, recap.id, { subject, why, advice }))
      return 'not rendered'
    }
    const noVideo = await makeVideo('render')
    if (noVideo) return noVideo

    for (let look = 0; look < DECISION_LOOKS; look++) {
      const decision = await step.run({ name: `decision-${look}` }, () =>
        lookForDecision(context, recap.id, input.ending),
      )
      if (decision.kind === 'drop') return 'dropped'
      if (decision.kind === 'overtaken') return 'made anew by another run'
      if (decision.kind === 'wait') {
        // A signal that comes between the look and this wait is lost: hence the time limit.
        const patience = Math.min(LONGEST_DECISION_WAIT_MS, waits.decisionPollMs * 2 ** Math.min(look, 20))
        const timeout = Math.max(1, Math.min(patience, decision.ms ?? Infinity))
        await step.waitForSignal({ name: `decision-wait-${look}`, signal: decisionSignal(recap.id), timeout })
        continue
      }
      const noMore = await makeVideo(`render-anew-${look}`)
      if (noMore) return noMore
      if (decision.kind === 'remake') continue
      let published = await step.run({ name: `publish-${look}` }, () => publish(context, recap.id))
      for (let at = 0; published.kind === 'processing'; at++) {
        await step.sleep(
          `processing-${look}-${at}`,
          `${Math.min(LONGEST_PROCESSING_WAIT_MS, waits.processingPollMs * 2 ** Math.min(at, 20))}ms`,
        )
        published = await step.run({ name: `processed-${look}-${at}` }, () => publish(context, recap.id))
      }
      if (published.kind === 'published') return `published ${published.videoId}`
      if (published.kind === 'failed') {
        const { why, advice } = published
        const subject = 'Your recap could not be published'
        await step.run({ name: `give-up-${look}` }, () => giveUp(context, recap.id, { subject, why, advice }))
        return 'not published'
      }
      if (published.kind === 'later') {
        const { notBeforeMs } = published
        const ms = await step.run({ name: `park-${look}` }, async () => {
          const at = new Date(notBeforeMs).toISOString().slice(11, 16)
          await noteStep(context.db, recap.id, `waiting for YouTube’s quota, until ${at} UTC`)
          return Math.max(1, notBeforeMs - clock.now())
        })
        await step.sleep(`parked-${look}`, `${ms}ms`)
      }
    }
    return 'never decided'
  })
}
