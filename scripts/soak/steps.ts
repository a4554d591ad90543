/** Looks over the shoulder of the durable engine: which steps of an instance's runs have begun, and which are done. */
import BetterSqlite3 from 'better-sqlite3'
import postgres from 'postgres'

export interface StepWatch {
  /** `name running` for each step that has ever begun, and `name completed` for those that are done. */
  seen(): Promise<string[]>
  close(): Promise<void>
}

interface Row {
  step_name: string
  status: string
}

/** @param url of the database, or the path of the engine's SQLite file */
export async function watchSteps(url: string): Promise<StepWatch> {
  const said = (rows: readonly Row[]) =>
    rows.flatMap(({ step_name: name, status }) =>
      status === 'completed' || status === 'succeeded'
        ? [`${name} running`, `${name} completed`]
        : [`${name} running`],
    )
  if (url.startsWith('postgres')) {
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    return {
      seen: async () => said(await sql<Row[]>`select step_name, status from openworkflow.step_attempts`),
      close: () => sql.end(),
    }
  }
  const db = new BetterSqlite3(url, { readonly: true })
  const query = db.prepare<[], Row>('select step_name, status from step_attempts')
  return { seen: async () => said(query.all()), close: async () => void db.close() }
}
