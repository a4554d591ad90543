/** The moments as cards: what is in, what is not and why, and what can be done with each. */
import { useState } from 'preact/hooks'
import type { DeskCard, DeskState } from '../../../../shared/desk.ts'
import { TITLE_MAX } from '../../../../shared/limits.ts'
import { lengthText, positionText } from '../../../../shared/time-text.ts'
import type { DeskActions } from './desk-model.ts'

const PLACE_TEXT: Record<DeskCard['place'], string> = {
  in: '',
  budget: 'over the length you set',
  dropped: 'dropped by you',
  'no-vod': 'no recording of it',
  damaged: 'its recording is damaged',
}

export type Order = 'recap' | 'wanted'

interface Props {
  state: DeskState
  selected: string | null
  actions: DeskActions
  fixed: boolean
  order: Order
  onOrder(order: Order): void
  /** Where the player is, show runtime. */
  headMs(): number | null
}

export function ordered(state: DeskState, order: Order): DeskCard[] {
  if (order === 'recap') return state.cards
  return [...state.cards].sort((a, b) => b.people - a.people || a.startMs - b.startMs)
}

export function Cards({ state, selected, actions, fixed, order, onOrder, headMs }: Props) {
  const cards = ordered(state, order)
  return (
    <section class="cards" aria-labelledby="cards-title">
      <header>
        <h2 id="cards-title">Moments</h2>
        <label>
          <span class="hidden">Order</span>
          <select value={order} onChange={(e) => onOrder(e.currentTarget.value as Order)}>
            <option value="recap">as in the recap</option>
            <option value="wanted">most wanted first</option>
          </select>
        </label>
      </header>
      {cards.length === 0 && <p class="muted">Nobody echoed in this stream, or everything was taken back.</p>}
      <ol>
        {cards.map((card) => (
          <CardRow
            key={card.id}
            card={card}
            state={state}
            chosen={card.id === selected}
            actions={actions}
            fixed={fixed}
            headMs={headMs}
          />
        ))}
      </ol>
    </section>
  )
}

interface RowProps extends Pick<Props, 'state' | 'actions' | 'fixed' | 'headMs'> {
  card: DeskCard
  chosen: boolean
}

function CardRow({ card, state, chosen, actions, fixed, headMs }: RowProps) {
  const at = `/recaps/${state.recapId}/cards/${encodeURIComponent(card.id)}`
  return (
    <li class={`card ${card.place} ${chosen ? 'chosen' : ''}`} id={`card-${card.id}`}>
      <button class="open" aria-current={chosen} onClick={() => actions.select(card.id)}>
        <img
          src={`${at}/still.jpg?${card.startMs}-${card.endMs}`}
          alt=""
          loading="lazy"
          width="96"
          height="54"
          onError={(e) => (e.currentTarget.style.visibility = 'hidden')}
        />
        <span class="what">
          <strong>{card.title}</strong>
          <small>
            {positionText(card.startMs / 1000)} · {lengthText(card.endMs - card.startMs)}
            {PLACE_TEXT[card.place] && ` · ${PLACE_TEXT[card.place]}`}
          </small>
        </span>
        <span class="people" title={card.names.join(', ')}>
          {card.people}
          <span class="hidden"> {card.people === 1 ? 'person' : 'people'}</span>
        </span>
      </button>
      {chosen && <Tools card={card} state={state} actions={actions} fixed={fixed} headMs={headMs} />}
    </li>
  )
}

function Tools({ card, state, actions, fixed, headMs }: Omit<RowProps, 'chosen'>) {
  const at = state.cards.findIndex((c) => c.id === card.id)
  const [previous, next] = [state.cards[at - 1], state.cards[at + 1]]
  const afterNext = state.cards[at + 2]
  const [said, setSaid] = useState('')
  if (fixed)
    return state.mayPublish && state.youtube ? (
      <div class="tools">
        <button onClick={() => actions.publishAlone(card.id)}>Upload it by itself</button>
      </div>
    ) : null
  const split = () => {
    const ms = headMs()
    const inside = ms !== null && ms > card.startMs + 1_000 && ms < card.endMs - 1_000
    setSaid(inside ? '' : 'Play to where it is to be split, inside the moment.')
    if (inside) void actions.edit(card.id, { splitAtMs: Math.round(ms) })
  }
  return (
    <div class="tools">
      <Title key={card.id} card={card} actions={actions} />
      <div class="row">
        <button onClick={() => actions.edit(card.id, { kept: card.place !== 'in' })}>
          {card.place === 'in' ? 'Drop' : 'Keep'}
        </button>
        <button
          disabled={!previous}
          aria-label="Move up"
          onClick={() => previous && actions.edit(card.id, { before: previous.id })}
        >
          ↑
        </button>
        <button
          disabled={!next}
          aria-label="Move down"
          onClick={() => actions.edit(card.id, { before: afterNext?.id ?? null })}
        >
          ↓
        </button>
        <button disabled={!next} onClick={() => next && actions.edit(card.id, { mergeWith: next.id })}>
          Merge with next
        </button>
        <button onClick={split}>Split here</button>
        {state.mayPublish && state.youtube && (
          <button onClick={() => actions.publishAlone(card.id)}>Upload alone</button>
        )}
      </div>
      <p class="said" role="status">
        {said || (card.names.length > 0 ? `Echoed by ${card.names.join(', ')}` : '')}
      </p>
    </div>
  )
}

/** Saved when one leaves it, or presses Enter. */
function Title({ card, actions }: { card: DeskCard; actions: DeskActions }) {
  const [typed, setTyped] = useState<string | null>(null)
  const save = () => {
    if (typed !== null && typed.trim() !== card.title)
      void actions.edit(card.id, { title: typed.trim() || null })
    setTyped(null)
  }
  return (
    <label class="field">
      <span>Title</span>
      <input
        type="text"
        maxLength={TITLE_MAX}
        value={typed ?? card.title}
        onInput={(e) => setTyped(e.currentTarget.value)}
        onBlur={save}
        onKeyDown={(e) => {
          if (e.key === 'Enter') e.currentTarget.blur()
        }}
      />
    </label>
  )
}
