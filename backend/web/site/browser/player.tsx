/** The chosen moment: its footage with a bit around it, and the bar by which it is trimmed. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { DeskCard, Preview } from '../../../../shared/desk.ts'
import { SHORTEST_MOMENT_MS } from '../../../../shared/limits.ts'
import { positionText } from '../../../../shared/time-text.ts'
import type { DeskActions } from './desk-model.ts'

const BACK_SEC = 2
const FINE_MS = 250
const COARSE_MS = 1_000

export interface PlayerHandle {
  play(): void
  pause(): void
  toggle(): void
  back(): void
  faster(): void
  /** Show runtime of the picture that is shown. */
  nowMs(): number | null
  setIn(): void
  setOut(): void
}

interface Props {
  card: DeskCard
  actions: DeskActions
  /** Nothing can be changed any more. */
  fixed: boolean
  onHandle(handle: PlayerHandle | null): void
}

type Span = { startMs: number; endMs: number }

export function Player({ card, actions, fixed, onHandle }: Props) {
  const video = useRef<HTMLVideoElement>(null)
  const [preview, setPreview] = useState<Preview | string | null>(null)
  const [dragged, setDragged] = useState<Span | null>(null)
  const [headMs, setHeadMs] = useState<number | null>(null)
  const span = dragged ?? { startMs: card.startMs, endMs: card.endMs }
  const spanNow = useRef(span)
  spanNow.current = span
  const loaded = typeof preview === 'object' ? preview : null

  useEffect(() => {
    let current = true
    void actions.preview(card.id, `${card.id}:${card.startMs}:${card.endMs}`).then((found) => {
      if (current) setPreview((before) => (sameFootage(before, found) ? before : found))
    })
    return () => {
      current = false
    }
  }, [card.id, card.startMs, card.endMs])
  useEffect(() => {
    setDragged(null)
    setHeadMs(null)
  }, [card.id])

  const seek = (ms: number) => {
    const element = video.current
    if (!element || !loaded) return
    element.currentTime = Math.max(0, (ms - loaded.startMs) / 1000)
    setHeadMs(ms)
  }
  const nowMs = () => (video.current && loaded ? loaded.startMs + video.current.currentTime * 1000 : null)
  const save = (next: Span) => {
    setDragged(null)
    const trim = { startMs: Math.round(next.startMs), endMs: Math.round(next.endMs) }
    if (trim.startMs === card.startMs && trim.endMs === card.endMs) return
    if (!fixed && trim.endMs - trim.startMs >= SHORTEST_MOMENT_MS) void actions.edit(card.id, { trim })
  }
  const play = () => {
    const at = nowMs() ?? 0
    const { startMs, endMs } = spanNow.current
    if (at < startMs || at >= endMs - 100) seek(startMs)
    void video.current?.play().catch(() => undefined)
  }

  useEffect(() => {
    onHandle({
      play,
      pause: () => video.current?.pause(),
      toggle: () => (video.current?.paused ? play() : video.current?.pause()),
      back: () => seek((nowMs() ?? span.startMs) - BACK_SEC * 1000),
      faster() {
        if (!video.current) return
        video.current.playbackRate = video.current.paused ? 1 : video.current.playbackRate >= 2 ? 1 : 2
        play()
      },
      nowMs,
      setIn: () =>
        save({ ...span, startMs: Math.min(nowMs() ?? span.startMs, span.endMs - SHORTEST_MOMENT_MS) }),
      setOut: () =>
        save({ ...span, endMs: Math.max(nowMs() ?? span.endMs, span.startMs + SHORTEST_MOMENT_MS) }),
    })
    return () => onHandle(null)
  })

  return (
    <section class="player" aria-label={`Player: ${card.title}`}>
      <div class="screen">
        {loaded && (
          <video
            ref={video}
            src={loaded.url}
            poster={loaded.still}
            preload="auto"
            playsInline
            onLoadedMetadata={() => seek(spanNow.current.startMs)}
            onClick={() => (video.current?.paused ? play() : video.current?.pause())}
            onTimeUpdate={() => {
              const at = nowMs()
              setHeadMs(at)
              // The moment ends here; what is after it is there to trim into.
              if (at !== null && at >= spanNow.current.endMs && !video.current?.paused) video.current?.pause()
            }}
          />
        )}
        {preview === null && (
          <p class="skeleton" role="status">
            Fetching the footage …
          </p>
        )}
        {typeof preview === 'string' && (
          <p class="none" role="status">
            {preview}
          </p>
        )}
        <p class="caption">
          <strong>{card.title}</strong>
          {card.people > 0 && ` · ${card.people} ${card.people === 1 ? 'person' : 'people'}`}
        </p>
      </div>
      <TrimBar
        around={loaded ?? span}
        span={span}
        headMs={headMs}
        fixed={fixed || !loaded}
        onSeek={seek}
        onDrag={(next, edgeMs) => {
          setDragged(next)
          seek(edgeMs)
        }}
        onDone={save}
      />
    </section>
  )
}

