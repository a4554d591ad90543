/**
 * Settings that save themselves, and never overwrite silently what another tab, the chat or the site has changed: each
 * change is sent with the version it was made on. What nobody else touched goes through on the newer version; where both
 * changed the same field, the streamer is asked.
 */
import type { ConfigState, ExtensionSettings, SettingsChange } from '../shared/api.ts'
import type { Api } from '../extension-panel/api.ts'

export type Field = keyof ExtensionSettings

export interface Conflict {
  field: Field
  mine: ExtensionSettings[Field]
  theirs: ExtensionSettings[Field]
}

export type SaveStatus =
  | { kind: 'idle' | 'saving' | 'saved' }
  /** It is tried again by itself when `retrying`. */
  | { kind: 'failed'; sentence: string; retrying: boolean }

export interface Saving {
  /** As the server has it. */
  config: ConfigState
  /** What has not been saved yet; shown in place of the server's. */
  pending: SettingsChange
  /** Pending fields that were changed elsewhere, too: they wait for the streamer's word. */
  disputed: Conflict[]
  status: SaveStatus
}

/** Where the answer of a `PATCH` leaves us. Pure, so that every case can be tried. */
export function afterConflict(base: ConfigState, theirs: ConfigState, pending: SettingsChange): Conflict[] {
  return (Object.keys(pending) as Field[]).flatMap((field) => {
    const mine = pending[field] as ExtensionSettings[Field]
    const [was, is] = [base.settings[field], theirs.settings[field]]
    return same(is, was) || same(is, mine) ? [] : [{ field, mine, theirs: is }]
  })
}

/** Lists are the same with the same words. */
function same(a: ExtensionSettings[Field], b: ExtensionSettings[Field]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function undisputed({ pending, disputed }: Saving): SettingsChange {
  return without(pending, new Set(disputed.map((d) => d.field)))
}

function without(change: SettingsChange, fields: ReadonlySet<Field>): SettingsChange {
  const left = Object.entries(change).filter(([field]) => !fields.has(field as Field))
  return Object.fromEntries(left) as SettingsChange
}

const TYPING_MS = 400
const RETRY_MS = 3_000

export function makeAutosave(api: Api, first: ConfigState, onChange: (saving: Saving) => void) {
  let saving: Saving = { config: first, pending: {}, disputed: [], status: { kind: 'idle' } }
  let timer = 0
  let underWay = false
  const set = (change: Partial<Saving>) => onChange((saving = { ...saving, ...change }))

  const later = (ms: number) => {
    clearTimeout(timer)
    timer = window.setTimeout(save, ms)
  }

  const save = async () => {
    const sent = undisputed(saving)
    if (underWay || Object.keys(sent).length === 0) return
    underWay = true
    set({ status: { kind: 'saving' } })
    const body = { version: saving.config.version, change: sent }
    const answer = await api.ask<ConfigState & { config?: ConfigState }>('/config/settings', {
      method: 'PATCH',
      body,
    })
    underWay = false
    // What was changed again while this was on its way stays pending.
    const rest = Object.fromEntries(
      Object.entries(saving.pending).filter(([field, value]) => sent[field as Field] !== value),
    ) as SettingsChange
    const { status, sentence } = answer
    if (answer.ok) {
      set({ config: answer.body, pending: rest, status: { kind: 'saved' } })
      return later(0)
    }
    const { config } = answer.body
    if (status === 409 && config) {
      const disputed = [...saving.disputed, ...afterConflict(saving.config, config, sent)]
      set({ config, disputed, status: { kind: 'idle' } })
      return later(0)
    }
    const retrying = status === 0 || status === 401 || status === 429 || status >= 500
    set({ status: { kind: 'failed', sentence, retrying }, ...(retrying ? {} : { pending: rest }) })
    if (retrying) later(RETRY_MS)
  }

  return {
    /** @param typed a field in which one types is saved when that pauses */
    change(change: SettingsChange, typed = false) {
      set({ pending: { ...saving.pending, ...change } })
      later(typed ? TYPING_MS : 0)
    },
    /** After a conflict: mine again, now on top of theirs; or theirs. */
    resolve(keep: 'mine' | 'theirs') {
      const fields = new Set(saving.disputed.map((d) => d.field))
      const pending = keep === 'mine' ? saving.pending : without(saving.pending, fields)
      set({ pending, disputed: [] })
      later(0)
    },
    /** The server's state has come by another way (lists of people). */
    take(config: ConfigState) {
      set({ config })
    },
  }
}

export type Autosave = ReturnType<typeof makeAutosave>
