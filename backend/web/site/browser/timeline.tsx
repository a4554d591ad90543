/** The stream as a line: how many echoed in each minute, and where the moments are. */
import type { DeskCard, DeskState } from '../../../../shared/desk.ts'
import { positionText } from '../../../../shared/time-text.ts'

const WIDTH = 1000
const HEIGHT = 72
const FLOOR = 60
const MINUTE_MS = 60_000
const LEAST_WIDTH = 6

export function Timeline(props: { state: DeskState; selected: string | null; onSelect(id: string): void }) {
  const { state, selected, onSelect } = props
  const { perMinute, cards } = state
  const lengthMs = Math.max(MINUTE_MS, state.show.lengthMs)
  const most = Math.max(1, ...perMinute)
  const x = (ms: number) => (Math.min(lengthMs, ms) / lengthMs) * WIDTH
  const points = perMinute.map(
    (count, minute) => `${x((minute + 0.5) * MINUTE_MS)},${FLOOR - (count / most) * (FLOOR - 6)}`,
  )
  const line = `0,${FLOOR} ${points.join(' ')} ${WIDTH},${FLOOR}`
  const total = perMinute.reduce((sum, n) => sum + n, 0)
  const block = (card: DeskCard) => {
    const width = Math.max(LEAST_WIDTH, x(card.endMs) - x(card.startMs))
    return (
      <rect
        key={card.id}
        class={`block ${card.place} ${card.id === selected ? 'chosen' : ''}`}
        x={x(card.startMs)}
        y={FLOOR + 3}
        width={width}
        height="6"
        rx="3"
        onClick={() => onSelect(card.id)}
      >
        <title>{`${card.title}, ${card.people} people`}</title>
      </rect>
    )
  }
  return (
    <figure class="timeline">
      <figcaption>echoes per minute</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} echoes over ${positionText(lengthMs / 1000)}, ${cards.length} moments`}
      >
        <polygon class="area" points={line} />
        <polyline class="line" points={line} />
        {cards.map(block)}
      </svg>
      <div class="hours" aria-hidden="true">
        {marks(lengthMs).map((ms) => (
          <span key={ms} style={{ left: `${(ms / lengthMs) * 100}%` }}>
            {positionText(ms / 1000)}
          </span>
        ))}
      </div>
    </figure>
  )
}

/** Five or so round instants. */
function marks(lengthMs: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120].map((minutes) => minutes * MINUTE_MS)
  const step = steps.find((ms) => lengthMs / ms <= 6) ?? 240 * MINUTE_MS
  return Array.from({ length: Math.floor((lengthMs * 0.97) / step) + 1 }, (_, n) => n * step)
}
