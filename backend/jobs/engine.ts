/** The durable workflow engine: the only place, with workflow.ts, that knows openworkflow. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'
import { BackendSqlite } from 'openworkflow/sqlite'
import { isPostgres } from '../db/database.ts'
import { findShow, runStarted, unfinishedShows, type Show } from '../db/shows.ts'
import { ownRunStarted, unfinishedOwnVideos, unstartedOwnVideos } from '../db/own-videos.ts'
import { recapOfShow } from '../db/recaps.ts'
import type { JobContext } from './context.ts'
import { beginOwnVideos } from './steps/own-videos.ts'
import { giveUp } from './steps/give-up.ts'
import { decisionSignal, implementRecapWorkflow, RECAP_WORKFLOW } from './workflow.ts'

export interface Engine {
  /** Starts (or finds) the run of a show that has ended. The fact must be in the database before. */
  showEnded(showId: string): Promise<void>
  /** Starts the run of a show whose recap is to be made anew. */
  makeAgain(showId: string): Promise<void>
  /** Starts the run of a video of its own: the recap's row is there already. */
  ownVideo(showId: string, longEchoId: string): Promise<void>
  /** Starts what a crash left unstarted, and reports runs that broke for good. */
  sweep(): Promise<void>
  /** The streamer has decided, or connected YouTube. */
  decided(recapId: string): Promise<void>
  startWorker(concurrency: number): Promise<void>
  stop(): Promise<void>
}

const BROKEN = {
  subject: 'No recap: something broke',
  why: 'An error of ours stopped the recap after several attempts',
  advice: 'The echoes are kept, and the operator sees the error in the log.',
}

/** @param url the database's address, or the path of an SQLite file of the engine's own */
export async function makeEngine(url: string, context: JobContext): Promise<Engine> {
  if (!isPostgres(url)) mkdirSync(dirname(url), { recursive: true })
  const backend = isPostgres(url) ? await BackendPostgres.connect(url) : BackendSqlite.connect(url)
  const workflows = new OpenWorkflow({ backend })
  implementRecapWorkflow(workflows, context)
  let worker: ReturnType<OpenWorkflow['newWorker']> | undefined
  const startOwn = async (showId: string, ending: number, longEchoId: string, again: boolean) => {
    const key = { idempotencyKey: `${showId}:${ending}:${longEchoId}` }
    const input = { showId, ending, again, longEchoId }
    const { workflowRun } = await workflows.runWorkflow(RECAP_WORKFLOW, input, key)
    await ownRunStarted(context.db, showId, longEchoId, workflowRun.id)
  }
  const ownVideo = async (showId: string, longEchoId: string) => {
    const show = await findShow(context.db, showId)
    if (show && show.endedAtMs !== null) await startOwn(showId, show.endings, longEchoId, true)
  }
  const start = async ({ id: showId, endings: ending }: Show, again = false) => {
    // Long echoes get their videos before the recap is begun, which leaves them out.
    for (const longEchoId of await beginOwnVideos(context, showId))
      await startOwn(showId, ending, longEchoId, again)
    const key = { idempotencyKey: `${showId}:${ending}` }
    const { workflowRun } = await workflows.runWorkflow(RECAP_WORKFLOW, { showId, ending, again }, key)
    await runStarted(context.db, showId, ending, workflowRun.id)
  }
  const isBroken = async (workflowRunId: string) => {
    const run = await backend.getWorkflowRun({ workflowRunId })
    return run?.status === 'failed' || run?.status === 'canceled'
  }
  return {
    async showEnded(showId) {
      const show = await findShow(context.db, showId)
      if (show && show.endedAtMs !== null && show.runId === null) await start(show)
    },
    async makeAgain(showId) {
      const show = await findShow(context.db, showId)
      if (show && show.endedAtMs !== null && show.runId === null) await start(show, true)
    },
    ownVideo,
    async sweep() {
      for (const { showId, longEchoId } of await unstartedOwnVideos(context.db))
        await ownVideo(showId, longEchoId)
      for (const show of await unfinishedShows(context.db)) {
        if (show.runId === null) {
          await start(show)
          continue
        }
        if (!(await isBroken(show.runId))) continue
        const recap = await recapOfShow(context.db, show, context.clock.now())
        await giveUp(context, recap.id, BROKEN)
      }
      for (const { recapId, runId } of await unfinishedOwnVideos(context.db))
        if (await isBroken(runId)) await giveUp(context, recapId, BROKEN)
    },
    async decided(recapId) {
      await workflows.sendSignal({ signal: decisionSignal(recapId) })
    },
    async startWorker(concurrency) {
      worker = workflows.newWorker({ concurrency })
      await worker.start()
    },
    async stop() {
      await worker?.stop()
      await backend.stop()
    },
  }
}
