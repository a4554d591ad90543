/** What YouTube is told, and the last look before it goes up. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { DeskState, RecapWords } from '../../../../shared/desk.ts'
import { DESCRIPTION_MAX_BYTES, TITLE_MAX } from '../../../../shared/limits.ts'
import { positionText } from '../../../../shared/time-text.ts'
import type { DeskActions } from './desk-model.ts'

interface Props {
  state: DeskState
  actions: DeskActions
  onClose(): void
}

function Dialog(props: { title: string; onClose(): void; children: preact.ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{props.title}</h2>
      {props.children}
    </dialog>
  )
}

export function Details({ state, actions, onClose }: Props) {
  const { words } = state
  const [typed, setTyped] = useState<RecapWords>({})
  const shown: DeskState['words'] = Object.assign({}, words, typed)
  const type = (change: RecapWords) => setTyped({ ...typed, ...change })
  const bytes = new TextEncoder().encode(shown.description).length
  const problem =
    shown.title.trim() === ''
      ? 'YouTube wants a title.'
      : /[<>]/.test(shown.title + shown.description)
        ? 'YouTube takes no < or >.'
        : bytes > DESCRIPTION_MAX_BYTES
          ? `The description is ${bytes - DESCRIPTION_MAX_BYTES} bytes too long for YouTube.`
          : ''
  const save = async () => {
    if (problem) return
    const { thumbnail, ...rest } = typed
    const change = { ...rest, ...(thumbnail ? { thumbnail } : {}) }
    if (Object.keys(change).length === 0 || (await actions.edit('', { words: change }))) onClose()
  }
  return (
    <Dialog title="Title and details" onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(e) => {
          e.preventDefault()
          void save()
        }}
      >
        <label class="field">
          <span>Title</span>
          <input
            type="text"
            maxLength={TITLE_MAX}
            value={shown.title}
            onInput={(e) => type({ title: e.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Description</span>
          <textarea
            rows={9}
            value={shown.description}
            onInput={(e) => type({ description: e.currentTarget.value })}
          />
          <small>
            {typed.description === undefined && !state.ownWords.includes('description')
              ? 'By your template, with chapters and names as they are now.'
              : 'In your words: it stays as it is when moments change.'}
          </small>
        </label>
        <label class="field">
          <span>Tags, with commas between them</span>
          <input
            type="text"
            value={shown.tags.join(', ')}
            onChange={(e) =>
              type({
                tags: e.currentTarget.value
                  .split(',')
                  .map((t) => t.trim())
                  .filter(Boolean),
              })
            }
          />
        </label>
        <div class="row">
          <label class="field">
            <span>Who may watch</span>
            <select
              value={shown.privacy}
              disabled={!state.mayPublish}
              onChange={(e) => type({ privacy: e.currentTarget.value as 'public' })}
            >
              <option value="public">everybody</option>
              <option value="unlisted">who has the link</option>
              <option value="private">only you</option>
            </select>
          </label>
          <label class="field">
            <span>Made for kids</span>
            <select
              value={shown.madeForKids ? 'yes' : 'no'}
              disabled={!state.mayPublish}
              onChange={(e) => type({ madeForKids: e.currentTarget.value === 'yes' })}
            >
              <option value="no">no</option>
              <option value="yes">yes</option>
            </select>
          </label>
          <label class="field">
            <span>Thumbnail</span>
            <select
              value={shown.thumbnail ?? ''}
              onChange={(e) => type(e.currentTarget.value ? { thumbnail: e.currentTarget.value } : {})}
            >
              <option value="">the most wanted moment</option>
              {state.cards
                .filter((card) => card.place === 'in')
                .map((card) => (
                  <option key={card.id} value={card.id}>
                    {card.title}
                  </option>
                ))}
            </select>
          </label>
        </div>
        <h3>Chapters</h3>
        {state.chapters.length === 0 ? (
          <p class="muted">None: YouTube wants three or more, each ten seconds or longer.</p>
        ) : (
          <ol class="chapters">
            {state.chapters.map((chapter) => (
              <li key={chapter.atSec}>
                <span class="time">{positionText(chapter.atSec)}</span> {chapter.title}
              </li>
            ))}
          </ol>
        )}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="row end">
          <button type="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class="primary" aria-disabled={problem !== ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}

const PRIVACY_TEXT = {
  public: 'Everybody may watch it',
  unlisted: 'Who has the link may watch it',
  private: 'Only you may watch it',
}

export function Publish({ state, actions, onClose }: Props) {
  const { words } = state
  return (
    <Dialog title={`Publish to ${state.youtube ?? 'YouTube'}?`} onClose={onClose}>
      <p>
        <strong>{words.title}</strong>, {positionText(state.lengthMs / 1000)}. {PRIVACY_TEXT[words.privacy]};
        it is {words.madeForKids ? 'made for kids' : 'not made for kids'}.
        {!state.fresh && ' The video is made anew first, with what you changed.'}
      </p>
      <p class="muted">
        By clicking “Publish,” you certify that the content you are uploading complies with the YouTube Terms
        of Service (including the YouTube Community Guidelines) at{' '}
        <a href="https://www.youtube.com/t/terms" target="_blank" rel="noopener noreferrer">
          https://www.youtube.com/t/terms
        </a>
        . Please be sure not to violate others’ copyright or privacy rights.
      </p>
      <div class="row end">
        <button onClick={onClose}>Not yet</button>
        <button
          class="primary"
          onClick={() => {
            void actions.publish()
            onClose()
          }}
        >
          Publish
        </button>
      </div>
    </Dialog>
  )
}
