/** Videos beside a show's recap: of a long echo, or of one moment. Their rows are recaps; their runs are their own. */
import type { Database } from './database.ts'

/** The long echoes of a show that have videos of their own. */
export async function ownVideosOf(db: Database, showId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('recaps')
    .select('long_echo_id')
    .where('show_id', '=', showId)
    .where('long_echo_id', '!=', '')
    .execute()
  return new Set(rows.map((r) => r.long_echo_id))
}

/** The run of a long echo's video is begun. */
export async function ownRunStarted(
  db: Database,
  showId: string,
  longEchoId: string,
  runId: string,
): Promise<void> {
  await db
    .updateTable('recaps')
    .set({ run_id: runId })
    .where('show_id', '=', showId)
    .where('long_echo_id', '=', longEchoId)
    .execute()
}

/** Videos of long echoes that are neither finished nor dropped, with their runs. */
export async function unfinishedOwnVideos(db: Database): Promise<{ showId: string; runId: string }[]> {
  const rows = await db
    .selectFrom('recaps')
    .select(['show_id', 'run_id'])
    .where('run_id', 'is not', null)
    .where('long_echo_id', '!=', '')
    .where('state', 'in', ['preparing', 'rendered'])
    .where((e) => e.or([e('decision', 'is', null), e('decision', '!=', 'drop')]))
    .execute()
  return rows.map((r) => ({ showId: r.show_id, runId: r.run_id ?? '' }))
}

/** Videos of their own whose run a crash left unstarted. */
export async function unstartedOwnVideos(db: Database): Promise<{ showId: string; longEchoId: string }[]> {
  const rows = await db
    .selectFrom('recaps')
    .innerJoin('shows', 'shows.id', 'recaps.show_id')
    .select(['recaps.show_id', 'recaps.long_echo_id'])
    .where('recaps.long_echo_id', '!=', '')
    .where('recaps.run_id', 'is', null)
    .where('recaps.state', 'in', ['preparing', 'rendered'])
    .where((e) => e.or([e('recaps.decision', 'is', null), e('recaps.decision', '!=', 'drop')]))
    .where('shows.ended_at', 'is not', null)
    .execute()
  return rows.map((r) => ({ showId: r.show_id, longEchoId: r.long_echo_id }))
}
