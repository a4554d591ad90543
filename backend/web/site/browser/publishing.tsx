/** How recaps go up: words, privacy, playlist, how long one may look; and how positions in recordings are found. */
import type { ExtensionSettings } from '../../../../shared/api.ts'
import { tagsFit } from '../../../../shared/limits.ts'
import type { SiteState } from '../../../../shared/site.ts'
import type { Autosave } from '../../../../extension-config/autosave.ts'
import { Choice, Duration, Toggle, Words } from '../../../../extension-config/view/fields.tsx'
import type { SiteApi } from './site-api.ts'

export interface Part {
  settings: ExtensionSettings
  autosave: Autosave
  site: SiteState
  siteApi: SiteApi
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const PRIVACY: [ExtensionSettings['privacy'], string][] = [
  ['public', 'everybody'],
  ['unlisted', 'who has the link'],
  ['private', 'only you'],
]
const REVIEW: [number, string][] = [
  [0, 'at once'],
  [HOUR, 'an hour after it is ready'],
  [6 * HOUR, 'six hours after it is ready'],
  [DAY, 'a day after it is ready'],
]

export function Publishing({ settings, autosave, site }: Part) {
  const keep = [1, 3, 7, 14, 30]
    .map((days): [number, string] => [days * DAY, days === 1 ? 'one day' : `${days} days`])
    .filter(([ms]) => ms <= site.longestKeepMs)
  return (
    <section>
      <h2>On YouTube</h2>
      <div class="fields">
        <Choice
          label="Recaps may be watched by"
          value={PRIVACY.findIndex(([value]) => value === settings.privacy)}
          options={PRIVACY.map(([, text], n) => [n, text])}
          onChange={(n) => autosave.change({ privacy: PRIVACY[n]?.[0] ?? 'public' })}
        />
        <Choice
          label="Where you let recaps go up by themselves, an untouched one goes up"
          value={settings.reviewMs}
          options={REVIEW}
          onChange={(reviewMs) => autosave.change({ reviewMs })}
        />
        <Toggle
          label="A page for each recap"
          hint="Anybody may see it: its moments and the people who marked them. Only for public recaps; the newest may be shown on Echoes’ first page."
          on={settings.publicPages}
          onChange={(publicPages) => autosave.change({ publicPages })}
        />
        <Words
          label="Title"
          hint="{title} is the stream’s, {date} its day, {game} what you played."
          value={settings.titleTemplate}
          onChange={(text) => text.trim() && autosave.change({ titleTemplate: text.trim() }, true)}
        />
        <Words
          label="Tags"
          hint="With commas between them."
          value={settings.tags.join(', ')}
          onChange={(text) => {
            const tags = text
              .split(',')
              .map((t) => t.trim())
              .filter(Boolean)
            if (tagsFit(tags)) autosave.change({ tags }, true)
          }}
        />
      </div>
      <Words
        label="Description"
        hint="{chapters} and {credits} become the list of moments and everybody’s names; {channel} is your address."
        value={settings.descriptionTemplate}
        rows={6}
        onChange={(descriptionTemplate) => autosave.change({ descriptionTemplate }, true)}
      />
      <div class="fields">
        <Words
          label="Playlist"
          hint="Recaps are put into it; it is made where there is none. Empty: none. Google asks you once more for it."
          value={settings.playlist ?? ''}
          onChange={(text) => autosave.change({ playlist: text.trim() || null }, true)}
        />
        <Choice
          label="Echoes keeps recaps for"
          value={settings.keepMs}
          options={keep}
          onChange={(keepMs) => autosave.change({ keepMs })}
        />
      </div>
      <Toggle
        label="Recaps are made for kids"
        hint="YouTube wants to know it of each video, by law."
        on={settings.madeForKids}
        onChange={(madeForKids) => autosave.change({ madeForKids })}
      />
    </section>
  )
}

export function Timing({ settings, autosave }: Part) {
  const { drift } = settings
  const put = (n: number, change: Partial<(typeof drift)[number]>) =>
    autosave.change({ drift: drift.map((step, at) => (at === n ? { ...step, ...change } : step)) }, true)
  return (
    <section>
      <h2>Timing in long streams</h2>
      <p class="muted">
        Recordings run away from the clock by a few seconds. Where Echoes could watch one grow, it measures
        that; else this table counts. Steps add up.
      </p>
      <ul class="drift">
        {drift.map((step, n) => (
          <li key={n} class="fields">
            <Duration
              label={`Step ${n + 1}: from`}
              hint="of the stream on"
              unit="min"
              valueMs={step.fromMs}
              minMs={0}
              maxMs={48 * HOUR}
              onChange={(fromMs) => put(n, { fromMs })}
            />
            <Duration
              label={`Step ${n + 1}: later by`}
              hint="Negative: earlier."
              unit="s"
              valueMs={step.addMs}
              minMs={-MINUTE}
              maxMs={MINUTE}
              onChange={(addMs) => put(n, { addMs })}
            />
            <button
              aria-label={`Remove step ${n + 1}`}
              onClick={() => autosave.change({ drift: drift.filter((_, at) => at !== n) })}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <button
        aria-disabled={drift.length >= 10}
        onClick={() =>
          drift.length < 10 &&
          autosave.change({
            drift: [...drift, { fromMs: (drift.at(-1)?.fromMs ?? 0) + 2 * HOUR, addMs: 2_000 }],
          })
        }
      >
        Add a step
      </button>
      <div class="fields">
        <Duration
          label="A stream that starts again belongs to the one before within"
          hint="Both become one recap."
          unit="min"
          valueMs={settings.sameShowMs}
          minMs={0}
          maxMs={2 * HOUR}
          onChange={(sameShowMs) => autosave.change({ sameShowMs }, true)}
        />
      </div>
    </section>
  )
}
