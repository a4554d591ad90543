/** Google's consent page: which grants are given, and for which channel. */
import { Page } from '../../../backend/web/site/layout.tsx'

interface Props {
  query: Record<string, string>
  channels: ReadonlyMap<string, string>
}

export function Consent({ query, channels }: Props) {
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
          {[...channels].map(([id, title]) => (
            <button class="primary" name="channel" value={id}>
              {title}
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

// Lenient here: anybody may consent for any channel, without a password; an application is always verified.
