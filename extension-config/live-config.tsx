/** The live config, beside the streamer's dashboard: the mode with one tap, the running list, a long echo. */
import { render } from 'preact'
import type { ConfigState, LiveState } from '../shared/api.ts'
import type { Mode } from '../shared/mode.ts'
import { makeApi, type Answer } from '../extension-panel/api.ts'
import { nextPoll } from '../extension-panel/polling.ts'
import { connectTwitch } from '../extension-panel/twitch.ts'
import { LiveConfig, type LiveModel } from './view/live-page.tsx'

const root = document.getElementById('root') as HTMLElement
const SAID_MS = 5_000
const LOST = 'No connection: nothing was changed'
let model: LiveModel = { live: null, lost: false, said: '', clockAheadMs: 0 }
let heardAtMs = -Infinity
let failures = 0
let seen = true
let pollTimer = 0
let saidTimer = 0
const api = makeApi('en', LOST)

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
function taken({ ok, body, sentence }: Answer<LiveState>): boolean {
  if (ok) take(body)
  else say(sentence)
  return ok
}

async function poll(): Promise<void> {
  clearTimeout(pollTimer)
  if (!seen || !api.token) return
  const { ok, status, body, sentence } = await api.ask<LiveState>('/config/live')
  failures = status ? 0 : failures + 1
  if (ok) take(body)
  else if (!status) set({ lost: true })
  else if (!model.live) say(sentence)
  const quietMs = Date.now() - heardAtMs
  pollTimer = window.setTimeout(poll, nextPoll({ live: model.live?.live, quietMs, failures }))
}

async function setMode(mode: Mode): Promise<void> {
  const before = model.live
  if (!before || before.mode === mode) return
  set({ live: { ...before, mode } })
  let { version } = before
  for (let attempt = 0; attempt < 2; attempt++) {
    const body = { version, change: { mode } }
    const answer = await api.ask<{ config?: ConfigState }>('/config/settings', { method: 'PATCH', body })
    if (answer.ok) return void poll()
    const theirs = answer.body.config
    // Something else was changed meanwhile: the mode is still what was seen here, so the tap stands.
    if (theirs && theirs.settings.mode === before.mode) {
      version = theirs.version
      continue
    }
    set({ live: theirs ? { ...before, mode: theirs.settings.mode, version: theirs.version } : before })
    return say(answer.status ? `${answer.sentence}. Tap again to change it` : answer.sentence)
  }
}

async function setLong(on: boolean): Promise<void> {
  taken(await api.ask<LiveState>('/config/long', { method: 'POST', body: { on } }))
}

async function keep(momentId: string, kept: boolean): Promise<void> {
  const before = model.live
  if (!before) return
  set({ live: { ...before, moments: before.moments.map((m) => (m.id === momentId ? { ...m, kept } : m)) } })
  const body = { momentId, kept }
  if (!taken(await api.ask<LiveState>('/config/moments', { method: 'POST', body }))) set({ live: before })
}

const twitch = connectTwitch({
  onToken: (newest) => {
    api.token = newest
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
