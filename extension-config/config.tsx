/** The config page in the streamer's extension settings. */
import { render } from 'preact'
import type { ConfigState } from '../shared/api.ts'
import { makeApi } from '../extension-panel/api.ts'
import { connectTwitch } from '../extension-panel/twitch.ts'
import { makeAutosave, type Autosave, type Saving } from './autosave.ts'
import { ConfigPage, Trouble } from './view/config-page.tsx'

const root = document.getElementById('root') as HTMLElement
const RETRY_MS = 3_000
let autosave: Autosave | null = null
const api = makeApi('en', 'No connection')

const draw = (saving: Saving) => {
  if (autosave) render(<ConfigPage saving={saving} autosave={autosave} api={api} />, root)
}

async function load(): Promise<void> {
  if (autosave) return
  const { ok, status, body, sentence } = await api.ask<ConfigState>('/config')
  if (autosave) return
  if (ok) {
    autosave = makeAutosave(api, body, draw)
    draw({ config: body, pending: {}, disputed: [], status: { kind: 'idle' } })
    return
  }
  render(<Trouble sentence={status ? sentence : `${sentence} to Echoes. Trying again`} />, root)
  setTimeout(load, RETRY_MS)
}

const twitch = connectTwitch({
  onToken: (newest) => {
    api.token = newest
    void load()
  },
  onLatency: () => {},
  onVisible: () => {},
  onMessage: () => {},
})
if (twitch) render(<Trouble sentence="" />, root)
else root.textContent = 'This page works inside Twitch'
