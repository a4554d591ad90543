/** What the companion site answers. */
import { Hono } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { findChannel } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import { findGrant } from '../../db/grants.ts'
import { unheardBetween } from '../../db/chat-gaps.ts'
import { findShow } from '../../db/shows.ts'
import { decideRecap, findRecap, recapsOf, shiftRecap } from '../../db/recaps.ts'
import { findUpload } from '../../db/uploads.ts'
import { giveConsent, hasConsent, revokeConsent } from '../../db/sessions.ts'
import type { Sessions } from '../session.ts'
import { Home, SignedOut } from './home.tsx'
import { toHtml } from './layout.tsx'
import { SITE_CSS } from './style.ts'

export interface SiteOptions {
  db: Database
  clock: Clock
  sessions: Sessions
  /** The streamer has said something that a waiting recap may want to know. */
  onDecision(recapId: string): void
  /** A recap is to be made anew, of this show. */
  onAgain(showId: string): void
}

/** By how much one press moves all moments. */
const SHIFT_MS = 2_000

export function siteRoutes({ db, clock, sessions, onDecision, onAgain }: SiteOptions): Hono {
  const app = new Hono()
  app.get('/site.css', (c) =>
    c.body(SITE_CSS, 200, { 'content-type': 'text/css', 'cache-control': 'max-age=300' }),
  )

  app.get('/', async (c) => {
    const channelId = await sessions.channelOf(c)
    const channel = channelId && (await findChannel(db, channelId))
    if (!channel) return c.html(toHtml(<SignedOut />))
    const recaps = await recapsOf(db, channel.id)
    const shown = recaps.slice(0, 20).map(async (recap) => {
      const upload = await findUpload(db, recap.id)
      const show = await findShow(db, recap.showId)
      const unheardMs = show ? await unheardBetween(db, show.startedAtMs, show.endedAtMs ?? clock.now()) : 0
      return { recap, videoId: upload?.videoId ?? null, privacy: upload?.privacy ?? null, unheardMs }
    })
    const data = {
      channel,
      youtube: await findGrant(db, channel.id, 'youtube'),
      autoPublish: await hasConsent(db, channel.id),
      recaps: await Promise.all(shown),
      nowMs: clock.now(),
    }
    return c.html(toHtml(<Home {...data} />))
  })

  app.post('/consent', async (c) => {
    const channelId = await sessions.channelOf(c)
    if (!channelId) return c.redirect('/', 303)
    const { agree } = await c.req.parseBody()
    if (agree === 'yes') await giveConsent(db, channelId, clock.now())
    else await revokeConsent(db, channelId, clock.now())
    for (const recap of await recapsOf(db, channelId)) if (recap.state === 'rendered') onDecision(recap.id)
    return c.redirect('/', 303)
  })

  app.post('/recaps/:id/:decision{publish|drop}', async (c) => {
    const channelId = await sessions.channelOf(c)
    const recap = channelId && (await findRecap(db, c.req.param('id')))
    if (!recap || recap.channelId !== channelId) return c.notFound()
    await decideRecap(
      db,
      recap.id,
      channelId,
      c.req.param('decision') === 'publish' ? 'publish' : 'drop',
      clock.now(),
    )
    onDecision(recap.id)
    return c.redirect('/', 303)
  })

  app.post('/recaps/:id/:shift{earlier|later}', async (c) => {
    const channelId = await sessions.channelOf(c)
    if (!channelId) return c.notFound()
    const byMs = c.req.param('shift') === 'earlier' ? -SHIFT_MS : SHIFT_MS
    const showId = await shiftRecap(db, c.req.param('id'), channelId, byMs, clock.now())
    if (showId) onAgain(showId)
    return c.redirect('/', 303)
  })

  app.post('/sign-out', async (c) => {
    await sessions.end(c)
    return c.redirect('/', 303)
  })
  return app
}
