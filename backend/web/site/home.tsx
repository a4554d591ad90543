/** The first page of who is signed in: what is still to do, and their recaps. */
import { positionText } from '../../../shared/time-text.ts'
import type { Channel } from '../../db/channels.ts'
import type { ConsentKind } from '../../db/consents.ts'
import type { Recap } from '../../db/recaps.ts'
import type { Actor } from '../session.ts'
import { Layout } from './layout.tsx'
import type { Step } from './steps.ts'

export interface HomeData {
  channel: Channel
  role: Actor['role']
  steps: Step[]
  agreement: ConsentKind | null
  recaps: {
    recap: Recap
    title: string
    videoId: string | null
    privacy: string | null
    askedPrivacy: string | null
    unheardMs: number
  }[]
  nowMs: number
}

/** Signed in, and let in by nobody. */
export function NobodysEditor({ channels }: { channels: { id: string; displayName: string }[] }) {
  return (
    <Layout title="Echoes">
      <h1>{channels.length > 0 ? 'Whose recaps?' : 'Nobody has let you in yet'}</h1>
      {channels.length === 0 && (
        <p>
          The streamer adds you as an editor in Echoes’ settings, by your Twitch name. Then come back here.
        </p>
      )}
      <ChannelChoice channels={channels} />
      <form method="post" action="/sign-out">
        <button>Sign out</button>
      </form>
    </Layout>
  )
}

function ChannelChoice({ channels }: { channels: { id: string; displayName: string }[] }) {
  return (
    <form method="post" action="/channel" class="stack">
      {channels.map(({ id, displayName }) => (
        <button name="channel" value={id}>
          {displayName}
        </button>
      ))}
    </form>
  )
}

export function Home({ channel, role, steps, agreement, recaps, nowMs }: HomeData) {
  const next = steps.find((step) => !step.done && !step.optional && !step.comesByItself)
  const left = steps.filter((step) => !step.done && !step.optional).length
  const list = (
    <>
      <h2>Recaps</h2>
      {recaps.length === 0 && (
        <p class="muted">None yet. The first one comes after the next stream in which somebody echoes.</p>
      )}
      {recaps.map((shown) => (
        <RecapCard key={shown.recap.id} {...shown} nowMs={nowMs} role={role} />
      ))}
    </>
  )
  if (role !== 'streamer')
    return (
      <Layout title="Echoes" nav={{ channel: channel.displayName, role }}>
        <h1 class="hidden">{channel.displayName}</h1>
        {list}
      </Layout>
    )
  // Once there is nothing left to set up, recaps are what one comes for.
  const recapsFirst = left === 0 && recaps.length > 0
  return (
    <Layout title="Echoes" nav={{ channel: channel.displayName, role }}>
      <h1>{left === 0 ? 'All set' : left === 1 ? 'One step left' : `${left} steps left`}</h1>
      <p class="muted">
        {left === 0
          ? 'The next stream in which somebody echoes becomes a recap.'
          : 'In any order. What works already stays as it is.'}
      </p>
      {recapsFirst && list}
      {recapsFirst && <h2>Set-up</h2>}
      <ol class="steps">
        {steps.map((step) => (
          <StepRow key={step.name} step={step} next={step === next} />
        ))}
      </ol>
      <Agreement agreement={agreement} channel={channel} />
      <form method="post" action="/try" class="card row">
        <div>
          <strong>Try it without a stream</strong>
          <div class="muted">
            Says a line in your chat, asks YouTube, and cuts ten seconds out of your latest recording. Nothing
            is published.
          </div>
        </div>
        <button>Test echo</button>
      </form>
      {!recapsFirst && list}
    </Layout>
  )
}

/** @param next the one thing to do now */
function StepRow({ step, next }: { step: Step; next: boolean }) {
  const state = step.done ? 'done' : step.optional ? 'optional' : 'open'
  return (
    <li class={`card row step ${state}`}>
      <span class="mark" aria-hidden="true">
        {step.done ? '✓' : ''}
      </span>
      {step.picture && <img src={step.picture} alt="" width="40" height="40" class="avatar" />}
      <div>
        <strong>{step.name}</strong>
        <span class="hidden">{step.done ? ' (done)' : step.optional ? ' (optional)' : ' (to do)'}</span>
        <div class={step.done ? 'muted' : 'text'}>{step.sentence}</div>
      </div>
      {step.action && 'href' in step.action && (
        <a class={`button${next ? ' primary' : ''}`} href={step.action.href}>
          {step.action.text}
        </a>
      )}
      {step.action && 'post' in step.action && (
        <form method="post" action={step.action.post}>
          <button class={next ? 'primary' : ''}>{step.action.text}</button>
        </form>
      )}
    </li>
  )
}

