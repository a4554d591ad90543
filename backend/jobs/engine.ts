/** The durable workflow engine: the only place, with workflow.ts, that knows openworkflow. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'
import { BackendSqlite } from 'openworkflow/sqlite'
import { isPostgres } from '../db/database.ts'
import { findShow, runStarted, unfinishedShows, type Show } from '../db/shows.ts'
import { ownRunStarted, unfinishedOwnVideos, unstartedOwnVideos } from '../db/own-videos.ts'
import { endAnew } from '../db/recap-again.ts'
import { errorText } from '../log.ts'
import type { JobContext } from './context.ts'
import { beginOwnVideos } from './steps/own-videos.ts'
import { decisionSignal, implementRecapWorkflow, RECAP_WORKFLOW } from './workflow.ts'

const BUSY_MS = 10_000
const OPEN_AGAIN_MS = 50

export interface Engine {
  /** Starts (or finds) the run of a show that has ended. The fact must be in the database before. */
  showEnded(showId: string): Promise<void>
  /** Starts the run of a show whose recap is to be made anew. */
  makeAgain(showId: string): Promise<void>
  /** Starts the run of a video of its own: the recap's row is there already. */
  ownVideo(showId: string, longEchoId: string): Promise<void>
  /** Starts what a crash left unstarted, and begins runs anew that broke. */
  sweep(): Promise<void>
  /** The streamer has decided, or connected YouTube. */
  decided(recapId: string): Promise<void>
  startWorker(concurrency: number): Promise<void>
  stop(): Promise<void>
}

/**
 * The engine's own database gives up at once where another process is writing: it is given time, and is opened again where
 * several processes make it at once.
 */
async function openSqlite(path: string): Promise<BackendSqlite> {
  for (const untilMs = Date.now() + BUSY_MS; ;) {
    try {
      const backend = BackendSqlite.connect(path)
      const { db } = backend as unknown as { db: { exec(sql: string): void } }
      db.exec(`pragma busy_timeout = ${BUSY_MS}`)
      return backend
    } catch (error) {
      if (!/locked|busy/.test(String((error as Error).cause ?? error)) || Date.now() > untilMs) throw error
      await sleep(OPEN_AGAIN_MS)
    }
  }
}

/** @param url the database's address, or the path of an SQLite file of the engine's own */
export async function makeEngine(url: string, context: JobContext): Promise<Engine> {
  if (!isPostgres(url)) mkdirSync(dirname(url), { recursive: true })
  const backend = isPostgres(url) ? await BackendPostgres.connect(url) : await openSqlite(url)
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
  /** A run that broke by an error of ours is begun anew after a while: the next version may do better. */
  const restartIfBroken = async (showId: string, workflowRunId: string) => {
    const run = await backend.getWorkflowRun({ workflowRunId })
    if (run && run.status !== 'failed' && run.status !== 'canceled') return
    const sinceMs = run?.finishedAt ? Date.now() - run.finishedAt.getTime() : Infinity
    if (sinceMs < context.waits.restartMs) return
    context.log.error({ showId, error: run?.error?.message }, 'a run of a recap broke, and is begun anew')
    await endAnew(context.db, showId)
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
      /** One that cannot be started must not keep the others waiting. */
      const each = async (showId: string, work: () => Promise<void>) => {
        await work().catch((error: unknown) => {
          context.log.error({ showId, error: errorText(error) }, 'the run of a recap could not be started')
        })
      }
      for (const { showId, longEchoId } of await unstartedOwnVideos(context.db))
        await each(showId, () => ownVideo(showId, longEchoId))
      for (const show of await unfinishedShows(context.db)) {
        const { runId } = show
        await each(show.id, () => (runId === null ? start(show) : restartIfBroken(show.id, runId)))
      }
      for (const { showId, runId } of await unfinishedOwnVideos(context.db))
        await each(showId, () => restartIfBroken(showId, runId))
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
