/**
 * Extension PubSub: one message to all viewers of a channel's panel
 * (dev.twitch.tv/docs/api/reference#send-extension-pubsub-message).
 */
import { faultOf } from '../domain/failures.ts'
import { signExternal, type ExtensionSigner } from './extension-token.ts'

/** Twitch takes messages of 5 KB; a little is left for how it wraps them. */
export const LARGEST_MESSAGE_BYTES = 5_000
const TIMEOUT_MS = 10_000

/**
 * @param api Helix, without a slash at the end
 * @returns a function that sends `message`. It throws a `Fault`: `transient`, also beyond Twitch's limit of 100 a minute
 */
export function extensionPubSub(signer: ExtensionSigner, api: string, now: () => number) {
  return async (channelId: string, message: string): Promise<void> => {
    const token = await signExternal(signer, channelId, now())
    let status: number
    try {
      const answer = await fetch(`${api}/extensions/pubsub`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'client-id': signer.clientId,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          target: ['broadcast'],
          broadcaster_id: channelId,
          is_global_broadcast: false,
          message,
        }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await answer.body?.cancel()
      status = answer.status
    } catch {
      throw faultOf('panelMessage', 'to tell the panels', { status: null }, now())
    }
    if (status !== 204) throw faultOf('panelMessage', 'to tell the panels', { status }, now())
  }
}
