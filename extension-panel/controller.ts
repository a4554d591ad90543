/** Runs the panel: keeps the model up to date, and carries out what the viewer does. Every change is drawn at once. */
import type { EchoTaken, PanelMe, PanelState } from '../shared/api.ts'
import type { PanelText } from '../shared/panel-text.ts'
import type { Api } from './api.ts'
import { chosenLength, concernsMe, EMPTY_MODEL, newerState, topOf, type Model } from './model.ts'
import { nextPoll } from './polling.ts'
import type { TwitchEvents } from './twitch.ts'

const TOAST_MS = 4_000
/** What is one's own is among the moments at the latest then: the back end computes them once a second. */
const OWN_MS = 1_500
/** So that a change of the mode does not bring all viewers at once. */
const SPREAD_MS = 2_000

export interface Controller extends TwitchEvents {
  onOnline(): void
  /** Asks the viewer to tell who they are: Twitch's, once it is there. */
  share?: (() => void) | undefined
  set(change: Partial<Model>): void
  echo(): void
  undo(): void
  vote(momentId: string): void
}

export function makeController(api: Api, text: PanelText, draw: (model: Model) => void): Controller {
  let model = EMPTY_MODEL
  let etag: string | null | undefined
  let heardAtMs = -Infinity
  let failures = 0
  let seen = true
  let pollTimer = 0
  let meTimer = 0
  let toastTimer = 0

  const set = (change: Partial<Model>) => draw((model = { ...model, ...change }))

  /** A sentence for a while, and what became of a press. */
  const say = (notice: string, change: Partial<Model> = {}) => {
    clearTimeout(toastTimer)
    toastTimer = window.setTimeout(() => set({ notice: '', press: null }), TOAST_MS)
    set({ notice, ...change })
  }

  const takeState = (news: PanelState) => {
    const before = model.state
    const state = newerState(before, news)
    if (state === before) return
    // The votes on their way are counted in what is newer.
    set({ state, voting: state.revision > (before?.revision ?? 0) ? [] : model.voting })
    if (concernsMe(before, state, model.me)) askMe(before ? Math.random() * SPREAD_MS : 0)
  }

  const takeMe = (me: PanelMe) => set({ me, clockAheadMs: me.nowMs - Date.now() })

  const answered = (reached: boolean) => {
    if (reached && model.lost) say(text.back)
    set({ lost: !reached })
  }

  /** What the viewer does, which tells about the connection, too. */
  const change = async <T>(method: 'POST' | 'DELETE', path: string, body?: object) => {
    const answer = await api.ask<T>(path, { method, body })
    answered(answer.status > 0)
    return answer
  }

  const poll = async () => {
    clearTimeout(pollTimer)
    if (!seen || !api.token) return
    const { ok, status, body, etag: newest } = await api.ask<PanelState>('/panel/state', { etag })
    // A token that is out of date is as good as no connection: Twitch brings a new one.
    const reached = ok || status === 304
    failures = reached ? 0 : failures + 1
    answered(reached)
    if (ok) {
      etag = newest
      takeState(body)
    }
    if (!model.me && status) askMe(0)
    schedule()
  }

  const schedule = () => {
    clearTimeout(pollTimer)
    const quietMs = Date.now() - heardAtMs
    pollTimer = window.setTimeout(poll, nextPoll({ live: model.state?.live, quietMs, failures }))
  }

  const askMe = (inMs: number) => {
    clearTimeout(meTimer)
    meTimer = window.setTimeout(async () => {
      const { ok, body } = await api.ask<PanelMe>('/panel/me')
      if (ok) takeMe(body)
    }, inMs)
  }

  return {
    set,
    onToken(token) {
      api.token = token
      void poll()
      // Also after the viewer has told who they are: then more may be allowed.
      if (model.me) askMe(0)
    },
    onOnline: poll,
    onLatency: (latencyMs) => set({ latencyMs }),
    onVisible(visible) {
      if (visible === seen) return
      seen = visible
      void poll()
    },
    onMessage(message) {
      heardAtMs = Date.now()
      takeState(JSON.parse(message) as PanelState)
      schedule()
    },
    async echo() {
      const top = topOf(model, Date.now())
      if (top.kind !== 'ready' && !(top.kind === 'cooling' && top.replaces)) return
      const lengthMs = chosenLength(model)
      const { label, latencyMs } = model
      // One key for one press: a repetition after a lost answer counts once.
      const press = { key: crypto.randomUUID(), lengthMs, label, latencyMs }
      clearTimeout(toastTimer)
      set({ press: { kind: 'sending', lengthMs }, notice: text.sending })
      const send = () => change<EchoTaken>('POST', '/panel/echoes', press)
      let answer = await send()
      if (!answer.status) answer = await send()
      const { ok, status, body, sentence } = answer
      if (ok) {
        takeMe(body.me)
        askMe(OWN_MS)
        say('', { press: { kind: 'saved', lengthMs, replaced: body.replaced }, label: '' })
      } else {
        say(`${text.notSaved}: ${sentence}`, { press: { kind: 'failed', sentence } })
        if (status) askMe(0)
      }
    },
    async undo() {
      const { ok, body, sentence } = await change<PanelMe>(
        'DELETE',
        `/panel/echoes/${model.me?.undo?.echoId}`,
      )
      if (ok) {
        takeMe(body)
        say(text.undone, { press: null })
      } else say(sentence)
    },
    async vote(momentId) {
      set({ voting: [...model.voting, momentId] })
      const { ok, body, sentence } = await change<PanelMe>('POST', '/panel/votes', { momentId })
      if (ok) takeMe(body)
      else say(`${text.notVoted}: ${sentence}`, { voting: model.voting.filter((id) => id !== momentId) })
    },
  }
}
