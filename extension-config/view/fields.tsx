/** The kinds of field that the settings are made of. */
import { useState } from 'preact/hooks'

export function Choice(props: {
  label: string
  value: number
  options: [number, string][]
  onChange(value: number): void
}) {
  const known = props.options.some(([value]) => value === props.value)
  return (
    <label class="field">
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.onChange(Number(e.currentTarget.value))}>
        {!known && <option value={props.value}>{props.value / 1000} s</option>}
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

const UNIT_MS = { s: 1_000, min: 60_000 }
const UNIT_NAME = { s: 'seconds', min: 'minutes' }

export function Duration(props: {
  label: string
  hint?: string
  unit: 's' | 'min'
  valueMs: number
  minMs: number
  maxMs: number
  onChange(ms: number): void
}) {
  const { label, hint, unit, valueMs, minMs, maxMs, onChange } = props
  const per = UNIT_MS[unit]
  // What is being typed, while it is no valid number: it is kept in sight, and not saved.
  const [typed, setTyped] = useState<string | null>(null)
  const id = `field-${label.replace(/\W+/g, '-')}`
  const problem = typed === null ? null : `From ${minMs / per} to ${maxMs / per} ${UNIT_NAME[unit]}`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <span class="number">
        <input
          id={id}
          type="number"
          inputMode="decimal"
          min={minMs / per}
          max={maxMs / per}
          step={unit === 's' ? 0.5 : 1}
          value={typed ?? valueMs / per}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-hint`}
          onInput={(e) => {
            const text = e.currentTarget.value
            const ms = Math.round(Number(text) * per)
            const valid = text.trim() !== '' && ms >= minMs && ms <= maxMs
            setTyped(valid ? null : text)
            if (valid) onChange(ms)
          }}
          onBlur={() => setTyped(null)}
        />{' '}
        {UNIT_NAME[unit]}
      </span>
      <small id={`${id}-hint`} class={problem ? 'problem' : ''}>
        {problem ?? hint}
      </small>
    </div>
  )
}

export function Toggle(props: { label: string; hint: string; on: boolean; onChange(on: boolean): void }) {
  return (
    <label class="toggle">
      <input
        type="checkbox"
        role="switch"
        checked={props.on}
        onChange={(e) => props.onChange(e.currentTarget.checked)}
      />
      <span>
        {props.label}
        <small>{props.hint}</small>
      </span>
    </label>
  )
}

/** A line of text; what is being typed stays as typed until one leaves it. */
export function Words(props: {
  label: string
  hint: string
  value: string
  /** More than one line. */
  rows?: number
  onChange(text: string): void
}) {
  const [typed, setTyped] = useState<string | null>(null)
  const id = `field-${props.label.replace(/\W+/g, '-')}`
  const type = (text: string) => {
    setTyped(text)
    props.onChange(text)
  }
  const common = {
    id,
    value: typed ?? props.value,
    'aria-describedby': `${id}-hint`,
    onBlur: () => setTyped(null),
  }
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.rows ? (
        <textarea
          {...common}
          rows={props.rows}
          maxLength={4000}
          onInput={(e) => type(e.currentTarget.value)}
        />
      ) : (
        <input
          {...common}
          type="text"
          autocomplete="off"
          maxLength={500}
          onInput={(e) => type(e.currentTarget.value)}
        />
      )}
      <small id={`${id}-hint`}>{props.hint}</small>
    </div>
  )
}
