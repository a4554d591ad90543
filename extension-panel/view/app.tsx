/** The whole panel: head, the one thing to do, what became of it, and the list. */
import type { PanelText } from '../../shared/panel-text.ts'
import { positionText } from '../../shared/time-text.ts'
import type { Controller } from '../controller.ts'
import { topOf, type Model, type Top } from '../model.ts'
import { EchoBox } from './echo-box.tsx'
import { Moments } from './moments.tsx'

export interface ViewProps {
  model: Model
  text: PanelText
  act: Controller
  /** What is shown while the channel is offline (offline.tsx), once it is loaded. */
  Offline: preact.FunctionComponent<ViewProps> | null
  /** UTC milliseconds, by this machine's clock. */
  now: number
}

export function App(props: ViewProps) {
  const { model, text } = props
  const top = topOf(model, props.now)
  return (
    <main class={top.kind}>
      <Head {...props} />
      <Top {...props} top={top} />
      {model.state?.live && top.kind !== 'loading' && <Moments {...props} />}
      {/* What the slot shows already is only read out. */}
      <p class={model.press ? 'toast heard' : 'toast'} role="status">
        {model.notice || (model.lost && model.state && text.lost)}
      </p>
    </main>
  )
}

function Head({ model, text, now }: ViewProps) {
  const { state, clockAheadMs } = model
  return (
    <header>
      <h1>Echoes</h1>
      {state && (
        <span>
          {state.live && (
            <span class="dot" role="img" aria-label={text.live}>
              ●
            </span>
          )}{' '}
          {state.live ? positionText((now + clockAheadMs - state.live.startedAtMs) / 1000) : text.offline}
        </span>
      )}
    </header>
  )
}

function Top(props: ViewProps & { top: Top }) {
  const { top, text, model } = props
  switch (top.kind) {
    case 'loading':
      return model.lost ? <Reason title={text.lost} /> : <Loading {...props} />
    case 'offline':
      return props.Offline ? <props.Offline {...props} /> : <Loading {...props} />
    case 'refused':
      return <Refused {...props} top={top} />
    default:
      return <EchoBox {...props} top={top} />
  }
}

function Loading({ text }: ViewProps) {
  return <div class="skeleton" role="status" aria-label={text.loading} />
}

function Refused({ top, model, act }: ViewProps & { top: Extract<Top, { kind: 'refused' }> }) {
  const { sentence, advice } = top.refusal
  const identity = model.me?.identity
  return (
    <Reason title={sentence} sentence={advice}>
      {identity && <p>{identity.why}</p>}
      {identity && (
        <button class="quiet" onClick={act.share}>
          {identity.share}
        </button>
      )}
    </Reason>
  )
}

function Reason(props: {
  title: string
  sentence?: string | undefined
  children?: preact.ComponentChildren
}) {
  return (
    <section class="reason">
      <h2>{props.title}</h2>
      {props.sentence && <p>{props.sentence}</p>}
      {props.children}
    </section>
  )
}
