/** What the control page shows: buttons that act, and below them what happens, refreshed each second. */
import { positionText } from '../../../shared/time-text.ts'
import { Page } from '../../../backend/web/site/layout.tsx'
import type { ArrivedMail } from '../mail.ts'
import { FAULTS, SERVICES } from '../faults.ts'
import { PEOPLE, type Sandbox } from '../sandbox.ts'

interface Props {
  sandbox: Sandbox
  channelId: string
}

export function ControlPage({ sandbox, site, channelId }: Props & { site: string }) {
  return (
    <Page title="Echoes sandbox">
      <main>
        <link rel="stylesheet" href="/control.css" />
        <div class="row">
          <h1>Sandbox</h1>
          <a class="button" href={sandbox.rig.url}>
            Open the rig
          </a>
          <a class="button" href={site}>
            Open Echoes
          </a>
        </div>
        <div class="columns">
          <div>
            <StreamCard />
            <ChatCard />
            <FaultsCard sandbox={sandbox} />
            <WeatherCard />
            {sandbox.stripe.endpoint && <StripeCard sandbox={sandbox} />}
          </div>
          <div id="happening" aria-live="off">
            <Happening sandbox={sandbox} channelId={channelId} />
          </div>
        </div>
        <script src="/control.js" defer />
      </main>
    </Page>
  )
}

function StreamCard() {
  return (
    <section class="card">
      <h2>Stream</h2>
      <form method="post" action="/live" class="fields">
        <label>
          Title <input name="title" placeholder="A test stream" />
        </label>
        <label>
          Game <input name="game" placeholder="Just Chatting" />
        </label>
        <label>
          Began{' '}
          <select name="since">
            <option value="0">just now</option>
            <option value="5" selected>
              5 min ago
            </option>
            <option value="15">15 min ago</option>
          </select>
        </label>
        <button class="primary">Go live</button>
      </form>
      <div class="buttons">
        <Act path="/flap" text="Drop and return" what="Twitch says offline, but the stream goes on" />
        <Act path="/crash" text="Crash and restart" what="The encoder restarts: a new stream, a new VOD" />
        <Act path="/end" text="End" what="The stream ends" />
      </div>
      <form method="post" action="/game" class="fields">
        <label>
          New game <input name="game" />
        </label>
        <button>Change game</button>
      </form>
    </section>
  )
}

/** Stripe's clock alone: what only Echoes' own clock brings about stays as it is. */
function StripeCard({ sandbox: { stripe } }: { sandbox: Sandbox }) {
  return (
    <section class="card">
      <h2>Stripe</h2>
      <p>
        {stripe.subscriptions.size} subscriptions; its clock stands at{' '}
        {new Date(stripe.clock.now()).toISOString().slice(0, 10)}.
      </p>
      <form method="post" action="/stripe" class="buttons">
        {[1, 7, 14].map((days) => (
          <button name="days" value={days}>
            {days === 1 ? 'A day on' : `${days} days on`}
          </button>
        ))}
      </form>
    </section>
  )
}

function Act({ path, text, what }: { path: string; text: string; what: string }) {
  return (
    <form method="post" action={path}>
      <button title={what}>{text}</button>
    </form>
  )
}

const ROLES: Record<string, string> = {
  [PEOPLE.streamer]: 'streamer',
  [PEOPLE.moderator]: 'moderator',
  [PEOPLE.approved]: 'approved',
}

function ChatCard() {
  const people = [PEOPLE.streamer, PEOPLE.moderator, PEOPLE.approved, ...PEOPLE.viewers]
  return (
    <section class="card">
      <h2>Chat</h2>
      <form method="post" action="/chat" class="fields" data-stay>
        <label>
          As{' '}
          <select name="login">
            {people.map((login) => (
              <option value={login}>
                {login} ({ROLES[login] ?? 'viewer'})
              </option>
            ))}
          </select>
        </label>
        <label>
          Line <input name="text" value="!echo 30 that jump" autocomplete="off" />
        </label>
        <button>Say it</button>
      </form>
    </section>
  )
}

