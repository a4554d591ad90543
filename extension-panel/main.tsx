/** The panel under a channel's stream, and Twitch's mobile view: puts its parts together. */
import { render } from 'preact'
import { languageOf } from '../shared/language.ts'
import { PANEL_TEXT, type PanelText } from '../shared/panel-text.ts'
import { ebsUrl, makeApi } from './api.ts'
import { makeController } from './controller.ts'
import type { Model } from './model.ts'
import { connectTwitch } from './twitch.ts'
import { App } from './view/app.tsx'

const root = document.getElementById('root') as HTMLElement
const language = languageOf(new URLSearchParams(location.search).get('language') ?? navigator.language)
document.documentElement.lang = language

/** Built from shared/panel-text.de.ts, beside this script (scripts/extension/build.ts). */
const GERMAN = './panel.de.js'

async function textIn(wanted: typeof language): Promise<PanelText> {
  if (wanted === 'en') return PANEL_TEXT
  // Without it the panel speaks English, which beats not speaking.
  return import(/* @vite-ignore */ GERMAN).then(
    (german: { PANEL_TEXT: PanelText }) => german.PANEL_TEXT,
    () => PANEL_TEXT,
  )
}

function start(text: PanelText): void {
  let token: string | null = null
  let shown: Model | null = null
  let queued = false
  const paint = () => {
    queued = false
    if (shown) render(<App model={shown} text={text} act={controller} share={share} now={Date.now()} />, root)
  }
  /** However much changes at once, it is drawn once, before the next picture. */
  const draw = (model: Model) => {
    shown = model
    if (!queued) queueMicrotask(paint)
    queued = true
  }
  const controller = makeController(
    makeApi(ebsUrl(), language, () => token),
    text,
    draw,
  )
  const twitch = connectTwitch({
    ...controller,
    onToken: (newest) => {
      token = newest
      controller.onToken()
    },
    onLatency: (latencyMs) => controller.set({ latencyMs }),
  })
  const share = () => twitch?.shareIdentity()
  if (!twitch) {
    root.textContent = text.noTwitch
    return
  }
  addEventListener('online', controller.onToken)
  controller.set({})
  // What counts down or up is drawn each second, while somebody looks.
  setInterval(() => document.hidden || paint(), 1_000)
}

void textIn(language).then(start)
