/** Runs the panel: keeps the model up to date, and carries out what the viewer does. Every change is drawn at once. */
import type { EchoTaken, PanelMe, PanelState } from '../shared/api.ts'
import type { PanelText } from '../shared/panel-text.ts'
import type { Api } from './api.ts'
import { chosenLength, concernsMe, EMPTY_MODEL, newerState, topOf, type Model } from './model.ts'
import { nextPoll } from './polling.ts'

const TOAST_MS = 4_000
/** What is one's own is among the moments at the latest then: the back end computes them once a second. */
const OWN_MS = 1_500
/** So that a change of the mode does not bring all viewers at once. */
const SPREAD_MS = 2_000

export interface Controller {
  /** There is a token, or a newer one; or the browser is online again. */
  onToken(): void
  onVisible(visible: boolean): void
  onMessage(message: string): void
  set(change: Partial<Model>): void
  echo(): void
  undo(): void
  vote(momentId: string): void
}

export function makeController(api: Api, text: PanelText, draw: (model: Model) => void): Controller {
  let model = EMPTY_MODEL
  let etag: string | null = null
  let heardAtMs = -Infinity
  let failures = 0
  let seen = true
  let hasToken = false
  let pollTimer = 0
  let meTimer = 0
  let toastTimer = 0

  const set = (change: Partial<Model>) => draw((model = { ...model, ...change }))

  /** A sentence for a while; `press` goes with it when it is over. */
  const say = (notice: string, change: Partial<Model> = {}) => {
    set({ notice, ...change })
    clearTimeout(toastTimer)
    toastTimer = window.setTimeout(
      () => set({ notice: '', ...(model.press?.kind === 'failed' ? { press: null } : {}) }),
      TOAST_MS,
    )
  }

  const takeState = (news: PanelState) => {
    const before = model.state
    const state = newerState(before, news)
    if (state === before) return
    const counted = before && state.revision > before.revision ? { voting: [] } : {}
    set({ state, ...counted })
    if (concernsMe(before, state, model.me)) askMe(before ? Math.random() * SPREAD_MS : 0)
  }

  const takeMe = (me: PanelMe) => set({ me, clockAheadMs: me.nowMs - Date.now() })

  const answered = (reached: boolean) => {
    if (!reached) return set({ connection: 'lost' })
    if (model.connection === 'lost') say(text.back)
    if (model.connection !== 'ok') set({ connection: 'ok' })
  }

  const poll = async () => {
    clearTimeout(pollTimer)
    if (!seen || !hasToken) return
    const answer = await api<PanelState>({ path: '/panel/state', etag })
    // A token that is out of date is as good as no connection: Twitch brings a new one.
    const reached = answer !== null && answer.ok !== false
    failures = reached ? 0 : failures + 1
    answered(reached)
    if (answer?.ok === true) {
      etag = answer.etag
      takeState(answer.body)
    }
    if (!model.me && answer) askMe(0)
    schedule()
  }

  const schedule = () => {
    clearTimeout(pollTimer)
    if (!seen) return
    const quietMs = Date.now() - heardAtMs
    const live = Boolean(model.state?.live)
    pollTimer = window.setTimeout(poll, nextPoll({ live, quietMs, failures, random: Math.random() }))
  }

  const askMe = (inMs: number) => {
    clearTimeout(meTimer)
    meTimer = window.setTimeout(async () => {
      const answer = await api<PanelMe>({ path: '/panel/me' })
      if (answer?.ok === true) takeMe(answer.body)
    }, inMs)
  }

  return {
    set,
    onToken() {
      // Also after the viewer has told who they are: then more may be allowed.
      hasToken = true
      void poll()
      if (model.me) askMe(0)
    },
    onVisible(visible) {
      if (visible === seen) return
      seen = visible
      if (seen) void poll()
      else clearTimeout(pollTimer)
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
      const body = { key: crypto.randomUUID(), lengthMs, label, latencyMs }
      set({ press: { kind: 'sending', lengthMs }, notice: text.sending })
      const ask = () => api<EchoTaken>({ method: 'POST', path: '/panel/echoes', body })
      const answer = (await ask()) ?? (await ask())
      answered(answer !== null)
      if (answer?.ok === true) {
        const { me, replaced } = answer.body
        takeMe(me)
        askMe(OWN_MS)
        const untilMs = Date.now() + TOAST_MS
        say('', { press: { kind: 'saved', lengthMs, replaced, untilMs }, label: '' })
      } else {
        const sentence = answer?.ok === false ? answer.refusal.sentence : text.lost
        say(`${text.notSaved}: ${sentence}`, { press: { kind: 'failed', sentence } })
        if (answer) askMe(0)
      }
    },
    async undo() {
      const echoId = model.me?.undo?.echoId
      if (!echoId) return
      const answer = await api<PanelMe>({ method: 'DELETE', path: `/panel/echoes/${echoId}` })
      answered(answer !== null)
      if (answer?.ok === true) {
        takeMe(answer.body)
        say(text.undone, { press: null })
      } else say(answer?.ok === false ? answer.refusal.sentence : text.lost)
    },
    async vote(momentId) {
      set({ voting: [...model.voting, momentId] })
      const body = { momentId }
      const answer = await api<PanelMe>({ method: 'POST', path: '/panel/votes', body })
      answered(answer !== null)
      if (answer?.ok === true) return takeMe(answer.body)
      const sentence = answer?.ok === false ? answer.refusal.sentence : text.lost
      say(`${text.notVoted}: ${sentence}`, { voting: model.voting.filter((id) => id !== momentId) })
    },
  }
}
