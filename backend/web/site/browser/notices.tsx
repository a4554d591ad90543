/** What Echoes tells the streamer, and where. */
import { useState } from 'preact/hooks'
import { MAIL_SETTING, MAILS, type MailKind } from '../../../../shared/settings.ts'
import { Toggle } from '../../../../extension-config/view/fields.tsx'
import type { Part } from './publishing.tsx'

const MAIL_TEXT: Record<MailKind, [string, string]> = {
  published: ['A recap is on YouTube', 'With its link, its chapters, and what was left out and why.'],
  waiting: ['A recap waits for you', 'Or will go up by itself soon.'],
  failed: ['A recap could not be made', 'A recording that did not come, for example.'],
  reconnect: ['YouTube must be connected again', 'Recaps wait until it is.'],
  plan: ['Your plan', 'Before a trial ends, and when a payment did not go through.'],
}

export function Notices({ settings, autosave, site, siteApi }: Part) {
  return (
    <section>
      <h2>News</h2>
      <p class="muted">
        {site.email
          ? `Mails go to ${site.email}, as Twitch told us.`
          : 'Twitch told us no mail address of yours.'}
      </p>
      {MAILS.filter((kind) => kind !== 'plan' || site.billing).map((kind) => (
        <Toggle
          key={kind}
          label={MAIL_TEXT[kind][0]}
          hint={MAIL_TEXT[kind][1]}
          on={settings[MAIL_SETTING[kind]]}
          onChange={(on) => autosave.change({ [MAIL_SETTING[kind]]: on })}
        />
      ))}
      <Hook
        kind="discord"
        name="Discord webhook"
        hint="In Discord: channel settings, integrations, webhooks, copy address. It is stored encrypted and not shown again."
        site={site}
        siteApi={siteApi}
      />
      <Hook
        kind="webhook"
        name="Your own webhook"
        hint="An https address of yours. What it gets is signed as standardwebhooks.com says."
        site={site}
        siteApi={siteApi}
      />
    </section>
  )
}

function Hook(
  props: Pick<Part, 'site' | 'siteApi'> & { kind: 'discord' | 'webhook'; name: string; hint: string },
) {
  const { kind, name, hint, site, siteApi } = props
  const [url, setUrl] = useState('')
  const [said, setSaid] = useState('')
  const hook = site.hooks.find((each) => each.kind === kind)
  const put = async (address: string) => {
    const outcome = await siteApi.hook(kind, address)
    if (!outcome.ok) return setSaid(outcome.sentence)
    setUrl('')
    setSaid(
      outcome.body.secret
        ? `Saved. Its secret, shown this once: ${outcome.body.secret}`
        : address
          ? 'Saved.'
          : 'Taken away.',
    )
  }
  return (
    <div class="card">
      <label class="field">
        <span>
          {name} {hook && <small>to {hook.host}</small>}
        </span>
        <input
          type="url"
          value={url}
          placeholder={hook ? 'another address' : 'https://'}
          autocomplete="off"
          onInput={(e) => setUrl(e.currentTarget.value)}
        />
        <small>{hint}</small>
      </label>
      {hook?.failure && <p class="problem">The last one did not get through: {hook.failure}.</p>}
      <p class="said" role="status">
        {said}
      </p>
      <div class="buttons">
        <button aria-disabled={url === ''} onClick={() => url && put(url)}>
          Save
        </button>
        {hook && <button onClick={() => put('')}>Take away</button>}
      </div>
    </div>
  )
}
