/** The channel's two lists. Moderators need neither: Twitch says who they are. */
import { useRef, useState } from 'preact/hooks'
import type { ConfigState, FoundPeople, ListedPerson, PeopleChanged } from '../../shared/api.ts'
import type { Api } from '../../extension-panel/api.ts'

interface Props {
  config: ConfigState
  api: Api
  onConfig(config: ConfigState): void
}

type List = 'approved' | 'blocked'
const SEARCH_MS = 250

export function People({ config, api, onConfig }: Props) {
  const [said, setSaid] = useState('')
  const put = async (names: string[], standing: List | 'none') => {
    const body = { names, standing }
    const answer = await api.ask<PeopleChanged>('/config/people', { method: 'POST', body })
    if (!answer.ok) {
      setSaid(answer.sentence)
      return false
    }
    const { config: after, unknown } = answer.body
    onConfig(after)
    const done = names.length - unknown.length
    const what = { approved: 'approved', blocked: 'blocked', none: 'taken off the list' }[standing]
    const who = names.length === 1 ? names[0] : `${done} ${done === 1 ? 'person' : 'people'}`
    setSaid(
      [
        done > 0 && `${who} ${what}.`,
        unknown.length > 0 && `Nobody at Twitch is called ${unknown.join(', ')}.`,
      ]
        .filter(Boolean)
        .join(' '),
    )
    return true
  }
  return (
    <>
      <Search config={config} api={api} put={put} />
      <p class="said" role="status">
        {said}
      </p>
      <div class="lists">
        <PeopleList title="Approved" list="approved" people={config.approved} put={put}>
          They may echo in the mode “Streamer, mods, approved”. Moderators may anyway.
        </PeopleList>
        <PeopleList title="Blocked" list="blocked" people={config.blocked} put={put}>
          They may not echo in any mode, and are not told.
        </PeopleList>
      </div>
      <PasteMany put={put} />
    </>
  )
}

type Put = (names: string[], standing: List | 'none') => Promise<boolean>

function Search({ config, api, put }: { config: ConfigState; api: Api; put: Put }) {
  const [name, setName] = useState('')
  const [found, setFound] = useState<FoundPeople['people'] | null>(null)
  const [trouble, setTrouble] = useState('')
  const timer = useRef(0)
  const latest = useRef('')
  const search = (typed: string) => {
    setName(typed)
    latest.current = typed
    clearTimeout(timer.current)
    if (typed.trim().length < 2) return setFound(null)
    timer.current = window.setTimeout(async () => {
      const name = encodeURIComponent(typed.trim())
      const { ok, body, sentence } = await api.ask<FoundPeople>(`/config/search?name=${name}`)
      // An answer to what stands there no longer is left out.
      if (latest.current !== typed) return
      setFound(ok ? body.people : null)
      setTrouble(ok ? '' : sentence)
    }, SEARCH_MS)
  }
  const standingOf = (id: string) =>
    config.approved.some((p) => p.userId === id)
      ? 'approved'
      : config.blocked.some((p) => p.userId === id)
        ? 'blocked'
        : null
  return (
    <div class="search">
      <label class="field">
        <span>Find somebody by name</span>
        <input type="search" value={name} autocomplete="off" onInput={(e) => search(e.currentTarget.value)} />
      </label>
      <p class="hidden" role="status">
        {found && `${found.length} found`}
      </p>
      {trouble && <p class="problem">{trouble}</p>}
      {found && (
        <ul class="found">
          {found.length === 0 && <li class="muted">Nobody at Twitch is called that.</li>}
          {found.map((p) => (
            <li key={p.userId}>
              <span>
                <strong>{p.displayName}</strong>{' '}
                {standingOf(p.userId) && <small>{standingOf(p.userId)}</small>}
              </span>
              {standingOf(p.userId) !== 'approved' && (
                <button onClick={() => put([p.login], 'approved')} aria-label={`Approve ${p.displayName}`}>
                  Approve
                </button>
              )}
              {standingOf(p.userId) !== 'blocked' && (
                <button onClick={() => put([p.login], 'blocked')} aria-label={`Block ${p.displayName}`}>
                  Block
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function PeopleList(props: {
  title: string
  list: List
  people: ListedPerson[]
  put: Put
  children: preact.ComponentChildren
}) {
  const { title, list, people, put, children } = props
  return (
    <section class="card" aria-labelledby={`list-${list}`}>
      <h3 id={`list-${list}`}>
        {title} <small>{people.length}</small>
      </h3>
      <p class="muted">{children}</p>
      <ul class="people">
        {people.map((p) => (
          <li key={p.userId}>
            {p.login}
            <button onClick={() => put([p.login], 'none')} aria-label={`Remove ${p.login}`}>
              Remove
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function PasteMany({ put }: { put: Put }) {
  const [text, setText] = useState('')
  const names = text.split(/[\s,;]+/).filter(Boolean)
  const add = async (list: List) => {
    if (names.length > 0 && (await put(names, list))) setText('')
  }
  return (
    <details class="paste">
      <summary>Paste many names</summary>
      <label class="field">
        <span>Names, with spaces, commas or lines between them</span>
        <textarea rows={4} value={text} onInput={(e) => setText(e.currentTarget.value)} />
      </label>
      <div class="buttons">
        <button aria-disabled={names.length === 0} onClick={() => add('approved')}>
          Approve {names.length || ''}
        </button>
        <button aria-disabled={names.length === 0} onClick={() => add('blocked')}>
          Block {names.length || ''}
        </button>
      </div>
    </details>
  )
}
