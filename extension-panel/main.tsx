/** The panel under a channel's stream, and Twitch's mobile view: puts its parts together. */
import { render } from 'preact'
import { languageOf } from '../shared/language.ts'
import { panelText } from '../shared/panel-text.ts'
import { ebsUrl, makeApi } from './api.ts'
import { makeController } from './controller.ts'
import type { Model } from './model.ts'
import { connectTwitch } from './twitch.ts'
import { App } from './view/app.tsx'

const query = new URLSearchParams(location.search)
const language = languageOf(query.get('language') ?? navigator.language)
const text = panelText(language)
const root = document.getElementById('root') as HTMLElement
document.documentElement.lang = language

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
  onToken: (newest) => {
    token = newest
    controller.token(newest)
  },
  onTheme: (theme) => document.documentElement.setAttribute('data-theme', theme),
  onLatency: (latencyMs) => controller.set({ latencyMs }),
  onVisible: controller.visible,
  onMessage: controller.message,
})
const share = () => twitch?.shareIdentity()
if (twitch) controller.set({})
else root.textContent = text.noTwitch
// What counts down or up is drawn each second, while somebody looks.
setInterval(() => {
  if (!document.hidden && twitch) paint()
}, 1_000)
