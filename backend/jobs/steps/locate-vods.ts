/** Step 2: the archive of each stream, found by stream id and watched until it grows no more. */
import { Fault } from '../../../shared/fault.ts'
import { countingEchoes } from '../../db/echoes.ts'
import { noteStep } from '../../db/recaps.ts'
import { findShow, saveVod, streamsOf } from '../../db/shows.ts'
import type { JobContext } from '../context.ts'

export type Located =
  | { kind: 'found' }
  /** Some VOD is not there or not complete; look again. `vods` are the durations seen, to notice when they stand still. */
  | { kind: 'waiting'; vods: Record<string, number>; why: string }
  /** There is nothing to look for: no echo counts. */
  | { kind: 'nothing-wanted' }

/** Twitch may leave the last seconds out; a VOD that lacks no more than this and stands still is complete. */
const MISSING_TAIL_MS = 60_000

export async function locateVods(
  context: JobContext,
  recapId: string,
  showId: string,
  before: Located | null,
): Promise<Located> {
  const { db, clock, twitch, vods } = context
  await noteStep(db, recapId, 'locating')
  const show = await findShow(db, showId)
  if (!show || (await countingEchoes(db, showId)).length === 0) return { kind: 'nothing-wanted' }
  const streams = await streamsOf(db, showId, clock.now())
  const archives = vods.recordings
    ? await vods.recordings(show.channelId, streams)
    : await twitch.recentArchives(show.channelId)
  const seen: Record<string, number> = {}
  let why = ''
  for (const stream of streams) {
    const vod = archives.find((a) => a.streamId === stream.streamId)
    if (!vod) {
      why = vods.recordings
        ? 'there is no recording of the stream in the folder yet'
        : 'Twitch lists no recording of the stream yet'
      continue
    }
    const state = await vods.inspect(vod).catch((error: unknown) => {
      if (error instanceof Fault) why = error.message
      else throw error
    })
    if (!state) continue
    await saveVod(db, stream.streamId, {
      vodId: vod.vodId,
      createdAtMs: vod.createdAtMs,
      durationMs: state.durationMs,
    })
    seen[vod.vodId] = state.durationMs
    const stood = before?.kind === 'waiting' && before.vods[vod.vodId] === state.durationMs
    const covered = state.durationMs >= stream.endedAtMs - vod.createdAtMs - MISSING_TAIL_MS
    if (!state.complete && !(stood && covered)) why = 'the recording is still growing'
  }
  return why === '' ? { kind: 'found' } : { kind: 'waiting', vods: seen, why }
}
