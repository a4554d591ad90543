/** The review desk in the browser: puts its parts together, and listens to keys. */
import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { DeskState } from '../../../../shared/desk.ts'
import { positionText } from '../../../../shared/time-text.ts'
import { Cards, ordered, type Order } from './cards.tsx'
import './desk.css'
import { makeDesk, type Desk, type DeskActions } from './desk-model.ts'
import { Details, Publish } from './details.tsx'
import { Player, type PlayerHandle } from './player.tsx'
import { Timeline } from './timeline.tsx'

const NUDGE_MS = 1_000
const ALL_MS = 2_000
const KEYS: { keys: string[]; what: string; changes: boolean }[] = [
  { keys: ['J', 'K', 'L'], what: 'play', changes: false },
  { keys: ['I', 'O'], what: 'trim', changes: true },
  { keys: ['X'], what: 'drop', changes: true },
  { keys: ['↑', '↓'], what: 'next', changes: false },
  { keys: ['Ctrl Z'], what: 'undo', changes: true },
]

function App({ desk, actions }: { desk: Desk; actions: DeskActions }) {
  const { state, selected, said, saving } = desk
  const player = useRef<PlayerHandle | null>(null)
  const [order, setOrder] = useState<Order>('recap')
  const [open, setOpen] = useState<'details' | 'publish' | null>(null)
  const fixed = !state || isFixed(state)
  const card = state?.cards.find((c) => c.id === selected)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (!state || open || target.matches('input, textarea, select')) return
      const { key } = event
      const done = () => event.preventDefault()
      if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === 'z') {
        done()
        if (!fixed) void (event.shiftKey ? actions.redo() : actions.undo())
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const shown = ordered(state, order)
      const at = shown.findIndex((c) => c.id === selected)
      if (key === 'ArrowDown' || key === 'ArrowUp') {
        const next = shown[at + (key === 'ArrowDown' ? 1 : -1)]
        if (!next) return
        done()
        actions.select(next.id)
        document.getElementById(`card-${next.id}`)?.scrollIntoView({ block: 'nearest' })
        return
      }
      const act: Record<string, (() => void) | undefined> = {
        j: () => player.current?.back(),
        k: () => player.current?.toggle(),
        l: () => player.current?.faster(),
        i: () => player.current?.setIn(),
        o: () => player.current?.setOut(),
        x: () => card && !fixed && void actions.edit(card.id, { kept: card.place !== 'in' }),
      }
      const run = act[key.toLowerCase()]
      if (!run) return
      done()
      run()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })

  if (!state)
    return (
      <p class="skeleton" role="status">
        {said || 'Opening the desk …'}
      </p>
    )
  return (
    <>
      <Head state={state} actions={actions} fixed={fixed} saving={saving} onOpen={setOpen} />
      <main>
        <p class={`notice ${said ? 'said' : ''}`} role="status">
          {said || stageText(state)}
        </p>
        <div class="desk">
          <div class="stage">
            {card ? (
              <Player
                key={card.id}
                card={card}
                actions={actions}
                fixed={fixed}
                onHandle={(handle) => (player.current = handle)}
              />
            ) : (
              <p class="muted">There is no moment to show.</p>
            )}
            <div class="hints">
              <div class="keys" aria-hidden="true">
                {KEYS.filter(({ changes }) => !(changes && fixed)).map(({ keys, what }) => (
                  <span key={what}>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}{' '}
                    {what}
                  </span>
                ))}
              </div>
              {card && !fixed && (
                <div class="shift">
                  <button onClick={() => actions.edit(card.id, { shiftMs: -NUDGE_MS })}>− 1 s earlier</button>
                  <button onClick={() => actions.edit(card.id, { shiftMs: NUDGE_MS })}>later 1 s +</button>
                </div>
              )}
            </div>
            <Downloads state={state} actions={actions} />
          </div>
          <Cards
            state={state}
            selected={selected}
            actions={actions}
            fixed={fixed}
            order={order}
            onOrder={setOrder}
            headMs={() => player.current?.nowMs() ?? null}
          />
        </div>
        <Timeline state={state} selected={selected} onSelect={actions.select} />
        <p class="timing muted">
          {state.timing === 'measured'
            ? 'Timing was measured while the recording grew.'
            : 'Timing is by your table of drift.'}
          {state.allByMs !== 0 && ` All moments are taken ${signed(state.allByMs)} from the recording.`}{' '}
          {!fixed && (
            <>
              <button class="quiet" onClick={() => actions.edit('', { allByMs: -ALL_MS })}>
                All 2 s earlier
              </button>
              <button class="quiet" onClick={() => actions.edit('', { allByMs: ALL_MS })}>
                All 2 s later
              </button>
            </>
          )}
        </p>
      </main>
      {open === 'details' && <Details state={state} actions={actions} onClose={() => setOpen(null)} />}
      {open === 'publish' && <Publish state={state} actions={actions} onClose={() => setOpen(null)} />}
    </>
  )
}

