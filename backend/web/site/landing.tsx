/** What strangers see first: what Echoes is, in ten seconds, with a recap that it made. */
import { positionText } from '../../../shared/time-text.ts'
import type { PublicRecap } from '../../public-page.ts'
import { Layout } from './layout.tsx'
import { names } from './public.tsx'

const SHOWN_MOMENTS = 5

export function Landing({ recap }: { recap: PublicRecap | null }) {
  return (
    <Layout title="Echoes: the moments your viewers marked, as one video" branded>
      <h1 class="large">The moments your viewers marked, as one video</h1>
      <ol class="how">
        <li>
          <Mark />
          <strong>While you stream</strong>
          <span>people type !echo, or press “Echo this” under your stream.</span>
        </li>
        <li>
          <Line />
          <strong>When you go offline</strong>
          <span>those moments are cut out of your recording and joined.</span>
        </li>
        <li>
          <Play />
          <strong>Minutes later</strong>
          <span>the recap is on your YouTube channel. You look first, or it goes up by itself.</span>
        </li>
      </ol>
      <p>
        <a class="button primary" href="/sign-in/twitch">
          Sign in with Twitch
        </a>
      </p>
      {recap && (
        <section class="card" aria-labelledby="showcase">
          <h2 id="showcase" class="first">
            Made by Echoes: {recap.title}
          </h2>
          <a class="poster" href={`/r/${recap.id}`}>
            <img src={recap.thumbnail} alt="" width="640" height="360" />
            <span class="muted">
              {recap.channel}, {positionText(recap.durationSec)},{' '}
              {recap.moments.length === 1 ? 'one moment' : `${recap.moments.length} moments`}
            </span>
          </a>
          <ul class="plain">
            {recap.moments.slice(0, SHOWN_MOMENTS).map((moment) => (
              <li>
                <span class="time muted">{positionText(moment.atSec)}</span> {moment.title}
                <span class="muted">, wanted by {names(moment)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="muted">
        You edit for a streamer? <a href="/sign-in/twitch?as=editor">Sign in as an editor</a>: Echoes learns
        your name and nothing else.
      </p>
    </Layout>
  )
}

const picture = {
  viewBox: '0 0 48 48',
  width: 48,
  height: 48,
  fill: 'none',
  'aria-hidden': true,
  class: 'picture',
}

/** Arcs, as an echo. */
function Mark() {
  return (
    <svg {...picture}>
      <circle cx="24" cy="24" r="4" fill="currentColor" />
      <path
        d="M15 33a13 13 0 0 1 0-18M33 15a13 13 0 0 1 0 18"
        stroke="currentColor"
        stroke-width="3"
        stroke-linecap="round"
      />
      <path
        d="M9 39a21 21 0 0 1 0-30M39 9a21 21 0 0 1 0 30"
        stroke="currentColor"
        stroke-width="3"
        stroke-linecap="round"
        opacity="0.5"
      />
    </svg>
  )
}

/** A recording with moments on it. */
function Line() {
  return (
    <svg {...picture}>
      <path d="M4 24h40" stroke="currentColor" stroke-width="2" opacity="0.4" />
      <path
        d="M9 16v16M20 16v16M24 16v16M37 16v16"
        stroke="currentColor"
        stroke-width="4"
        stroke-linecap="round"
      />
    </svg>
  )
}

function Play() {
  return (
    <svg {...picture}>
      <rect x="4" y="9" width="40" height="30" rx="6" stroke="currentColor" stroke-width="3" />
      <path d="M20 17v14l12-7z" fill="currentColor" />
    </svg>
  )
}