function sameFootage(a: Preview | string | null, b: Preview | string): boolean {
  return typeof a === 'object' && a !== null && typeof b === 'object' && a.url === b.url
}

interface TrimBarProps {
  around: Span
  span: Span
  headMs: number | null
  fixed: boolean
  onSeek(ms: number): void
  /** @param edgeMs what to look at meanwhile */
  onDrag(span: Span, edgeMs: number): void
  onDone(span: Span): void
}

function TrimBar({ around, span, headMs, fixed, onSeek, onDrag, onDone }: TrimBarProps) {
  const bar = useRef<HTMLDivElement>(null)
  const lengthMs = Math.max(1, around.endMs - around.startMs)
  const share = (ms: number) => Math.max(0, Math.min(1, (ms - around.startMs) / lengthMs))
  const msAt = (event: PointerEvent) => {
    const box = bar.current?.getBoundingClientRect()
    if (!box) return around.startMs
    return around.startMs + Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * lengthMs
  }
  const moved = (edge: 'startMs' | 'endMs', ms: number): Span =>
    edge === 'startMs'
      ? { ...span, startMs: Math.max(around.startMs, Math.min(ms, span.endMs - SHORTEST_MOMENT_MS)) }
      : { ...span, endMs: Math.min(around.endMs, Math.max(ms, span.startMs + SHORTEST_MOMENT_MS)) }
  const handle = (edge: 'startMs' | 'endMs', name: string) => (
    <div
      role="slider"
      tabIndex={fixed ? -1 : 0}
      class={`edge ${edge}`}
      style={{ left: `${share(span[edge]) * 100}%` }}
      aria-label={name}
      aria-disabled={fixed}
      aria-valuemin={Math.round(around.startMs / 1000)}
      aria-valuemax={Math.round(around.endMs / 1000)}
      aria-valuenow={Math.round(span[edge] / 1000)}
      aria-valuetext={positionText(span[edge] / 1000)}
      onPointerDown={(event) => {
        if (fixed) return
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (fixed || !event.currentTarget.hasPointerCapture(event.pointerId)) return
        const next = moved(edge, msAt(event))
        onDrag(next, next[edge])
      }}
      onPointerUp={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onDone(span)
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
        if (step === undefined || fixed) return
        event.preventDefault()
        event.stopPropagation()
        const next = moved(edge, span[edge] + step * (event.shiftKey ? COARSE_MS : FINE_MS))
        onSeek(next[edge])
        onDone(next)
      }}
    />
  )
  return (
    <div class="trim" ref={bar} onPointerDown={(event) => onSeek(msAt(event))}>
      <div
        class="kept"
        style={{ left: `${share(span.startMs) * 100}%`, right: `${(1 - share(span.endMs)) * 100}%` }}
      />
      {headMs !== null && <div class="head" style={{ left: `${share(headMs) * 100}%` }} />}
      {handle('startMs', 'Begins at')}
      {handle('endMs', 'Ends at')}
      <span class="from">{positionText(span.startMs / 1000)}</span>
      <span class="to">{positionText(span.endMs / 1000)}</span>
    </div>
  )
}
