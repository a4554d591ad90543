/** The config page in the streamer's extension settings. */
import { render } from 'preact'
import type { ConfigState } from '../shared/api.ts'
import { ebsUrl, makeApi } from '../extension-panel/api.ts'
import { connectTwitch } from '../extension-panel/twitch.ts'
import { makeAutosave, type Autosave, type Saving } from './autosave.ts'
import { ConfigPage, Trouble } from './view/config-page.tsx'

const root = document.getElementById('root') as HTMLElement
const RETRY_MS = 3_000
let token: string | null = null
let autosave: Autosave | null = null
const api = makeApi(ebsUrl(), 'en', () => token)

const draw = (saving: Saving) => {
  if (autosave) render(<ConfigPage saving={saving} autosave={autosave} api={api} />, root)
}

async function load(): Promise<void> {
  if (autosave) return
  const answer = await api<ConfigState>({ path: '/config' })
  if (autosave) return
  if (answer?.ok === true) {
    autosave = makeAutosave(api, answer.body, draw)
    draw({ config: answer.body, pending: {}, disputed: [], status: { kind: 'idle' } })
    return
  }
  const sentence = answer?.ok === false ? answer.refusal.sentence : 'No connection to Echoes. Trying again'
  render(<Trouble sentence={sentence} />, root)
  setTimeout(load, RETRY_MS)
}

const twitch = connectTwitch({
  onToken: (newest) => {
    token = newest
    void load()
  },
  onLatency: () => {},
  onVisible: () => {},
  onMessage: () => {},
})
if (twitch) render(<Trouble sentence="" />, root)
else root.textContent = 'This page works inside Twitch'
