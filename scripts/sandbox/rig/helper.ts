/**
 * Stands in for Twitch's helper script inside an extension's frame, with the real interface
 * (dev.twitch.tv/docs/extensions/reference#javascript-helper). What Twitch's site would say comes from the rig's page.
 */
import type { FromFrame, NetworkWeather, RigAuth, RigViewer, Segment, ToFrame } from './protocol.ts'

type Auth = (auth: RigAuth) => void
type Context = (context: object, changed: string[]) => void
type Listener = (target: string, contentType: string, message: string) => void

const SLOW_MS = 2_000
const on = {
  auth: [] as Auth[],
  context: [] as Context[],
  visible: [] as ((visible: boolean, context?: object) => void)[],
  error: [] as ((error: unknown) => void)[],
  configuration: [] as (() => void)[],
  viewer: [] as (() => void)[],
}
const listeners = new Map<string, Set<Listener>>()
let auth: RigAuth | null = null
let context: Record<string, unknown> = { mode: 'viewer', playbackMode: 'video', isPaused: false }
let network: NetworkWeather = 'ok'

const tell = (message: FromFrame) => window.parent.postMessage(message, '*')

const viewer = {
  opaqueId: '',
  id: null as string | null,
  role: 'viewer',
  isLinked: false,
  sessionToken: '',
  helixToken: '',
  subscriptionStatus: null,
  onChanged: (callback: () => void) => void on.viewer.push(callback),
}

const configuration: Record<string, unknown> = {
  onChanged: (callback: () => void) => void on.configuration.push(callback),
  set: (segment: Segment, version: string, content: string) =>
    tell({ rig: 'configuration', segment, version, content }),
}

const nothing = () => undefined
const ext = {
  version: '1.1.1',
  environment: 'production',
  viewer,
  configuration,
  actions: {
    requestIdShare: () => tell({ rig: 'requestIdShare' }),
    followChannel: nothing,
    minimize: nothing,
    onFollow: nothing,
  },
  features: {
    isBitsEnabled: false,
    isChatEnabled: false,
    isSubscriptionStatusAvailable: false,
    onChanged: nothing,
  },
  rig: { log: (message: string) => console.log(message) },
  // Late listeners hear what was said before, as with Twitch's.
  onAuthorized(callback: Auth) {
    on.auth.push(callback)
    if (auth) callback(auth)
  },
  onContext(callback: Context) {
    on.context.push(callback)
    if ('theme' in context) callback(context, Object.keys(context))
  },
  onError: (callback: (error: unknown) => void) => void on.error.push(callback),
  onHighlightChanged: nothing,
  onPositionChanged: nothing,
  onVisibilityChanged: (callback: (visible: boolean) => void) => void on.visible.push(callback),
  send: (target: string, contentType: string, message: object | string) =>
    tell({
      rig: 'send',
      target,
      contentType,
      message: typeof message === 'string' ? message : JSON.stringify(message),
    }),
  listen(target: string, callback: Listener) {
    listeners.set(target, (listeners.get(target) ?? new Set()).add(callback))
  },
  unlisten: (target: string, callback: Listener) => void listeners.get(target)?.delete(callback),
}
;(window as { Twitch?: unknown }).Twitch = { ext }

window.addEventListener('message', ({ data, source }: MessageEvent<ToFrame>) => {
  if (source !== window.parent || typeof data?.rig !== 'string') return
  switch (data.rig) {
    case 'auth':
      auth = data.auth
      takeViewer(data.viewer, data.auth)
      for (const callback of on.auth) callback(data.auth)
      return
    case 'context':
      context = { ...context, ...data.context }
      for (const callback of on.context) callback(context, Object.keys(data.context))
      return
    case 'visible':
      for (const callback of on.visible) callback(data.visible, data.visible ? context : undefined)
      return
    case 'network':
      network = data.network
      // As a browser tells of its network.
      window.dispatchEvent(new Event(network === 'lost' ? 'offline' : 'online'))
      return
    case 'pubsub':
      for (const callback of listeners.get(data.target) ?? [])
        callback(data.target, data.contentType, data.message)
      return
    case 'configuration':
      configuration[data.segment] = { version: data.version, content: data.content }
      for (const callback of on.configuration) callback()
      return
    case 'error':
      for (const callback of on.error) callback(data.error)
  }
})

function takeViewer(next: RigViewer, { token, helixToken }: RigAuth): void {
  Object.assign(viewer, next, { sessionToken: token, helixToken })
  for (const callback of on.viewer) callback()
}

// The rig's bad weather: what the page asks for comes late, or not at all.
const realFetch = window.fetch.bind(window)
window.fetch = async (...request) => {
  if (network === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
  if (network === 'lost') throw new TypeError('Failed to fetch')
  return realFetch(...request)
}

tell({ rig: 'hello' })

// Lenient here: only what Echoes calls is there.
