/** What the live config shows. */
import type { LiveState } from '../../shared/api.ts'
import type { Mode } from '../../shared/mode.ts'
import { lengthText, positionText } from '../../shared/time-text.ts'

export interface LiveModel {
  live: LiveState | null
  lost: boolean
  said: string
  clockAheadMs: number
}

interface Props {
  model: LiveModel
  now: number
  setMode(mode: Mode): void
  setLong(on: boolean): void
  keep(momentId: string, kept: boolean): void
}

const MODES: [Mode, string][] = [
  ['streamer', 'Only me'],
  ['trusted', 'Trusted'],
  ['everyone', 'Everyone'],
  ['off', 'Off'],
]

export function LiveConfig(props: Props) {
  const { model, now } = props
  const { live, lost, said, clockAheadMs } = model
  const since = live?.live ? (now + clockAheadMs - live.live.startedAtMs) / 1000 : null
  return (
    <main class="live">
      <header>
        <h1>Echoes</h1>
        <span class="runtime">
          {since === null ? (
            'offline'
          ) : (
            <>
              <span class="dot" role="img" aria-label="live" /> {positionText(since)}
            </>
          )}
        </span>
      </header>
      {lost && (
        <p class="card slim" role="status">
          No connection. What you see may be old; trying again.
        </p>
      )}
      {live && !live.signedUp && (
        <p class="card">Echoes is not set up yet. Open its settings and sign in on the companion site.</p>
      )}
      {!live && !lost && (
        <div class="skeleton" role="status" aria-label="Loading">
          <div />
          <div />
        </div>
      )}
      {live?.signedUp && (
        <>
          <ModeSwitch mode={live.mode} setMode={props.setMode} />
          {live.live ? <Running {...props} live={live} /> : <Nothing />}
        </>
      )}
      <p class="said" role="status">
        {said}
      </p>
    </main>
  )
}

function ModeSwitch({ mode, setMode }: { mode: Mode; setMode(mode: Mode): void }) {
  return (
    <fieldset class="switch">
      <legend class="hidden">Who may echo</legend>
      {MODES.map(([value, name]) => (
        <label key={value}>
          <input type="radio" name="mode" checked={mode === value} onChange={() => setMode(value)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Nothing() {
  return (
    <p class="card muted">
      The stream is offline. While it is on, its moments are listed here, and you can drop what should not be
      in the recap.
    </p>
  )
}

function Running({ live, model, now, setLong, keep }: Props & { live: LiveState }) {
  const { longSinceMs, moments } = live
  const long = longSinceMs === null ? null : (now + model.clockAheadMs - longSinceMs) / 1000
  return (
    <>
      <button class={long === null ? 'wide' : 'wide on'} onClick={() => setLong(long === null)}>
        {long === null ? 'Start a long echo' : `Stop the long echo · ${positionText(long)}`}
      </button>
      <h2 id="moments">
        This stream <small>{moments.length === 1 ? '1 moment' : `${moments.length} moments`}</small>
      </h2>
      {moments.length === 0 && <p class="muted">Nobody has marked a moment yet.</p>}
      <ol class="moments" aria-labelledby="moments">
        {moments.map((m) => (
          <li key={m.id} class={m.kept ? '' : 'dropped'}>
            <time>{positionText(m.startMs / 1000)}</time>
            <div>
              <strong>{m.label ?? 'Moment'}</strong>
              <small>
                {lengthText(m.endMs - m.startMs)} · {m.people === 1 ? '1 person' : `${m.people} people`}
                {!m.kept && ' · dropped'}
              </small>
            </div>
            <button
              onClick={() => keep(m.id, !m.kept)}
              aria-label={`${m.kept ? 'Drop' : 'Keep'} ${m.label ?? 'the moment'} at ${positionText(m.startMs / 1000)}`}
            >
              {m.kept ? 'Drop' : 'Keep'}
            </button>
          </li>
        ))}
      </ol>
    </>
  )
}
