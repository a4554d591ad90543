/** All settings on one page: who may echo, the lists, how long, how often, what is said, and what is still missing. */
import type { ConfigState, ExtensionSettings, SettingsChange } from '../../shared/api.ts'
import type { Api } from '../../extension-panel/api.ts'
import type { Autosave, Saving } from '../autosave.ts'
import { Choice, Duration, Toggle, Words } from './fields.tsx'
import { ModeChoice } from './mode-choice.tsx'
import { People } from './people.tsx'
import { SaveStatusLine } from './save-status.tsx'

export interface ConfigProps {
  saving: Saving
  autosave: Autosave
  api: Api
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const LENGTHS: [number, string][] = [
  [15 * SECOND, '15 s'],
  [30 * SECOND, '30 s'],
  [60 * SECOND, '1:00'],
  [90 * SECOND, '1:30'],
]
const LONG: [number, string][] = [
  [60 * SECOND, '1 minute'],
  [2 * MINUTE, '2 minutes'],
  [3 * MINUTE, '3 minutes'],
  [5 * MINUTE, '5 minutes'],
  [10 * MINUTE, '10 minutes'],
]
const LONGEST: [number, string][] = [
  [60 * SECOND, '1 minute'],
  [2 * MINUTE, '2 minutes'],
  [5 * MINUTE, '5 minutes'],
  [10 * MINUTE, '10 minutes'],
  [15 * MINUTE, '15 minutes'],
]

export function Trouble({ sentence }: { sentence: string }) {
  return (
    <main>
      {sentence ? (
        <p class="card" role="status">
          {sentence}
        </p>
      ) : (
        <div class="skeleton" role="status" aria-label="Loading">
          <div />
          <div />
          <div />
        </div>
      )}
    </main>
  )
}

export function ConfigPage({ saving, autosave, api }: ConfigProps) {
  const { config } = saving
  if (!config.signedUp) return <SignUp siteUrl={config.siteUrl} />
  return (
    <main>
      <header>
        <h1>Echoes</h1>
        <SaveStatusLine saving={saving} autosave={autosave} />
      </header>
      <Missing config={config} />
      <ChannelSettings saving={saving} autosave={autosave} api={api} />
    </main>
  )
}

/** What the extension and the companion site both offer. */
export function ChannelSettings({ saving, autosave, api }: ConfigProps) {
  const { config } = saving
  const settings = currentSettings(saving)
  return (
    <>
      <section>
        <h2>Who may echo</h2>
        <ModeChoice
          mode={settings.mode}
          minimumRole={settings.minimumRole}
          onChange={(change) => autosave.change(change)}
        />
      </section>
      <section>
        <h2>People</h2>
        <People config={config} api={api} onConfig={autosave.take} />
      </section>
      <Lengths settings={settings} autosave={autosave} />
      <Look settings={settings} autosave={autosave} />
      <Manners settings={settings} autosave={autosave} />
      <Chat settings={settings} autosave={autosave} />
    </>
  )
}

/** As the server has them, with what has not been saved yet. */
export function currentSettings({ config, pending }: Saving): ExtensionSettings {
  return { ...config.settings, ...given(pending) }
}

function given(pending: SettingsChange): Partial<ExtensionSettings> {
  return Object.fromEntries(Object.entries(pending).filter(([, value]) => value !== undefined))
}

function SignUp({ siteUrl }: { siteUrl: string }) {
  return (
    <main>
      <h1>Echoes</h1>
      <section class="card">
        <h2>One step before this page</h2>
        <p>
          Sign in on the companion site. It connects your chat and your YouTube channel; then everything about
          who may echo is set here.
        </p>
        <a class="button primary" href={siteUrl} target="_blank" rel="noopener noreferrer">
          Open the companion site
        </a>
      </section>
    </main>
  )
}

function Missing({ config }: { config: ConfigState }) {
  const ready = config.missing.length === 0
  return (
    <section class={ready ? 'card slim' : 'card missing'}>
      {ready ? (
        <p>YouTube, publishing and your recaps are on the companion site.</p>
      ) : (
        <>
          <h2>Still to do</h2>
          <ul>
            {config.missing.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </>
      )}
      <a
        class={ready ? 'button' : 'button primary'}
        href={config.siteUrl}
        target="_blank"
        rel="noopener noreferrer"
      >
        Open the companion site
      </a>
    </section>
  )
}

interface Part {
  settings: ExtensionSettings
  autosave: Autosave
}

function Lengths({ settings, autosave }: Part) {
  return (
    <section>
      <h2>Lengths and timing</h2>
      <div class="fields">
        <Choice
          label="Without a number, an echo is"
          value={settings.defaultLengthMs}
          options={LENGTHS}
          onChange={(defaultLengthMs) => autosave.change({ defaultLengthMs })}
        />
        <Choice
          label="At most, an echo is"
          value={settings.maxLengthMs}
          options={LONGEST}
          onChange={(maxLengthMs) => autosave.change({ maxLengthMs })}
        />
        <Choice
          label={`With “${settings.prefix}long”, an echo is`}
          value={settings.longLengthMs}
          options={LONG}
          onChange={(longLengthMs) => autosave.change({ longLengthMs })}
        />
        <Duration
          label="Viewers are behind by"
          hint="The clip ends so long before the command. Negative: after it, for a button box."
          unit="s"
          valueMs={settings.latencyMs}
          minMs={-30 * SECOND}
          maxMs={60 * SECOND}
          onChange={(latencyMs) => autosave.change({ latencyMs }, true)}
        />
        <Duration
          label="The recap is at most"
          hint="The most wanted moments win, in the order of the stream."
          unit="min"
          valueMs={settings.budgetMs}
          minMs={MINUTE}
          maxMs={120 * MINUTE}
          onChange={(budgetMs) => autosave.change({ budgetMs }, true)}
        />
      </div>
    </section>
  )
}

function Manners({ settings, autosave }: Part) {
  return (
    <section>
      <h2>Manners</h2>
      <div class="fields">
        <Duration
          label="Cool-down of a person"
          hint="Within it only a longer echo is taken, in place of the last one. You and moderators have none."
          unit="s"
          valueMs={settings.cooldownMs}
          minMs={0}
          maxMs={30 * MINUTE}
          onChange={(cooldownMs) => autosave.change({ cooldownMs }, true)}
        />
        <Duration
          label="An echo can be taken back for"
          hint="0: not at all."
          unit="s"
          valueMs={settings.undoMs}
          minMs={0}
          maxMs={10 * MINUTE}
          onChange={(undoMs) => autosave.change({ undoMs }, true)}
        />
      </div>
      <Toggle
        label="Viewers may back moments with +1"
        hint="It counts for which moments win, in every mode."
        on={settings.votes}
        onChange={(votes) => autosave.change({ votes })}
      />
    </section>
  )
}

const CUTS: [ExtensionSettings['cut'], string][] = [
  ['keyframe', 'up to two seconds early: the picture is as it was streamed'],
  ['exact', 'exactly: the seconds at both ends are encoded anew'],
]
const TRANSITIONS: [ExtensionSettings['transition'], string][] = [
  ['cut', 'with a cut'],
  ['fade', 'with a cross-fade of half a second'],
]

function Look({ settings, autosave }: Part) {
  return (
    <section>
      <h2>The video</h2>
      <div class="fields">
        <Choice
          label="Moments begin"
          value={CUTS.findIndex(([value]) => value === settings.cut)}
          options={CUTS.map(([, text], n) => [n, text])}
          onChange={(n) => autosave.change({ cut: CUTS[n]?.[0] ?? 'keyframe' })}
        />
        <Choice
          label="One moment follows another"
          value={TRANSITIONS.findIndex(([value]) => value === settings.transition)}
          options={TRANSITIONS.map(([, text], n) => [n, text])}
          onChange={(n) => autosave.change({ transition: TRANSITIONS[n]?.[0] ?? 'cut' })}
        />
      </div>
      <Toggle
        label="A title card in front"
        hint="Three seconds with the stream’s title and day."
        on={settings.titleCard}
        onChange={(titleCard) => autosave.change({ titleCard })}
      />
      <Toggle
        label="Credits at the end"
        hint="Four seconds with the names of everybody whose echoes are in it."
        on={settings.creditsCard}
        onChange={(creditsCard) => autosave.change({ creditsCard })}
      />
      <Toggle
        label="A label on each moment"
        hint="What it is called and who wanted it, on its first seconds."
        on={settings.labels}
        onChange={(labels) => autosave.change({ labels })}
      />
      <Toggle
        label="Even loudness"
        hint="Each moment as loud as YouTube plays videos."
        on={settings.evenLoudness}
        onChange={(evenLoudness) => autosave.change({ evenLoudness })}
      />
    </section>
  )
}

const LONG_SPANS: [ExtensionSettings['longSpans'], string][] = [
  ['recap', 'goes into the recap'],
  ['review', 'goes into the recap, which waits for your word'],
  ['own-video', 'becomes a video of its own'],
]

function Chat({ settings, autosave }: Part) {
  const words = (text: string) => text.split(/[\s,]+/).filter(Boolean)
  return (
    <section>
      <h2>Chat</h2>
      <Toggle
        label="Confirm echoes in chat"
        hint="At most one line in ten seconds; several confirmations are joined."
        on={settings.confirmations}
        onChange={(confirmations) => autosave.change({ confirmations })}
      />
      <Toggle
        label="Say why an echo was refused"
        hint="And when it will work. Blocked people are never answered."
        on={settings.refusals}
        onChange={(refusals) => autosave.change({ refusals })}
      />
      <Toggle
        label="Moderators manage, too"
        hint={`“${settings.prefix} mode”, “approve”, “block” and the like work for your moderators.`}
        on={settings.moderatorsManage}
        onChange={(moderatorsManage) => autosave.change({ moderatorsManage })}
      />
      <div class="fields">
        <Choice
          label={`What you begin with “${settings.prefix}start”`}
          value={LONG_SPANS.findIndex(([value]) => value === settings.longSpans)}
          options={LONG_SPANS.map(([, text], n) => [n, text])}
          onChange={(n) => autosave.change({ longSpans: LONG_SPANS[n]?.[0] ?? 'recap' })}
        />
        <Words
          label="The command"
          hint="Small letters or signs, without a space."
          value={settings.prefix}
          onChange={(prefix) => autosave.change({ prefix: prefix.trim().toLowerCase() }, true)}
        />
        <Words
          label="Other commands for the same"
          hint="With commas between them, as in “!clip, !mark”."
          value={settings.aliases.join(', ')}
          onChange={(text) => autosave.change({ aliases: words(text.toLowerCase()) }, true)}
        />
        <Words
          label="Saved, in your words"
          hint="{user}, {length} and {label} are filled in. Empty: ours."
          value={settings.savedText ?? ''}
          onChange={(text) => autosave.change({ savedText: text.trim() || null }, true)}
        />
        <Words
          label="Replaced, in your words"
          hint="For a longer echo in place of the last one."
          value={settings.replacedText ?? ''}
          onChange={(text) => autosave.change({ replacedText: text.trim() || null }, true)}
        />
        <Words
          label="Banned words"
          hint="A label with one of them is shown nowhere: not in chat, not in the panel, not in the recap."
          value={settings.bannedWords.join(', ')}
          onChange={(text) => autosave.change({ bannedWords: words(text) }, true)}
        />
      </div>
    </section>
  )
}
