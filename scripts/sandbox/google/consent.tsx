/** Google's consent page: which grants are given, and for which channel. */
import { Page } from '../../../backend/web/site/layout.tsx'

export const CHANNELS = [
  { id: 'UCsandboxstreamer0000000', title: 'Sandbox Streamer' },
  { id: 'UCsandboxother0000000000', title: 'Another Channel' },
]

export function Consent({ query }: { query: Record<string, string> }) {
  return (
    <Page title="Sandbox Google: access">
      <main>
        <h1>Sandbox Google: what may Echoes do?</h1>
        <form method="post">
          {['redirect_uri', 'state', 'code_challenge'].map((name) => (
            <input type="hidden" name={name} value={query[name] ?? ''} />
          ))}
          {(query.scope ?? '').split(' ').map((scope) => (
            <p>
              <label>
                <input type="checkbox" name="granted" value={scope} checked /> {scope.split('/').at(-1)}
              </label>
            </p>
          ))}
          {CHANNELS.map((channel) => (
            <button class="primary" name="channel" value={channel.id}>
              {channel.title}
            </button>
          ))}
          <button name="channel" value="">
            An account without a channel
          </button>
        </form>
      </main>
    </Page>
  )
}
