/** What the rig's page and the stand-in for Twitch's helper script say to each other by postMessage. */

export type NetworkWeather = 'ok' | 'slow' | 'lost'

export interface RigAuth {
  channelId: string
  clientId: string
  token: string
  /** The opaque id. */
  userId: string
  helixToken: string
}

export interface RigViewer {
  opaqueId: string
  id: string | null
  role: string
  isLinked: boolean
}

export type Segment = 'broadcaster' | 'developer' | 'global'

/** From the rig's page to an extension's frame. */
export type ToFrame =
  | { rig: 'auth'; auth: RigAuth; viewer: RigViewer }
  | { rig: 'context'; context: { theme: 'light' | 'dark'; hlsLatencyBroadcaster: number; language: string } }
  | { rig: 'visible'; visible: boolean }
  | { rig: 'network'; network: NetworkWeather }
  | { rig: 'pubsub'; target: string; contentType: string; message: string }
  | { rig: 'configuration'; segment: Segment; content: string; version: string }
  | { rig: 'error'; error: string }

/** From an extension's frame to the rig's page. */
export type FromFrame =
  | { rig: 'hello' }
  | { rig: 'requestIdShare' }
  | { rig: 'send'; target: string; contentType: string; message: string }
  | { rig: 'configuration'; segment: Segment; content: string; version: string }
