/** The panel under a channel's stream, and Twitch's mobile view: puts its parts together. */
import { render } from 'preact'
import { PANEL_TEXT, type PanelText } from '../shared/panel-text.ts'
import { makeApi } from './api.ts'
import { makeController } from './controller.ts'
import { topOf, type Model } from './model.ts'
import { connectTwitch } from './twitch.ts'
import { App, type ViewProps } from './view/app.tsx'

const root = document.getElementById('root') as HTMLElement
const wanted = new URLSearchParams(location.search).get('language') ?? navigator.language
// One more language in shared/language.ts is one more file to load here.
const language = wanted.startsWith('de') ? 'de' : 'en'
document.documentElement.lang = language

/** Built beside this script from shared/panel-text.de.ts and offline.tsx (scripts/extension/build.ts). */
const GERMAN = './panel.de.js'
const OFFLINE = './panel.offline.js'

async function loadText(): Promise<PanelText> {
  if (language === 'en') return PANEL_TEXT
  // Without it the panel speaks English, which beats not speaking.
  return import(/* @vite-ignore */ GERMAN).then(
    (german: { PANEL_TEXT: PanelText }) => german.PANEL_TEXT,
    () => PANEL_TEXT,
  )
}

function start(text: PanelText): void {
  let shown: Model
  let Offline: ViewProps['Offline'] = null
  const paint = () => {
    const now = Date.now()
    // Asked for again with each picture until it is there.
    if (!Offline && topOf(shown, now).kind === 'offline') void loadOffline()
    render(<App {...{ model: shown, text, act, Offline, now }} />, root)
  }
  const loadOffline = async () => {
    const loaded: typeof import('./offline.tsx') = await import(/* @vite-ignore */ OFFLINE)
    await loaded.styled
    Offline = loaded.Recaps
    paint()
  }
  const act = makeController(makeApi(language, text.lost), text, (model) => {
    shown = model
    paint()
  })
  act.share = connectTwitch(act)
  if (!act.share) {
    root.textContent = text.noTwitch
    return
  }
  addEventListener('online', act.onOnline)
  act.set({})
  // What counts down or up is drawn each second, while somebody looks.
  setInterval(() => document.hidden || paint(), 1_000)
}

void loadText().then(start)
