/**
 * The only place that touches Twitch's helper script (`window.Twitch.ext`); the rest sees plain callbacks. Twitch's theme
 * goes straight to the page's style.
 */

export interface TwitchEvents {
  /** A token, at first and whenever Twitch renews it: always the newest counts. */
  onToken(token: string): void
  /** The viewer's delay behind the broadcaster, milliseconds; null when Twitch has not measured it. */
  onLatency(ms: number | null): void
  onVisible(visible: boolean): void
  /** What the back end sends to all viewers of the channel. */
  onMessage(message: string): void
}

/** @returns what asks the viewer to tell who they are; nothing outside Twitch */
export function connectTwitch(events: TwitchEvents): (() => void) | undefined {
  const ext = (window as { Twitch?: { ext?: typeof Twitch.ext } }).Twitch?.ext
  if (!ext) return undefined
  ext.onAuthorized(({ token }) => events.onToken(token))
  ext.onContext((context) => {
    if (context.theme) document.documentElement.style.colorScheme = context.theme
    const sec = context.hlsLatencyBroadcaster
    // 0 is what the mobile apps say when they have not measured.
    if (sec !== undefined) events.onLatency(sec > 0 ? sec * 1000 : null)
  })
  ext.listen('broadcast', (_target, _type, message) => events.onMessage(message))
  // Twitch tells when the panel is folded away; the browser, when its tab is.
  let shown = true
  const tell = () => events.onVisible(shown && !document.hidden)
  ext.onVisibilityChanged((visible: boolean) => {
    shown = visible
    tell()
  })
  document.addEventListener('visibilitychange', tell)
  return () => ext.actions.requestIdShare()
}