function FaultsCard({ sandbox }: { sandbox: Sandbox }) {
  const faults: [name: string, on: boolean, text: string][] = [
    ['copies', sandbox.eventsub.faults.copies > 1, 'Twitch delivers each event five times'],
    ['hidden', sandbox.twitch.vods.some((v) => !v.published), 'VODs are not published'],
    ['quota', sandbox.google.faults.quotaUsedUp, 'YouTube’s quota is used up'],
    [
      'keptPrivate',
      sandbox.google.faults.keptPrivate,
      'YouTube makes uploads private, as the account is set',
    ],
  ]
  return (
    <section class="card">
      <h2>Bad weather</h2>
      <form method="post" action="/faults" class="fields" data-stay>
        {faults.map(([name, on, text]) => (
          <label class="check">
            <input type="checkbox" name={name} checked={on} /> {text}
          </label>
        ))}
        <button>Apply</button>
      </form>
    </section>
  )
}

function WeatherCard() {
  return (
    <section class="card">
      <h2>Something is wrong with …</h2>
      <form method="post" action="/weather" class="fields" data-stay>
        <label>
          Who{' '}
          <select name="service">
            {Object.entries(SERVICES).map(([name, text]) => (
              <option value={name}>{text}</option>
            ))}
          </select>
        </label>
        <label>
          What{' '}
          <select name="fault">
            {Object.entries(FAULTS).map(([name, text]) => (
              <option value={name}>{text}</option>
            ))}
          </select>
        </label>
        <label>
          For{' '}
          <select name="seconds">
            <option value="10">10 s</option>
            <option value="60" selected>
              a minute
            </option>
            <option value="600">10 min</option>
            <option value="3600">an hour</option>
          </select>
        </label>
        <div class="buttons">
          <button>Begin</button>
          <button name="clear" value="yes">
            All is well again
          </button>
        </div>
      </form>
    </section>
  )
}

export function Happening({ sandbox, channelId }: Props) {
  const { twitch, mail, google, addresses } = sandbox
  const live = twitch.liveStream(channelId)
  const vod = live && twitch.vodOf(live.id)
  return (
    <>
      <section class="card">
        <h2>Now</h2>
        {live ? (
          <p>
            <span class="live">Live</span> “{live.title}”, {live.game}, for{' '}
            {positionText((twitch.clock.now() - live.startedAtMs) / 1000)}
            {vod && `; ${twitch.vodParts(vod).count} parts in the VOD`}
          </p>
        ) : (
          <p class="muted">The channel is offline.</p>
        )}
        {sandbox.faults.windows.map(({ service, fault, untilMs }) => (
          <p class="bad">
            {SERVICES[service]}: {FAULTS[fault]}, for {positionText((untilMs - twitch.clock.now()) / 1000)}{' '}
            more
          </p>
        ))}
      </section>
      <section class="card">
        <h2>Chat</h2>
        {twitch.chat.length === 0 && <p class="muted">Nobody has said anything.</p>}
        <ul class="chat">
          {twitch.chat.slice(-12).map((line) => (
            <li>
              <strong class={line.user.login === PEOPLE.bot ? 'good' : ''}>{line.user.displayName}</strong>{' '}
              {line.text}
            </li>
          ))}
        </ul>
      </section>
      <section class="card">
        <h2>Videos on YouTube</h2>
        {google.videos.length === 0 && <p class="muted">None yet.</p>}
        {[...google.videos].reverse().map((v) => (
          <div class="video">
            <video controls preload="metadata" src={`${addresses.google}/watch/${v.id}`} />
            <strong>{v.title}</strong> <span class="muted">{v.privacy}</span>
            <pre>{v.description}</pre>
          </div>
        ))}
      </section>
      <section class="card">
        <h2>Mails</h2>
        {mail.mails.length === 0 && <p class="muted">None yet.</p>}
        <ul>
          {mail.mails.map((m, n) => (
            <li>
              <a href={`/mails/${n}`}>{m.subject}</a> to {m.to} (<a href={`/mails/${n}/text`}>as text</a>)
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

/** A mail as a light and as a dark mail program shows it, and as text. */
export function MailPreview({ mail, at }: { mail: ArrivedMail; at: string }) {
  return (
    <Page title={mail.subject}>
      <main>
        <link rel="stylesheet" href="/control.css" />
        <h1>{mail.subject}</h1>
        <p class="muted">
          To {mail.to}. One click ends its kind: {mail.headers['list-unsubscribe'] ? 'yes' : 'no'}.
        </p>
        <div class="columns">
          {['light', 'dark'].map((scheme) => (
            <iframe
              src={`${at}/html`}
              title={scheme}
              style={{ colorScheme: scheme, width: '100%', height: '640px', border: 0 }}
            />
          ))}
        </div>
        <pre>{mail.text}</pre>
      </main>
    </Page>
  )
}
