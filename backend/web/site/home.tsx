/** The companion site's one page for now: what is connected, the consent to publish, and the recaps. */
import { positionText } from '../../../shared/time-text.ts'
import type { Channel } from '../../db/channels.ts'
import type { Grant } from '../../db/grants.ts'
import type { Product, Recap } from '../../db/recaps.ts'
import { momentTitle } from '../../domain/description.ts'
import { Layout } from './layout.tsx'

export interface HomeData {
  channel: Channel
  youtube: Grant | null
  autoPublish: boolean
  /** `unheardMs`: how long no bot heard chat during the show. */
  recaps: { recap: Recap; videoId: string | null; privacy: string | null; unheardMs: number }[]
  nowMs: number
}

export function SignedOut() {
  return (
    <Layout title="Echoes">
      <h1>The moments your viewers marked, as one video</h1>
      <p>
        While you stream, people type <strong>!echo</strong> in chat. When the stream has ended, those moments
        are one recap on your YouTube channel, minutes later, without anyone editing.
      </p>
      <p>
        <a class="button primary" href="/sign-in/twitch">
          Sign in with Twitch
        </a>
      </p>
    </Layout>
  )
}

export function Home({ channel, youtube, autoPublish, recaps, nowMs }: HomeData) {
  return (
    <Layout title="Echoes">
      <div class="row">
        <h1>{channel.displayName}</h1>
        <form method="post" action="/sign-out">
          <button>Sign out</button>
        </form>
      </div>
      <YoutubeCard youtube={youtube} />
      <ConsentCard autoPublish={autoPublish} />
      <h2>Recaps</h2>
      {recaps.length === 0 && (
        <p class="muted">None yet. The first one comes after the next stream in which somebody echoes.</p>
      )}
      {recaps.map((shown) => (
        <RecapCard key={shown.recap.id} {...shown} nowMs={nowMs} />
      ))}
    </Layout>
  )
}

function YoutubeCard({ youtube }: { youtube: Grant | null }) {
  const connected = youtube?.state === 'ok'
  return (
    <div class="card row">
      <div>
        <strong>YouTube</strong>
        <div class={connected ? 'good' : 'warning'}>
          {connected && `Connected: ${youtube.accountName}`}
          {!youtube && 'Not connected yet: recaps cannot be published'}
          {youtube && !connected && `Access to ${youtube.accountName} has ended: connect it again`}
        </div>
      </div>
      <a class={`button${connected ? '' : ' primary'}`} href="/connect/youtube">
        {connected ? 'Connect another channel' : 'Connect YouTube'}
      </a>
    </div>
  )
}

function ConsentCard({ autoPublish }: { autoPublish: boolean }) {
  return (
    <div class="card row">
      <div>
        <strong>Publish by itself</strong>
        <div class="muted">
          {autoPublish
            ? 'Each recap goes up on YouTube as soon as it is ready. You can take this back at any time.'
            : 'Each recap waits for your word. If you agree, Echoes uploads recaps to your channel without asking again. You certify that what you stream complies with the YouTube Terms of Service (youtube.com/t/terms).'}
        </div>
      </div>
      <form method="post" action="/consent">
        <input type="hidden" name="agree" value={autoPublish ? 'no' : 'yes'} />
        <button>{autoPublish ? 'Ask me each time' : 'I agree, publish by itself'}</button>
      </form>
    </div>
  )
}

const STATE_TEXT: Record<Recap['state'], string> = {
  preparing: 'In the making',
  rendered: 'Ready',
  publishing: 'Going up',
  published: 'On YouTube',
  empty: 'Nobody echoed: no video',
  failed: 'Could not be made',
}

