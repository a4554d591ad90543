/** The companion site's first page, and what is decided there. */
import { Hono } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { MAIL_SETTING, MAILS, type MailKind } from '../../../shared/settings.ts'
import { changeSettings, findChannel } from '../../db/channels.ts'
import { unheardBetween } from '../../db/chat-gaps.ts'
import { consentOf, giveConsent, revokeConsent } from '../../db/consents.ts'
import type { Database } from '../../db/database.ts'
import { editLog } from '../../db/edits.ts'
import { channelsEditedBy } from '../../db/editors.ts'
import { recapsOf, type Recap } from '../../db/recaps.ts'
import { findShow } from '../../db/shows.ts'
import { findUpload } from '../../db/uploads.ts'
import { standingEdits } from '../../domain/edit-log.ts'
import { wordsOf } from '../../domain/edits.ts'
import type { PublicRecap } from '../../public-page.ts'
import type { Sessions } from '../session.ts'
import type { Gate } from './gate.ts'
import { Home, NobodysEditor } from './home.tsx'
import { Landing } from './landing.tsx'
import { toHtml } from './layout.tsx'
import { Said } from './said.tsx'
import { stepsOf, type StepOptions } from './steps.ts'
import { SITE_CSS } from './style.ts'

export interface SiteOptions {
  db: Database
  clock: Clock
  sessions: Sessions
  gate: Gate
  steps: StepOptions
  /** A recap for strangers to see. */
  showcase(): Promise<PublicRecap | null>
  /** The streamer has said something that a waiting recap may want to know. */
  onDecision(recapId: string): void
  /** Tries each link of the chain; what it found, as sentences. */
  tryChain(channelId: string): Promise<string[]>
  /** @throws {Refusal} where Twitch does not let us */
  makeModerator(channelId: string): Promise<void>
  /** Whose mails of which kind a link ends; null when the link is not ours. */
  readUnsubscribe(token: string): Promise<{ channelId: string; kind: MailKind } | null>
}

const SHOWN_RECAPS = 20

export function siteRoutes(options: SiteOptions): Hono {
  const { db, clock, sessions, gate } = options
  const app = new Hono()
  app.get('/site.css', (c) =>
    c.body(SITE_CSS, 200, { 'content-type': 'text/css', 'cache-control': 'max-age=300' }),
  )

  app.get('/', async (c) => {
    const userId = await sessions.userOf(c)
    if (!userId) return c.html(toHtml(<Landing recap={await options.showcase()} />))
    const actor = await sessions.actorOf(c)
    const channel = actor && (await findChannel(db, actor.channelId))
    if (!channel) {
      const channels = await channelsEditedBy(db, userId)
      return c.html(toHtml(<NobodysEditor channels={channels} />))
    }
    const recaps = (await recapsOf(db, channel.id)).slice(0, SHOWN_RECAPS)
    const data = {
      channel,
      role: actor.role,
      steps: actor.role === 'streamer' ? await stepsOf(options.steps, channel) : [],
      agreement: await consentOf(db, channel.id),
      recaps: await Promise.all(recaps.map(shownRecap)),
      nowMs: clock.now(),
    }
    return c.html(toHtml(<Home {...data} />))
  })

  async function shownRecap(recap: Recap) {
    const upload = await findUpload(db, recap.id)
    const show = await findShow(db, recap.showId)
    const unheardMs = show
      ? await unheardBetween(db, show.channelId, show.startedAtMs, show.endedAtMs ?? clock.now())
      : 0
    const own = wordsOf(standingEdits(await editLog(db, recap.showId)).filter((e) => e.recapId === recap.id))
    const title = own.title ?? recap.title ?? 'Recap'
    const { videoId = null, privacy = null, askedPrivacy = null } = upload ?? {}
    return { recap, title, videoId, privacy, askedPrivacy, unheardMs }
  }

  app.post('/agreement', async (c) => {
    const { channelId } = await gate.streamer(c)
    const { kind } = await c.req.parseBody()
    const settings = (await findChannel(db, channelId))?.settings
    if (settings && (kind === 'upload' || kind === 'auto_publish')) {
      const { privacy, madeForKids, reviewMs } = settings
      await giveConsent(db, channelId, kind, { privacy, madeForKids, reviewMs }, clock.now())
    } else await revokeConsent(db, channelId, clock.now())
    for (const recap of await recapsOf(db, channelId))
      if (recap.state === 'rendered') options.onDecision(recap.id)
    return c.redirect('/', 303)
  })

  app.post('/bot/moderator', async (c) => {
    const { channelId } = await gate.streamer(c)
    await options.makeModerator(channelId)
    return c.redirect('/', 303)
  })

  app.post('/try', async (c) => {
    const { channelId } = await gate.streamer(c)
    const sentences = await options.tryChain(channelId)
    return c.html(toHtml(<Said title="The test echo" sentences={sentences} />))
  })

  app.post('/channel', async (c) => {
    const userId = await sessions.userOf(c)
    const { channel } = await c.req.parseBody()
    const mine = userId ? [userId, ...(await channelsEditedBy(db, userId)).map((each) => each.id)] : []
    if (typeof channel === 'string' && mine.includes(channel)) await sessions.turn(c, channel)
    return c.redirect('/', 303)
  })

  app.post('/sign-out', async (c) => {
    await sessions.end(c)
    return c.redirect('/', 303)
  })
  app.post('/sign-out/everywhere', async (c) => {
    await sessions.endEverywhere(c)
    return c.redirect('/', 303)
  })
  return app
}

const KIND_TEXT: Record<MailKind, string> = {
  published: 'about published recaps',
  waiting: 'about recaps that wait for you',
  failed: 'about recaps that could not be made',
  reconnect: 'about lost access to YouTube',
  plan: 'about your plan and its payment',
}

/**
 * The end of one kind of mail, without signing in. Mail programs send the POST by themselves (RFC 8058), without origin or
 * cookie, so these routes lie outside the check against other sites; a GET changes nothing, since scanners follow links.
 */
export function unsubscribeRoutes({
  db,
  clock,
  readUnsubscribe,
}: Pick<SiteOptions, 'db' | 'clock' | 'readUnsubscribe'>) {
  const app = new Hono()
  const unknown = {
    title: 'This link is not valid any more',
    sentences: ['Mails are chosen in the settings.'],
  }
  app.get('/unsubscribe/:token', async (c) => {
    const token = c.req.param('token')
    const asked = await readUnsubscribe(token)
    if (!asked) return c.html(toHtml(<Said {...unknown} />), 404)
    const title = `No more mails ${KIND_TEXT[asked.kind]}?`
    const ask = { action: `/unsubscribe/${token}`, text: 'No more of these mails' }
    return c.html(toHtml(<Said title={title} sentences={['Other mails go on.']} ask={ask} />))
  })
  app.post('/unsubscribe/:token', async (c) => {
    const asked = await readUnsubscribe(c.req.param('token'))
    if (!asked || !MAILS.includes(asked.kind)) return c.html(toHtml(<Said {...unknown} />), 404)
    await changeSettings(db, asked.channelId, { [MAIL_SETTING[asked.kind]]: false }, clock.now())
    const sentences = ['You can turn them on again in the settings.']
    return c.html(toHtml(<Said title={`No more mails ${KIND_TEXT[asked.kind]}`} sentences={sentences} />))
  })
  return app
}
