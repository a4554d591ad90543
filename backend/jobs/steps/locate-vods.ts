/** Step 2: the archive of each stream, found by stream id and watched until it grows no more. */
import { Fault } from '../../../shared/fault.ts'
import { countingEchoes } from '../../db/echoes.ts'
import { noteStep } from '../../db/recaps.ts'
import { findShow, nameStream, saveVod, streamsOf } from '../../db/shows.ts'
import type { JobContext } from '../context.ts'

export type Located =
  | { kind: 'found' }
  /**
   * Some VOD is not there or not complete; look again. `vods` are the durations seen, and since when each has stood still;
   * `some`: there is something that a recap could be made of.
   */
  | {
      kind: 'waiting'
      vods: Record<string, { durationMs: number; sinceMs: number }>
      why: string
      some: boolean
      /** What is listed cannot be read, and nothing else is waited for. */
      unreadable: boolean
    }
  /** There is nothing to look for: no echo counts. */
  | { kind: 'nothing-wanted' }

/** Twitch may leave the last seconds out; a VOD that lacks no more than this and stands still is complete. */
const MISSING_TAIL_MS = 60_000
/** One that lacks more than that, e.g. what a drop of the connection cost, is as long as it gets once it has stood so long. */
const STOOD_MS = 30 * 60_000

export async function locateVods(
  context: JobContext,
  recapId: string,
  showId: string,
  before: Located | null,
): Promise<Located> {
  const { db, clock, twitch, vods } = context
  await noteStep(db, recapId, 'locating')
  const show = await findShow(db, showId)
  const echoes = show ? await countingEchoes(db, showId) : []
  if (!show || echoes.length === 0) return { kind: 'nothing-wanted' }
  const all = await streamsOf(db, showId, clock.now())
  // For a stream in which nobody echoed, nothing is waited for.
  const streams = all.filter((stream) => echoes.some((echo) => touches(echo, stream)))
  const archives = vods.recordings
    ? await vods.recordings(show.channelId, all)
    : await twitch.recentArchives(show.channelId)
  const seen: Record<string, { durationMs: number; sinceMs: number }> = {}
  let why = ''
  let unreadable = false
  /** Something may still come, or become readable, by itself. */
  let isAwaited = false
  for (const stream of streams) {
    const vod = archives.find((a) => a.streamId === stream.streamId)
    if (!vod) {
      isAwaited = true
      why = vods.recordings
        ? 'there is no recording of the stream in the folder yet'
        : 'Twitch lists no recording of the stream yet'
      continue
    }
    const state = await vods.inspect(vod).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error
      why = error.message
      if (error.kind === 'damaged') unreadable = true
      else isAwaited = true
    })
    if (!state) continue
    if (vod.title) await nameStream(db, stream.streamId, vod.title)
    await saveVod(db, stream.streamId, {
      vodId: vod.vodId,
      createdAtMs: vod.createdAtMs,
      durationMs: state.durationMs,
    })
    const last = before?.kind === 'waiting' ? before.vods[vod.vodId] : undefined
    const stood = last?.durationMs === state.durationMs
    const sinceMs = stood ? last.sinceMs : clock.now()
    seen[vod.vodId] = { durationMs: state.durationMs, sinceMs }
    const covered = state.durationMs >= stream.endedAtMs - vod.createdAtMs - MISSING_TAIL_MS
    const isOver = stood && (covered || clock.now() - sinceMs >= STOOD_MS)
    if (!state.complete && !isOver) why = 'the recording is still growing'
  }
  if (why === '') return { kind: 'found' }
  return {
    kind: 'waiting',
    vods: seen,
    why,
    some: Object.keys(seen).length > 0,
    unreadable: unreadable && !isAwaited,
  }
}

/** How far from its own time an echo may reach: a viewer is behind, may move it, and the desk widens moments. */
const REACH_MS = 2 * 60_000

function touches(
  { askedAtMs, lengthMs }: { askedAtMs: number; lengthMs: number },
  { startedAtMs, endedAtMs }: { startedAtMs: number; endedAtMs: number },
): boolean {
  return askedAtMs - lengthMs - REACH_MS <= endedAtMs && askedAtMs + REACH_MS >= startedAtMs
}