/** What is being done, how far it is, and how long it will take. */
function progressText({ step, progress }: Recap, nowMs: number): string {
  if (!progress) return step
  const { done, total, of, endsAtMs } = progress
  const far = of === 'parts' ? `${done} of ${total} parts` : `${positionText(done)} of ${positionText(total)}`
  const leftSec = endsAtMs === null ? 0 : Math.round((endsAtMs - nowMs) / 1000)
  return `${step}, ${far}${leftSec > 0 ? `, about ${positionText(leftSec)} left` : ''}`
}

/** How the moments were found, and what may be missing. */
function timingText(timing: Product['timing'], unheardMs: number): string {
  const found = {
    measured: 'Timing was measured while the recording grew.',
    table: 'Timing is by your table of drift.',
  }
  const unheard =
    unheardMs >= 1_000
      ? `For ${Math.round(unheardMs / 1000)} s of the stream no bot was in chat; what Twitch delivered otherwise is in.`
      : ''
  return [timing && found[timing], unheard].filter(Boolean).join(' ')
}

const DOWNLOADS = [
  ['recap.mp4', 'the video'],
  ['moments.zip', 'each moment'],
  ['moments.edl', 'EDL'],
  ['moments.csv', 'CSV'],
  ['moments.otio', 'OTIO'],
] as const

function RecapCard({
  recap,
  videoId,
  privacy,
  unheardMs,
  nowMs,
}: HomeData['recaps'][number] & { nowMs: number }) {
  const { product } = recap
  const undecided = recap.state === 'rendered' && recap.decision === null
  return (
    <div class="card">
      <div class="row">
        <div>
          <strong>{recap.title ?? 'Recap'}</strong>
          <div class="muted">
            {recap.decision === 'drop' ? 'Dropped' : STATE_TEXT[recap.state]}
            {recap.state === 'preparing' && recap.decision !== 'drop' && `: ${progressText(recap, nowMs)}`}
            {recap.failure && `: ${recap.failure}`}
            {product && ` · ${product.moments.length} moments, ${positionText(product.durationSec)}`}
            {privacy && ` · ${privacy}`}
          </div>
          <div class="muted">{timingText(product?.timing, unheardMs)}</div>
        </div>
        {videoId && (
          <a class="button" href={`https://www.youtube.com/watch?v=${videoId}`}>
            Watch
          </a>
        )}
        {recap.state === 'preparing' && recap.decision === null && (
          <form method="post" action={`/recaps/${recap.id}/drop`}>
            <button>Cancel</button>
          </form>
        )}
        {undecided && (
          <>
            <form method="post" action={`/recaps/${recap.id}/publish`}>
              <button class="primary">Publish</button>
            </form>
            <form method="post" action={`/recaps/${recap.id}/drop`}>
              <button>Drop</button>
            </form>
            <form method="post" action={`/recaps/${recap.id}/earlier`}>
              <button>All 2 s earlier</button>
            </form>
            <form method="post" action={`/recaps/${recap.id}/later`}>
              <button>All 2 s later</button>
            </form>
          </>
        )}
      </div>
      {product && product.moments.length > 0 && (
        <p class="muted">
          {'Download: '}
          {DOWNLOADS.map(([file, name], n) => (
            <>
              {n > 0 && ' · '}
              <a href={`/recaps/${recap.id}/${file}`}>{name}</a>
            </>
          ))}
        </p>
      )}
      {product?.lacks?.map((sentence) => (
        <p class="warning">{sentence}</p>
      ))}
      {product && (
        <table>
          {product.moments.map((m) => (
            <tr>
              <td class="time">{positionText(m.atSec)}</td>
              <td>{momentTitle(m)}</td>
              <td class="muted">{m.people.join(', ')}</td>
            </tr>
          ))}
        </table>
      )}
    </div>
  )
}

export function Problem({ title, sentence }: { title: string; sentence: string }) {
  return (
    <Layout title={title}>
      <h1>{title}</h1>
      <p>{sentence}</p>
      <p>
        <a class="button" href="/">
          Back to Echoes
        </a>
      </p>
    </Layout>
  )
}
