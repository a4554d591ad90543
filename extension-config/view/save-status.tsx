/** Whether the settings are saved, in words; and what to do where two have changed the same. */
import type { Autosave, Conflict, Field, Saving } from '../autosave.ts'

const NAMES: Record<Field, string> = {
  mode: 'who may echo',
  minimumRole: 'the role that is open to',
  defaultLengthMs: 'the usual length',
  maxLengthMs: 'the longest echo',
  longLengthMs: 'the length of long echoes',
  latencyMs: 'the delay of viewers',
  cooldownMs: 'the cool-down',
  undoMs: 'the time for taking back',
  budgetMs: 'the length of the recap',
  confirmations: 'confirmations in chat',
  refusals: 'refusals in chat',
  moderatorsManage: 'what moderators may do',
  longSpans: 'what becomes of long echoes',
  prefix: 'the command',
  aliases: 'other commands',
  savedText: 'the words for a saved echo',
  replacedText: 'the words for a replaced echo',
  bannedWords: 'banned words',
  votes: '+1',
  cut: 'where moments begin',
  titleCard: 'the title card',
  creditsCard: 'the credits',
  labels: 'labels on moments',
  transition: 'how moments follow each other',
  evenLoudness: 'even loudness',
  drift: 'the table of drift',
  sameShowMs: 'when streams are one show',
  titleTemplate: 'the title',
  descriptionTemplate: 'the description',
  tags: 'the tags',
  privacy: 'who may watch',
  madeForKids: 'whether it is made for kids',
  playlist: 'the playlist',
  publicPages: 'pages of recaps',
  reviewMs: 'how long recaps wait',
  keepMs: 'how long recaps are kept',
  mailPublished: 'mail about published recaps',
  mailWaiting: 'mail about recaps that wait',
  mailFailed: 'mail about what went wrong',
  mailReconnect: 'mail about lost access',
  mailPlan: 'mail about your plan',
}

export function SaveStatusLine({ saving, autosave }: { saving: Saving; autosave: Autosave }) {
  const { status, disputed } = saving
  if (disputed.length > 0) return <Disputed conflicts={disputed} autosave={autosave} />
  const words = {
    idle: 'Saves by itself',
    saving: 'Saving …',
    saved: 'Saved',
    failed: '',
  }[status.kind]
  return (
    <p class={`status ${status.kind}`} role="status">
      {status.kind === 'failed'
        ? `Not saved. ${status.sentence}${status.retrying ? '; trying again' : ''}`
        : words}
    </p>
  )
}

function Disputed({ conflicts, autosave }: { conflicts: Conflict[]; autosave: Autosave }) {
  return (
    <div class="card conflict" role="alert">
      <h2>Changed elsewhere meanwhile</h2>
      <ul>
        {conflicts.map(({ field, mine, theirs }) => (
          <li key={field}>
            {NAMES[field]}: there <strong>{valueText(theirs)}</strong>, here{' '}
            <strong>{valueText(mine)}</strong>
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button class="primary" onClick={() => autosave.resolve('mine')}>
          Use mine
        </button>
        <button onClick={() => autosave.resolve('theirs')}>Use theirs</button>
      </div>
    </div>
  )
}

function valueText(value: Conflict['mine']): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'number') return `${value / 1000} s`
  if (Array.isArray(value) && typeof value[0] === 'object') return `${value.length} steps`
  return value === null ? 'ours' : String(value)
}
