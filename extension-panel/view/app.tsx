/** The whole panel: head, the one thing to do, what became of it, and the list. */
import type { PanelText } from '../../shared/panel-text.ts'
import { positionText } from '../../shared/time-text.ts'
import type { Controller } from '../controller.ts'
import { topOf, type Model, type Top } from '../model.ts'
import { EchoBox } from './echo-box.tsx'
import { Moments } from './moments.tsx'
import { Recaps } from './recaps.tsx'

export interface ViewProps {
  model: Model
  text: PanelText
  act: Controller
  /** Asks the viewer to tell who they are. */
  share(): void
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
        {model.notice || (model.connection === 'lost' && model.state ? text.lost : '')}
      </p>
    </main>
  )
}

function Head({ model, text, now }: ViewProps) {
  const { state, clockAheadMs } = model
  const since = state?.live && (now + clockAheadMs - state.live.startedAtMs) / 1000
  return (
    <header>
      <h1>{text.title}</h1>
      {state && (
        <span class="runtime">
          {since === null || since === undefined ? (
            text.offline
          ) : (
            <>
              <span class="dot" role="img" aria-label={text.live} /> {positionText(since)}
            </>
          )}
        </span>
      )}
    </header>
  )
}

function Top(props: ViewProps & { top: Top }) {
  const { top, text, model } = props
  switch (top.kind) {
    case 'loading':
      return model.connection === 'lost' ? (
        <Reason title={text.lost} sentence="" />
      ) : (
        <div class="skeleton" role="status" aria-label={text.loading}>
          <div class="big" />
          <div />
          <div />
          <div class="row" />
          <div class="row" />
        </div>
      )
    case 'offline':
      return <Recaps {...props} />
    case 'refused':
      return <Refused {...props} top={top} />
    default:
      return <EchoBox {...props} top={top} />
  }
}

function Refused({ top, text, model, share }: ViewProps & { top: Extract<Top, { kind: 'refused' }> }) {
  const { sentence, advice = '' } = top.refusal
  return (
    <Reason title={sentence} sentence={advice}>
      {model.me?.identityHelps && (
        <>
          <p>{text.shareWhy}</p>
          <button class="quiet" onClick={share}>
            {text.share}
          </button>
        </>
      )}
    </Reason>
  )
}

function Reason(props: { title: string; sentence: string; children?: preact.ComponentChildren }) {
  return (
    <section class="reason">
      <h2>{props.title}</h2>
      {props.sentence && <p>{props.sentence}</p>}
      {props.children}
    </section>
  )
}
