/** What the desk knows and asks. One state, as the server has it; each answer brings a new one. */
import type { Change, DeskState, Preview } from '../../../../shared/desk.ts'

export interface Desk {
  state: DeskState | null
  /** Id of the card in the player. */
  selected: string | null
  /** What did not work, or is so, as a sentence. */
  said: string
  saving: boolean
}

interface Answer {
  status: number
  body: Partial<DeskState> & { sentence?: string; state?: DeskState }
}

const TIMEOUT_MS = 15_000
/** While something is going on elsewhere. */
const SOON_MS = 1_500
const LATER_MS = 6_000
const LOST = 'No connection to Echoes. What you change now is not saved.'

export function makeDesk(recapId: string, onChange: (desk: Desk) => void) {
  const at = `/recaps/${recapId}`
  let desk: Desk = { state: null, selected: null, said: '', saving: false }
  const previews = new Map<string, Promise<Preview | string>>()
  let timer = 0
  const set = (next: Partial<Desk>) => onChange((desk = { ...desk, ...next }))

  const ask = async (path: string, body?: object): Promise<Answer> => {
    try {
      const answer = await fetch(at + path, {
        method: body ? 'POST' : 'GET',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      return { status: answer.status, body: (await answer.json()) as Answer['body'] }
    } catch {
      return { status: 0, body: { sentence: LOST } }
    }
  }

  const take = (state: DeskState) => {
    const cards = state.cards
    const stays = cards.some((card) => card.id === desk.selected)
    const first = cards.find((card) => card.place === 'in') ?? cards[0]
    // What was said is over when something else is so.
    const said = state.stage === desk.state?.stage ? desk.said : ''
    set({ state, said, selected: stays ? desk.selected : (first?.id ?? null) })
  }

  const load = async () => {
    clearTimeout(timer)
    const { status, body } = await ask('/state')
    if (status === 200) {
      take(body as DeskState)
      if (desk.said === LOST) set({ said: '' })
    } else set({ said: body.sentence ?? LOST })
    const busy = body.stage === 'making' || body.stage === 'going-up'
    timer = window.setTimeout(load, busy ? SOON_MS : LATER_MS)
  }

  const change = async (path: string, body: object): Promise<boolean> => {
    set({ saving: true })
    const { status, body: answer } = await ask(path, body)
    set({ saving: false, said: status === 200 ? '' : (answer.sentence ?? LOST) })
    if (status === 200) take(answer as DeskState)
    else if (answer.state) take(answer.state)
    return status === 200
  }

  return {
    load,
    select: (id: string) => set({ selected: id }),
    edit: (card: string, what: Change) =>
      change('/edits', { seen: desk.state?.edits ?? 0, card, change: what }),
    undo: () => change('/undo', {}),
    redo: () => change('/redo', {}),
    again: () => change('/again', {}),
    drop: () => change('/drop', {}),
    publish: () => change('/publish', {}),
    async publishAlone(card: string) {
      const { status, body } = await ask(`/cards/${encodeURIComponent(card)}/publish`, {})
      set({
        said:
          status === 200
            ? 'This moment goes up as a video of its own. It is among your recaps.'
            : (body.sentence ?? LOST),
      })
    },
    /** The footage around a card; a sentence where there is none. */
    preview(id: string, key: string): Promise<Preview | string> {
      const known = previews.get(key)
      if (known) return known
      const asked = fetch(`${at}/cards/${encodeURIComponent(id)}/preview`, {
        headers: { accept: 'application/json' },
      })
        .then(async (answer) => {
          const body = (await answer.json()) as Preview & { sentence?: string }
          return answer.ok ? body : (body.sentence ?? LOST)
        })
        .catch(() => LOST)
      previews.set(key, asked)
      // A failure is not remembered.
      void asked.then((preview) => typeof preview === 'string' && previews.delete(key))
      return asked
    },
    stop: () => clearTimeout(timer),
  }
}

export type DeskActions = ReturnType<typeof makeDesk>
