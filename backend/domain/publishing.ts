/**
 * How a video gets to YouTube: what may happen in each stage, and what is to be done next. The rules that hold whatever
 * happens in whatever order (`publishing.test.ts`): nothing is begun without the streamer's agreement, there is one video,
 * nothing is lost, and somebody is told of each wait that is theirs.
 */

export type Stage =
  /** YouTube has nothing of it. */
  | 'idle'
  /** An upload session is open; bytes may be on their way. */
  | 'uploading'
  /** YouTube has all of it, and is not through with it. */
  | 'uploaded'
  /** People can watch it. */
  | 'live'
  /** YouTube will not have it. */
  | 'refused'
  | 'dropped'

export interface Publication {
  stage: Stage
  /** The streamer's word on it, or their consent to publish by itself. */
  agreed: boolean
  connected: boolean
  /** A quota is used up until then; null: none. UTC milliseconds. */
  parkedUntilMs: number | null
}

export type PublishEvent =
  | { type: 'agreed' | 'withdrawn' | 'dropped' | 'connected' | 'grant-gone' }
  | { type: 'quota'; untilMs: number }
  | { type: 'time'; nowMs: number }
  /** YouTube opened a session; got the whole video; is through with it; will not have it. */
  | { type: 'session' | 'video' | 'processed' | 'rejected' }
  /** Anything that passes. */
  | { type: 'fault' }
  /** The streamer wants it tried again. */
  | { type: 'again' }

export const NEW: Publication = { stage: 'idle', agreed: false, connected: true, parkedUntilMs: null }

/** Whether a session may be opened: the one gate before anything goes to YouTube. */
export function mayBegin({ stage, agreed, connected, parkedUntilMs }: Publication): boolean {
  return stage === 'idle' && agreed && connected && parkedUntilMs === null
}

/** Whether the streamer may still drop it: what has begun to go up is YouTube's to delete. */
export function mayDrop({ stage }: Pick<Publication, 'stage'>): boolean {
  return stage === 'idle'
}

/** The table: what an event changes in a stage. What does not fit changes nothing. */
export function after(before: Publication, event: PublishEvent): Publication {
  const over = before.stage === 'live' || before.stage === 'refused' || before.stage === 'dropped'
  switch (event.type) {
    case 'agreed':
      return before.stage === 'idle' ? { ...before, agreed: true } : before
    case 'withdrawn':
      return before.stage === 'idle' ? { ...before, agreed: false } : before
    case 'dropped':
      return mayDrop(before) ? { ...before, stage: 'dropped' } : before
    case 'connected':
      return { ...before, connected: true }
    case 'grant-gone':
      return { ...before, connected: false }
    case 'quota':
      return over ? before : { ...before, parkedUntilMs: event.untilMs }
    case 'time':
      return before.parkedUntilMs !== null && event.nowMs >= before.parkedUntilMs
        ? { ...before, parkedUntilMs: null }
        : before
    case 'session':
      return mayBegin(before) ? { ...before, stage: 'uploading' } : before
    case 'video':
      return before.stage === 'uploading' ? { ...before, stage: 'uploaded' } : before
    case 'processed':
      return before.stage === 'uploaded' ? { ...before, stage: 'live' } : before
    case 'rejected':
      return before.stage === 'uploaded' || before.stage === 'uploading'
        ? { ...before, stage: 'refused' }
        : before
    case 'fault':
      return before
    case 'again':
      // It is looked over again before it goes up.
      return before.stage === 'dropped' ? { ...before, stage: 'idle', agreed: false } : before
    default: {
      const never: never = event
      return never
    }
  }
}

export type Action =
  /** Nothing goes up before the streamer's word. */
  | { do: 'ask'; for: 'word' | 'connection' }
  /** A quota comes back then. */
  | { do: 'wait'; untilMs: number }
  /** Begins the upload, or goes on with it. */
  | { do: 'upload' }
  /** Asks YouTube how it is doing. */
  | { do: 'watch' }
  | { do: 'nothing'; because: 'live' | 'refused' | 'dropped' }

export function actionOf({ stage, agreed, connected, parkedUntilMs }: Publication): Action {
  switch (stage) {
    case 'live':
    case 'refused':
    case 'dropped':
      return { do: 'nothing', because: stage }
    case 'idle':
      if (!agreed) return { do: 'ask', for: 'word' }
      if (!connected) return { do: 'ask', for: 'connection' }
      return parkedUntilMs === null ? { do: 'upload' } : { do: 'wait', untilMs: parkedUntilMs }
    case 'uploading':
    case 'uploaded':
      if (!connected) return { do: 'ask', for: 'connection' }
      if (parkedUntilMs !== null) return { do: 'wait', untilMs: parkedUntilMs }
      return stage === 'uploading' ? { do: 'upload' } : { do: 'watch' }
    default: {
      const never: never = stage
      return never
    }
  }
}
