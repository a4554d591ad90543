/** What anybody may see: the page of a recap, privacy and terms. */
import { Hono } from 'hono'
import { positionText } from '../../../shared/time-text.ts'
import type { PublicRecap } from '../../public-page.ts'
import { Layout, toHtml } from './layout.tsx'
import { Privacy, Terms, type LegalFacts } from './legal.tsx'
import { problemPage } from './said.tsx'

export interface PublicOptions {
  legal: LegalFacts
  recap(recapId: string): Promise<PublicRecap | null>
}

export function publicRoutes({ legal, recap }: PublicOptions): Hono {
  const app = new Hono()
  app.get('/privacy', (c) => c.html(toHtml(<Privacy {...legal} />)))
  app.get('/terms', (c) => c.html(toHtml(<Terms {...legal} />)))
  app.get('/r/:id', async (c) => {
    const shown = await recap(c.req.param('id'))
    if (shown) return c.html(toHtml(<RecapPage recap={shown} />), 200, { 'cache-control': 'max-age=60' })
    const sentence = 'The streamer does not show it, or it was taken down.'
    return c.html(problemPage('There is no such recap', sentence), 404)
  })
  return app
}

const SHOWN_NAMES = 8

export function names({ people, more }: { people: readonly string[]; more: number }): string {
  const shown = people.slice(0, SHOWN_NAMES)
  const rest = people.length - shown.length + more
  if (shown.length === 0) return rest === 1 ? 'one person' : `${rest} people`
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}

function RecapPage({ recap }: { recap: PublicRecap }) {
  const { title, channel, channelUrl, watchUrl, thumbnail, durationSec, moments, leaders } = recap
  const at = (sec: number) => `${watchUrl}${watchUrl.includes('?') ? '&' : '?'}t=${Math.floor(sec)}s`
  return (
    <Layout title={`${title} – ${channel}`} branded>
      <p class="muted">
        <a href={channelUrl}>{channel}</a>, as the people who watched it marked it
      </p>
      <h1>{title}</h1>
      <a class="poster" href={watchUrl}>
        <img src={thumbnail} alt="" width="640" height="360" />
        <span class="button primary">Watch on YouTube, {positionText(durationSec)}</span>
      </a>
      <h2>In it</h2>
      <ol class="plain">
        {moments.map((moment) => (
          <li class="row">
            <a class="time" href={at(moment.atSec)}>
              {positionText(moment.atSec)}
            </a>
            <div>
              <strong>{moment.title}</strong>
              <div class="muted">{names(moment)}</div>
            </div>
          </li>
        ))}
      </ol>
      {leaders.length > 0 && (
        <>
          <h2>Who made it</h2>
          <table>
            <thead>
              <tr>
                <th scope="col">Person</th>
                <th scope="col">Moments</th>
              </tr>
            </thead>
            <tbody>
              {leaders.map((leader) => (
                <tr>
                  <td>{leader.name}</td>
                  <td class="time">{leader.moments}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <p class="muted after">
        Are you in this list and do not want to be? Type <strong>!echo forget</strong> in the channel’s chat.
      </p>
    </Layout>
  )
}
