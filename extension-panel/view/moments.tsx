/** This stream's moments, newest first, with the people who want each and a +1. */
import type { PanelText } from '../../shared/panel-text.ts'
import { lengthText, positionText } from '../../shared/time-text.ts'
import type { Controller } from '../controller.ts'
import { shownMoments, type ShownMoment } from '../model.ts'
import type { ViewProps } from './app.tsx'

export function Moments({ model, text, act }: ViewProps) {
  const { state, me } = model
  if (!state) return null
  const moments = shownMoments(model)
  const mayVote = state.votes && me?.signedIn && me.refusal?.reason !== 'blocked'
  return (
    <section class="moments">
      <h2>
        {text.stream} <small>{text.moments(state.total)}</small>
      </h2>
      {moments.length === 0 && (
        <p class="muted">
          {text.none} {!me?.refusal && me?.signedIn && text.beFirst}
        </p>
      )}
      <ol tabIndex={moments.length > 4 ? 0 : undefined} aria-label={text.stream}>
        {moments.map((m) => (
          <Moment key={m.id} moment={m} text={text} act={act} mayVote={mayVote} />
        ))}
        {moments.length < state.total && (
          <li class="muted more">{text.more(state.total - moments.length)}</li>
        )}
      </ol>
    </section>
  )
}

function Moment({
  moment,
  text,
  act,
  mayVote,
}: {
  moment: ShownMoment
  text: PanelText
  act: Controller
  mayVote: boolean | undefined
}) {
  const { id, label, startMs, endMs, people, whose } = moment
  const name = label ?? text.moment
  const counted = whose !== 'theirs'
  const can = mayVote && !counted
  return (
    <li class={label ? '' : 'muted'}>
      <time>{positionText(startMs / 1000)}</time>
      <div>
        <strong>{name}</strong>
        <small>
          {lengthText(endMs - startMs)}
          {whose === 'mine' && ` · ${text.yours}`}
        </small>
      </div>
      <button
        class="vote"
        aria-disabled={!can}
        aria-pressed={counted}
        aria-label={(counted ? text.voted : text.vote)(name, people)}
        onClick={can ? () => act.vote(id) : undefined}
      >
        +{people}
      </button>
    </li>
  )
}
