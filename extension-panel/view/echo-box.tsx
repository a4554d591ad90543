/** The button, the length, and below them the label or what became of the press. Nothing moves when that changes. */
import { lengthText, positionText } from '../../shared/time-text.ts'
import { chosenLength, undoLeft, type Top } from '../model.ts'
import type { ViewProps } from './app.tsx'

export function EchoBox(props: ViewProps & { top: Top }) {
  const { top, model } = props
  return (
    <section>
      <EchoButton {...props} />
      <div class="cooldown" style={{ transform: `scaleX(${top.kind === 'cooling' ? top.leftShare : 0})` }} />
      <Lengths {...props} />
      {model.press || undoLeft(model, props.now) > 0 ? <Outcome {...props} /> : <Label {...props} />}
    </section>
  )
}

function EchoButton({ top, text, model, act }: ViewProps & { top: Top }) {
  const can = top.kind === 'ready' || (top.kind === 'cooling' && top.replaces)
  const [big, small] = wordsOf()
  // Not `disabled`: the keyboard's place would be lost in the moment of pressing.
  return (
    <button class={`echo ${top.kind}`} aria-disabled={!can} onClick={act.echo}>
      <strong>{big}</strong>
      <span>{small}</span>
    </button>
  )

  function wordsOf(): [string, string] {
    if (top.kind === 'ready')
      return [text.echo, text.covers(positionText(top.fromSec), positionText(top.toSec))]
    if (top.kind !== 'cooling') return [text.sending, '']
    const left = positionText(top.leftSec)
    return top.replaces
      ? [text.replace(lengthText(chosenLength(model))), text.replaces(left)]
      : [text.again(left), text.longerReplaces]
  }
}

function Lengths({ model, text, act }: ViewProps) {
  const chosen = chosenLength(model)
  return (
    <fieldset class="lengths" aria-label={text.length}>
      {model.state?.lengthsMs.map((ms) => (
        <label key={ms}>
          <input
            type="radio"
            name="length"
            checked={ms === chosen}
            onChange={() => act.set({ lengthMs: ms })}
          />
          <span>{lengthText(ms)}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Label({ model, text, act }: ViewProps) {
  return (
    <input
      class="slot"
      type="text"
      maxLength={80}
      value={model.label}
      placeholder={text.what}
      aria-label={text.what}
      onInput={(e) => act.set({ label: e.currentTarget.value })}
      onKeyDown={(e) => e.key === 'Enter' && act.echo()}
    />
  )
}

function Outcome({ model, text, act, now }: ViewProps) {
  const { press, me } = model
  const left = undoLeft(model, now)
  const failed = press?.kind === 'failed'
  const [said, more] = wordsOf()
  return (
    <div class={failed ? 'slot outcome failed' : 'slot outcome'}>
      <p role="status">
        <strong>{said}</strong>
        <span>{more}</span>
      </p>
      {said && !failed && left > 0 && (
        <button class="quiet" onClick={act.undo}>
          {text.undo} <span aria-hidden="true">· {left}</span>
        </button>
      )}
    </div>
  )

  function wordsOf(): string[] {
    if (failed) return [text.notSaved, press.sentence]
    // The button says it.
    if (press?.kind === 'sending') return []
    const length = lengthText(press?.lengthMs ?? me?.undo?.lengthMs ?? 0)
    return [press?.replaced ? text.replaced(length) : text.saved(length), text.savedThanks]
  }
}
