/**
 * Takes the durable runs of some shows out of the engine's tables (openworkflow 0.10.1 has no call for it): their steps remember
 * which recordings there were.
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import postgres from 'postgres'
import { isPostgres } from '../db/database.ts'

const SCHEMA = 'openworkflow'

/** @param url the engine's database */
export async function forgetRuns(url: string, showIds: readonly string[]): Promise<void> {
  if (showIds.length === 0) return
  if (isPostgres(url)) return forgetInPostgres(url, showIds)
  if (!existsSync(url)) return
  const db = new DatabaseSync(url)
  try {
    db.exec('pragma busy_timeout = 10000; pragma foreign_keys = off; begin immediate')
    for (const showId of showIds) {
      const runs = `select id from workflow_runs where json_extract(input, '$.showId') = ?`
      for (const table of ['workflow_signals', 'step_attempts'])
        db.prepare(`delete from ${table} where workflow_run_id in (${runs})`).run(showId)
      db.prepare(`delete from workflow_runs where json_extract(input, '$.showId') = ?`).run(showId)
    }
    db.exec('commit')
  } finally {
    db.close()
  }
}

async function forgetInPostgres(url: string, showIds: readonly string[]): Promise<void> {
  const db = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await db.begin(async (tx) => {
      const runs = tx`select id from ${tx(SCHEMA)}.workflow_runs where input->>'showId' in ${tx(showIds)}`
      for (const table of ['workflow_signals', 'step_attempts'])
        await tx`delete from ${tx(SCHEMA)}.${tx(table)} where workflow_run_id in (${runs})`
      await tx`delete from ${tx(SCHEMA)}.workflow_runs where input->>'showId' in ${tx(showIds)}`
    })
  } finally {
    await db.end()
  }
}

/** Takes runs out that ended long ago: what came of them is in the recaps. @param url the engine's database */
export async function forgetEndedRuns(url: string, beforeMs: number): Promise<void> {
  const before = new Date(beforeMs).toISOString()
  if (isPostgres(url)) {
    const db = postgres(url, { max: 1, onnotice: () => undefined })
    try {
      await db.begin(async (tx) => {
        const runs = tx`select id from ${tx(SCHEMA)}.workflow_runs where finished_at < ${before}`
        for (const table of ['workflow_signals', 'step_attempts'])
          await tx`delete from ${tx(SCHEMA)}.${tx(table)} where workflow_run_id in (${runs})`
        await tx`delete from ${tx(SCHEMA)}.workflow_runs where finished_at < ${before}`
      })
    } finally {
      await db.end()
    }
    return
  }
  if (!existsSync(url)) return
  const db = new DatabaseSync(url)
  try {
    db.exec('pragma busy_timeout = 10000; pragma foreign_keys = off; begin immediate')
    const runs = 'select id from workflow_runs where finished_at < ?'
    for (const table of ['workflow_signals', 'step_attempts'])
      db.prepare(`delete from ${table} where workflow_run_id in (${runs})`).run(before)
    db.prepare('delete from workflow_runs where finished_at < ?').run(before)
    db.exec('commit')
  } finally {
    db.close()
  }
}