function Head(props: {
  state: DeskState
  actions: DeskActions
  fixed: boolean
  saving: boolean
  onOpen(what: 'details' | 'publish'): void
}) {
  const { state, actions, fixed, saving, onOpen } = props
  const kept = state.cards.filter((card) => card.place === 'in').length
  const day = new Date(state.show.startedAtMs).toLocaleDateString('en', { day: 'numeric', month: 'long' })
  const over = ['failed', 'dropped', 'empty'].includes(state.stage)
  return (
    <header class="deskhead">
      <a class="brand" href="/">
        Echoes
      </a>
      <h1>
        {state.show.title || 'Stream'}{' '}
        <span class="muted">
          · {day}, {positionText(state.show.lengthMs / 1000)}
        </span>
      </h1>
      <span class="sum">
        {kept} of {state.cards.length} moments · <strong>{positionText(state.lengthMs / 1000)}</strong> of{' '}
        {positionText(state.budgetMs / 1000)}
      </span>
      {!fixed && (
        <>
          <button disabled={!state.canUndo} aria-label="Undo" title="Undo" onClick={() => actions.undo()}>
            ↶
          </button>
          <button disabled={!state.canRedo} aria-label="Redo" title="Redo" onClick={() => actions.redo()}>
            ↷
          </button>
          <span class="saving" role="status">
            {saving ? 'Saving …' : 'Saved'}
          </span>
        </>
      )}
      {['waiting', 'making'].includes(state.stage) && state.mayPublish && (
        <button onClick={() => actions.drop()}>Drop</button>
      )}
      {over && !isRefused(state) && <button onClick={() => actions.again()}>Try again</button>}
      {!fixed && <button onClick={() => onOpen('details')}>Title and details</button>}
      {state.stage === 'waiting' && state.mayPublish && state.youtube && (
        <button class="primary" onClick={() => onOpen('publish')}>
          Publish to YouTube
        </button>
      )}
      {state.stage === 'waiting' && state.mayPublish && !state.youtube && (
        <a class="button primary" href="/connect/youtube">
          Connect YouTube
        </a>
      )}
      {state.stage === 'published' && state.videoUrl && (
        <a class="button primary" href={state.videoUrl}>
          Watch on YouTube
        </a>
      )}
    </header>
  )
}

const WAITING = 'waiting: '

/** YouTube has the video and does not want it: the same would be refused again. */
const isRefused = (state: DeskState) => state.stage === 'failed' && state.videoUrl !== null

const isFixed = (state: DeskState) => ['published', 'going-up'].includes(state.stage) || isRefused(state)

function stageText(state: DeskState): string {
  const at = state.goesUpAtMs
  switch (state.stage) {
    case 'making':
      return state.doing.startsWith(WAITING)
        ? `The video waits: ${state.doing.slice(WAITING.length)}. It goes on by itself.`
        : `The video is in the making: ${state.doing}.`
    case 'going-up':
      return `On its way to YouTube: ${state.doing}. You may close this page.`
    case 'published':
      return 'This recap is on YouTube.'
    case 'dropped':
      return 'Dropped: nothing is uploaded. Try again brings it back.'
    case 'empty':
      return 'Nobody echoed, so there is no video.'
    case 'failed':
      return isRefused(state)
        ? 'YouTube refused the video; the mail says why. You can download it and upload it yourself.'
        : 'The video could not be made or published. Mend what the mail said, and try again.'
    case 'waiting':
      if (state.doing) return `Ready, and ${state.doing}.`
      if (at !== null && at > Date.now())
        return `Goes up by itself at ${new Date(at).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit' })}, unless you change something.`
      return state.mayPublish
        ? 'Nothing goes up before you press Publish.'
        : 'You may change everything here; the streamer publishes.'
  }
}

const signed = (ms: number) => `${Math.abs(ms) / 1000} s ${ms < 0 ? 'earlier' : 'later'}`

const DOWNLOADS = [
  ['recap.mp4', 'the video'],
  ['moments.zip', 'each moment'],
  ['short.mp4', 'an upright short'],
  ['short.mp4?fill=blur', 'a short with blurred bars'],
  ['moments.edl', 'EDL'],
  ['moments.csv', 'CSV'],
  ['moments.otio', 'OTIO'],
] as const

function Downloads({ state, actions }: { state: DeskState; actions: DeskActions }) {
  if (!state.made || !['waiting', 'published', 'going-up', 'failed'].includes(state.stage)) return null
  return (
    <p class="downloads muted">
      Take home:{' '}
      {DOWNLOADS.map(([file, name], n) => (
        <>
          {n > 0 && ' · '}
          <a key={file} href={`/recaps/${state.recapId}/${file}`}>
            {name}
          </a>
        </>
      ))}
      {!state.fresh && state.stage === 'waiting' && (
        <>
          {' '}
          (as last made){' '}
          <button class="quiet" onClick={() => actions.again()}>
            Make the video anew
          </button>
        </>
      )}
      {state.lacks.map((sentence) => (
        <span class="warning"> {sentence}</span>
      ))}
    </p>
  )
}

const root = document.getElementById('desk') as HTMLElement
root.textContent = ''
const actions: DeskActions = makeDesk(root.dataset.recap ?? '', (desk) =>
  render(<App desk={desk} actions={actions} />, root),
)
void actions.load()
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && actions.load())
