/** Who else gets in: editors, the Stream Deck, and sessions elsewhere. */
import { useState } from 'preact/hooks'
import type { DeckAddresses } from '../../../../shared/site.ts'
import type { Part } from './publishing.tsx'

export function Access({ site, siteApi }: Part) {
  return (
    <>
      <section>
        <h2>Editors</h2>
        <p class="muted">
          They see your recaps and change them. They neither publish nor drop, and see no settings. They sign
          in at {site.siteUrl}, as editors.
        </p>
        <Editors site={site} siteApi={siteApi} />
      </section>
      <section>
        <h2>Stream Deck</h2>
        <p class="muted">
          Addresses for its action “Website”, with “GET request in background”. Who has one can press it: they
          are shown once, and new ones make the old ones worthless.
        </p>
        <Deck site={site} siteApi={siteApi} />
      </section>
      <section>
        <h2>Signed in</h2>
        <form method="post" action="/sign-out/everywhere">
          <button>Sign out everywhere</button>
        </form>
      </section>
    </>
  )
}

function Editors({ site, siteApi }: Pick<Part, 'site' | 'siteApi'>) {
  const [login, setLogin] = useState('')
  const [said, setSaid] = useState('')
  const put = async (name: string, add: boolean) => {
    const problem = await siteApi.editor(name, add)
    setSaid(problem || (add ? `${name} may edit now.` : `${name} may edit no more.`))
    if (!problem && add) setLogin('')
  }
  return (
    <div class="card">
      <ul class="people">
        {site.editors.map((editor) => (
          <li key={editor.userId}>
            {editor.login}
            <button onClick={() => put(editor.login, false)} aria-label={`Remove ${editor.login}`}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (login.trim()) void put(login.trim(), true)
        }}
      >
        <label class="field">
          <span>Twitch name</span>
          <input
            type="text"
            value={login}
            autocomplete="off"
            onInput={(e) => setLogin(e.currentTarget.value)}
          />
        </label>
        <p class="said" role="status">
          {said}
        </p>
        <button>Add</button>
      </form>
    </div>
  )
}

function Deck({ site, siteApi }: Pick<Part, 'site' | 'siteApi'>) {
  const [addresses, setAddresses] = useState<DeckAddresses['addresses']>([])
  const [said, setSaid] = useState('')
  const put = async (on: boolean) => {
    const outcome = await siteApi.deck(on)
    setAddresses(outcome.ok ? outcome.body.addresses : [])
    setSaid(
      outcome.ok
        ? on
          ? 'Copy them now: they are not shown again.'
          : 'They work no more.'
        : outcome.sentence,
    )
  }
  const made =
    site.deckSinceMs && new Date(site.deckSinceMs).toLocaleDateString('en', { dateStyle: 'medium' })
  return (
    <div class="card">
      <p>{made ? `There are addresses, made on ${made}.` : 'There are none yet.'}</p>
      <dl class="addresses">
        {addresses.map(({ name, url }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{url}</code>
            </dd>
          </div>
        ))}
      </dl>
      <p class="said" role="status">
        {said}
      </p>
      <div class="buttons">
        <button onClick={() => put(true)}>{made ? 'Make new ones' : 'Make addresses'}</button>
        {made && <button onClick={() => put(false)}>Take them away</button>}
      </div>
    </div>
  )
}