const CERTIFY =
  'you certify that what is uploaded complies with the YouTube Terms of Service, including the Community Guidelines. Please be sure not to violate others’ copyright or privacy rights.'

const ALREADY = 'One that is ready now waits until you press Publish.'

function Agreement({ agreement, channel }: { agreement: ConsentKind | null; channel: Channel }) {
  const { reviewMs, privacy, madeForKids } = channel.settings
  const hours = reviewMs / 3_600_000
  const choices: [ConsentKind, string, string][] = [
    ['upload', 'I look at each recap first', 'Nothing goes up before you press Publish.'],
    [
      'auto_publish',
      'Recaps go up by themselves',
      hours > 0
        ? `An untouched recap goes up ${hours === 1 ? 'an hour' : `${hours} hours`} after it is ready. ${ALREADY}`
        : `A recap goes up as soon as it is ready. In the settings you can give yourself time to look. ${ALREADY}`,
    ],
  ]
  return (
    <section class="card" id="agreement" aria-labelledby="agreement-title">
      <strong id="agreement-title">How recaps go up</strong>
      <p class="muted">
        As {privacy}, {madeForKids ? 'made for kids' : 'not made for kids'}, as the settings say. By choosing,{' '}
        {CERTIFY}{' '}
        <a href="https://www.youtube.com/t/terms" rel="noopener noreferrer">
          YouTube’s terms
        </a>
      </p>
      <form method="post" action="/agreement" class="choices">
        {choices.map(([kind, name, what]) => (
          <button name="kind" value={kind} aria-pressed={agreement === kind ? 'true' : 'false'}>
            <strong>{name}</strong>
            <small>{agreement === kind ? `${what} That is so now.` : what}</small>
          </button>
        ))}
        {agreement && (
          <button name="kind" value="none" class="quiet">
            Take this back
          </button>
        )}
      </form>
    </section>
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

/** What a finished video's row says while nothing of it is on its way to YouTube. */
const RESTING = new Set(['rendered', 'waiting for your word'])

/** Whether a recap is on its way, by the streamer's word or by itself. */
export function isGoingUp({ state, step, decision }: Pick<Recap, 'state' | 'step' | 'decision'>): boolean {
  return state === 'rendered' && decision !== 'drop' && (decision === 'publish' || !RESTING.has(step))
}

/** What is being done, how far it is, and how long it will take. */
function progressText({ step, progress }: Recap, nowMs: number): string {
  if (!progress) return step
  const { done, total, of, endsAtMs } = progress
  const far = of === 'parts' ? `${done} of ${total} parts` : `${positionText(done)} of ${positionText(total)}`
  const leftSec = endsAtMs === null ? 0 : Math.round((endsAtMs - nowMs) / 1000)
  return `${step}, ${far}${leftSec > 0 ? `, about ${positionText(leftSec)} left` : ''}`
}

function RecapCard(props: HomeData['recaps'][number] & { nowMs: number; role: Actor['role'] }) {
  const { recap, title, videoId, privacy, askedPrivacy, unheardMs, nowMs, role } = props
  const { product } = recap
  const goingUp = isGoingUp(recap)
  const undecided = recap.state === 'rendered' && recap.decision === null && !goingUp
  const busy = recap.state === 'preparing' || goingUp
  const facts = [
    recap.decision === 'drop' ? 'Dropped' : goingUp ? STATE_TEXT.publishing : STATE_TEXT[recap.state],
    busy && recap.decision !== 'drop' && progressText(recap, nowMs),
    recap.failure,
    product && `${product.moments.length} moments, ${positionText(product.durationSec)}`,
    privacy && askedPrivacy && privacy !== askedPrivacy
      ? `${privacy}, although ${askedPrivacy} was asked for`
      : privacy,
  ].filter(Boolean)
  return (
    <article class="card">
      <div class="row">
        <div>
          <strong>
            <a href={`/recaps/${recap.id}`}>{title}</a>
          </strong>
          <div class="muted">{facts.join(' · ')}</div>
          {unheardMs >= 1_000 && (
            <div class="muted">
              For {Math.round(unheardMs / 1000)} s of the stream no bot was in chat; what Twitch delivered
              otherwise is in.
            </div>
          )}
        </div>
        {videoId && (
          <a class="button" href={`https://www.youtube.com/watch?v=${videoId}`}>
            Watch
          </a>
        )}
        {recap.state === 'preparing' && recap.decision === null && role === 'streamer' && (
          <form method="post" action={`/recaps/${recap.id}/drop`}>
            <button>Cancel</button>
          </form>
        )}
        {undecided && (
          <a class="button primary" href={`/recaps/${recap.id}`}>
            Look and publish
          </a>
        )}
      </div>
      {product?.lacks?.map((sentence) => (
        <p class="warning">{sentence}</p>
      ))}
    </article>
  )
}
