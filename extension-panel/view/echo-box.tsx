/** The button, the length, and below them the label or what became of the press. Nothing moves when that changes. */
import { lengthText, positionText } from '../../shared/time-text.ts'
import { chosenLength, undoLeft, type Top } from '../model.ts'
import type { ViewProps } from './app.tsx'

export function EchoBox(props: ViewProps & { top: Top }) {
  const { top, model } = props
  const cooling = top.kind === 'cooling' ? top : null
  return (
    <>
      <EchoButton {...props} />
      <div class="cooldown" aria-hidden="true">
        {cooling && <div style={{ transform: `scaleX(${cooling.leftShare})` }} />}
      </div>
      <Lengths {...props} />
      {model.press || undoLeft(model, props.now) > 0 ? <Outcome {...props} /> : <Label {...props} />}
    </>
  )
}

function EchoButton({ top, text, model, act }: ViewProps & { top: Top }) {
  const can = top.kind === 'ready' || (top.kind === 'cooling' && top.replaces)
  const [big, small] = wordsOf()
  // Not `disabled`: the keyboard's place would be lost in the moment of pressing.
  return (
    <button class={`echo ${top.kind}`} aria-disabled={!can} onClick={act.echo}>
      <svg class="arcs" viewBox="0 0 294 84" aria-hidden="true">
        {[30, 56, 84, 112].map((r) => (
          <circle key={r} cx="147" cy="42" r={r} />
        ))}
      </svg>
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
    <fieldset class="lengths">
      <legend>{text.length}</legend>
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
  if (press?.kind === 'failed')
    return (
      <div class="slot outcome failed">
        <p>
          <strong>{text.notSaved}</strong>
          <span>{press.sentence}</span>
        </p>
      </div>
    )
  const replaced = press?.kind === 'saved' && press.replaced
  const length = lengthText(press?.lengthMs ?? me?.undo?.lengthMs ?? 0)
  const saved = press?.kind !== 'sending'
  return (
    <div class="slot outcome">
      <p role="status">
        {saved && <strong>{replaced ? text.replaced(length) : text.saved(length)}</strong>}
        {saved && <span>{text.savedThanks}</span>}
      </p>
      {saved && left > 0 && (
        <button class="link" onClick={act.undo}>
          {text.undo} <span aria-hidden="true">· {left}</span>
        </button>
      )}
    </div>
  )
}
