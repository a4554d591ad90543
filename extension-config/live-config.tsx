/** The live config, beside the streamer's dashboard: the mode with one tap, the running list, a long echo. */
import { render } from 'preact'
import type { ApiRefusal, ConfigState, LiveState } from '../shared/api.ts'
import type { Mode } from '../shared/mode.ts'
import { ebsUrl, makeApi, type Answer } from '../extension-panel/api.ts'
import { nextPoll } from '../extension-panel/polling.ts'
import { connectTwitch } from '../extension-panel/twitch.ts'
import { LiveConfig, type LiveModel } from './view/live-page.tsx'

const root = document.getElementById('root') as HTMLElement
const SAID_MS = 5_000
let token: string | null = null
let model: LiveModel = { live: null, lost: false, said: '', clockAheadMs: 0 }
let heardAtMs = -Infinity
let failures = 0
let seen = true
let pollTimer = 0
let saidTimer = 0
const api = makeApi(ebsUrl(), 'en', () => token)

const draw = () =>
  render(<LiveConfig model={model} now={Date.now()} setMode={setMode} setLong={setLong} keep={keep} />, root)
const set = (change: Partial<LiveModel>) => {
  model = { ...model, ...change }
  draw()
}
const say = (said: string) => {
  set({ said })
  clearTimeout(saidTimer)
  saidTimer = window.setTimeout(() => set({ said: '' }), SAID_MS)
}
const take = (live: LiveState) => {
  if (model.live && live.revision < model.live.revision) return
  set({ live, lost: false, clockAheadMs: live.nowMs - Date.now() })
}

/** @returns whether it was done */
function taken(answer: Answer<LiveState> | null): boolean {
  if (answer?.ok === true) take(answer.body)
  else say(answer?.ok === false ? answer.refusal.sentence : 'No connection: nothing was changed')
  return answer?.ok === true
}

async function poll(): Promise<void> {
  clearTimeout(pollTimer)
  if (!seen || !token) return
  const answer = await api<LiveState>({ path: '/config/live' })
  failures = answer ? 0 : failures + 1
  if (answer?.ok === true) take(answer.body)
  else if (answer?.ok === false && !model.live) say(answer.refusal.sentence)
  else if (!answer) set({ lost: true })
  const quietMs = Date.now() - heardAtMs
  const wait = nextPoll({ live: Boolean(model.live?.live), quietMs, failures, random: Math.random() })
  pollTimer = window.setTimeout(poll, wait)
}

async function setMode(mode: Mode): Promise<void> {
  const before = model.live
  if (!before || before.mode === mode) return
  set({ live: { ...before, mode } })
  let { version } = before
  for (let attempt = 0; attempt < 2; attempt++) {
    const body = { version, change: { mode } }
    const answer = await api<ConfigState>({ method: 'PATCH', path: '/config/settings', body })
    if (answer?.ok === true) return void poll()
    const refusal = answer?.ok === false ? (answer.refusal as ApiRefusal & { config?: ConfigState }) : null
    const theirs = refusal?.config
    // Something else was changed meanwhile: the mode is still what was seen here, so the tap stands.
    if (theirs && theirs.settings.mode === before.mode) {
      version = theirs.version
      continue
    }
    set({ live: theirs ? { ...before, mode: theirs.settings.mode, version: theirs.version } : before })
    return say(
      refusal ? `${refusal.sentence}. Tap again to change it` : 'No connection: the mode is as it was',
    )
  }
}

async function setLong(on: boolean): Promise<void> {
  taken(await api<LiveState>({ method: 'POST', path: '/config/long', body: { on } }))
}

async function keep(momentId: string, kept: boolean): Promise<void> {
  const before = model.live
  if (!before) return
  set({ live: { ...before, moments: before.moments.map((m) => (m.id === momentId ? { ...m, kept } : m)) } })
  const body = { momentId, kept }
  if (!taken(await api<LiveState>({ method: 'POST', path: '/config/moments', body }))) set({ live: before })
}

const twitch = connectTwitch({
  onToken: (newest) => {
    token = newest
    void poll()
  },
  onLatency: () => {},
  onVisible: (visible) => {
    seen = visible
    if (visible) void poll()
  },
  onMessage: () => {
    heardAtMs = Date.now()
    void poll()
  },
})
if (twitch) {
  draw()
  setInterval(() => !document.hidden && draw(), 1_000)
} else root.textContent = 'This page works inside Twitch'
