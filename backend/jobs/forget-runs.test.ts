/** The engine's own tables do not grow for ever, on both databases. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineWorkflowSpec, OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'
import { BackendSqlite } from 'openworkflow/sqlite'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { forgetEndedRuns } from './forget-runs.ts'

const FUTURE = Date.UTC(2100, 0, 1)
const SPEC = defineWorkflowSpec<{ n: number }, string>({ name: 'a-test' })

function forgets(
  name: string,
  url: () => string,
  open: (url: string) => Promise<BackendSqlite | BackendPostgres>,
) {
  describe(name, () => {
    it('forgets runs that ended long ago, and none that is under way', async () => {
      const backend = await open(url())
      const engine = new OpenWorkflow({ backend })
      engine.implementWorkflow(SPEC, async ({ input, step }) => {
        await step.run({ name: 'look' }, () => Promise.resolve(1))
        if (input.n === 2) await step.sleep('wait', '1h')
        return 'done'
      })
      const worker = engine.newWorker({ concurrency: 2 })
      onTestFinished(async () => {
        await worker.stop()
        await backend.stop()
      })
      const ended = await engine.runWorkflow(SPEC, { n: 1 })
      const underWay = await engine.runWorkflow(SPEC, { n: 2 })
      await worker.start()
      expect(await ended.result()).toBe('done')
      const there = async ({ workflowRun }: typeof ended) =>
        (await backend.getWorkflowRun({ workflowRunId: workflowRun.id })) !== null
      await forgetEndedRuns(url(), Date.now() - 60_000)
      expect(await there(ended)).toBe(true)
      await forgetEndedRuns(url(), FUTURE)
      expect([await there(ended), await there(underWay)]).toEqual([false, true])
    })
  })
}

const file = join(mkdtempSync(join(tmpdir(), 'runs-')), 'jobs.sqlite')
forgets(
  'in SQLite',
  () => file,
  (url) => Promise.resolve(BackendSqlite.connect(url)),
)
const postgres = inject('postgresUrl')
if (postgres)
  forgets(
    'in PostgreSQL',
    () => postgres,
    (url) => BackendPostgres.connect(url),
  )
