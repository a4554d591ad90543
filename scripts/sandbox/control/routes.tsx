/** The control page of `npm run sandbox`: acts in the sandbox's world, and shows what became of it. */
import { Hono, type Context } from 'hono'
import { render } from 'preact-render-to-string'
import { toHtml } from '../../../backend/web/site/layout.tsx'
import { SITE_CSS } from '../../../backend/web/site/style.ts'
import { FAULTS, SERVICES, type FaultName, type Service } from '../faults.ts'
import { PEOPLE, type Sandbox } from '../sandbox.ts'
import { ControlPage, Happening, MailPreview } from './page.tsx'
import { CONTROL_CSS, CONTROL_JS } from './static.ts'

export interface ControlOptions {
  sandbox: Sandbox
  /** Address of Echoes. */
  site: string
}

const MINUTE_MS = 60_000

export function controlRoutes({ sandbox, site }: ControlOptions): Hono {
  const app = new Hono()
  const { twitch } = sandbox
  const channelId = twitch.userOf(PEOPLE.streamer).id
  const act = (path: string, run: (form: Record<string, string>) => unknown) =>
    app.post(path, async (c) => {
      await run((await c.req.parseBody()) as Record<string, string>)
      return c.redirect('/', 303)
    })
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (c: Context) => c.body(text, 200, { 'content-type': type, 'cache-control': 'no-store' }))
  asset('/site.css', 'text/css', SITE_CSS)
  asset('/control.css', 'text/css', CONTROL_CSS)
  asset('/control.js', 'text/javascript', CONTROL_JS)

  app.get('/', (c) => c.html(toHtml(<ControlPage sandbox={sandbox} site={site} channelId={channelId} />)))
  app.get('/happening', (c) => c.html(render(<Happening sandbox={sandbox} channelId={channelId} />)))

  act('/live', ({ title, game, since }) => {
    if (twitch.liveStream(channelId)) return
    const startedAtMs = Math.floor(twitch.clock.now() / 1000) * 1000 - Number(since ?? 0) * MINUTE_MS
    twitch.goLive(channelId, { title: title || 'A test stream', game: game || 'Just Chatting', startedAtMs })
  })
  act('/game', ({ game }) => twitch.changeGame(channelId, game || 'Just Chatting'))
  act('/flap', () => twitch.flap(channelId))
  act('/crash', () => {
    const live = twitch.liveStream(channelId)
    if (!live) return
    twitch.end(channelId)
    twitch.goLive(channelId, { title: live.title, game: live.game })
  })
  act('/end', () => {
    if (twitch.liveStream(channelId)) twitch.end(channelId)
  })
  act('/chat', ({ login, text }) => {
    if (login && text) twitch.say(channelId, login, text)
  })
  act('/stripe', ({ days }) => sandbox.stripe.advanceDays(Number(days ?? 0)))
  act('/faults', ({ copies, keptPrivate, quota, hidden }) => {
    sandbox.eventsub.faults.copies = copies ? 5 : 1
    sandbox.google.faults.keptPrivate = keptPrivate === 'on'
    sandbox.google.faults.quotaUsedUp = quota === 'on'
    for (const vod of twitch.vods) vod.published = hidden !== 'on'
  })

  act('/weather', ({ service = '', fault = '', seconds, clear }) => {
    if (clear) sandbox.faults.clear()
    else if (service in SERVICES && fault in FAULTS)
      sandbox.faults.begin(service as Service, fault as FaultName, Number(seconds ?? 60) * 1000)
  })

  app.get('/mails/:n', (c) => {
    const mail = sandbox.mail.mails[Number(c.req.param('n'))]
    return mail
      ? c.html(toHtml(<MailPreview mail={mail} at={c.req.path} />))
      : c.text('There is no such mail.', 404)
  })
  app.get('/mails/:n/html', (c) => {
    const mail = sandbox.mail.mails[Number(c.req.param('n'))]
    if (!mail) return c.text('There is no such mail.', 404)
    return c.html(mail.html, 200, {
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    })
  })
  app.get('/mails/:n/text', (c) => {
    const mail = sandbox.mail.mails[Number(c.req.param('n'))]
    return mail ? c.text(mail.text) : c.text('There is no such mail.', 404)
  })
  return app
}
