/** This stream's moments, newest first, with the people who want each and a +1. */
import type { PanelText } from '../../shared/panel-text.ts'
import { lengthText, positionText } from '../../shared/time-text.ts'
import { shownMoments, type ShownMoment } from '../model.ts'
import type { ViewProps } from './app.tsx'

export function Moments({ model, text, act }: ViewProps) {
  const { state, me } = model
  if (!state) return null
  const moments = shownMoments(model)
  const mayVote = state.votes && Boolean(me?.signedIn) && me?.refusal?.reason !== 'blocked'
  return (
    <section class="moments" aria-labelledby="moments">
      <h2>
        <span id="moments">{text.stream}</span> <small>{text.moments(state.total)}</small>
      </h2>
      {moments.length === 0 && (
        <p class="empty">
          {text.none} {!me?.refusal && me?.signedIn && text.beFirst}
        </p>
      )}
      <ol tabIndex={moments.length > 4 ? 0 : undefined} aria-labelledby="moments">
        {moments.map((m) => (
          <Moment key={m.id} moment={m} text={text} onVote={mayVote ? () => act.vote(m.id) : null} />
        ))}
        {moments.length < state.total && <li class="more">{text.more(state.total - moments.length)}</li>}
      </ol>
    </section>
  )
}

function Moment({
  moment,
  text,
  onVote,
}: {
  moment: ShownMoment
  text: PanelText
  onVote: (() => void) | null
}) {
  const { label, startMs, endMs, people, whose } = moment
  const name = label ?? text.moment
  const counted = whose !== 'theirs'
  return (
    <li class={label ? '' : 'unnamed'}>
      <time>{positionText(startMs / 1000)}</time>
      <div>
        <strong>{name}</strong>
        <small>
          {lengthText(endMs - startMs)}
          {whose === 'mine' && ` · ${text.yours}`}
        </small>
      </div>
      <button
        class={`vote ${whose}`}
        aria-disabled={counted || !onVote}
        aria-pressed={counted}
        aria-label={(counted ? text.voted : text.vote)(name, people)}
        onClick={counted ? undefined : (onVote ?? undefined)}
      >
        +{people}
      </button>
    </li>
  )
}
