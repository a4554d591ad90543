/**
 * The rig: Twitch's side of an extension, on loopback. One server is Twitch's site with the frames, the tokens and the
 * PubSub; the other is the CDN, `<client id>.ext-twitch.tv`, with the Content-Security-Policy that Twitch enforces.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono, type Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { SignJWT } from 'jose'
import { toHtml } from '../../../backend/web/site/layout.tsx'
import { SITE_CSS } from '../../../backend/web/site/style.ts'
import { withHelper } from '../../extension/build.ts'
import { listen, type Listening } from '../http.ts'
import type { TwitchWorld } from '../twitch/world.ts'
import { RigPage, type FrameSetup } from './page.tsx'
import { RIG_CSS } from './style.ts'

export interface Rig {
  /** Twitch's site. */
  url: string
  /** Where the extension's files come from. */
  filesUrl: string
  extension: { clientId: string; secret: string; ownerId: string }
  /** What is served: the folders of the built extension and of the rig's own scripts. */
  serve(built: { extension: string; rig: string; links: { text: string; url: string }[] }): void
  /** What the back end and YouTube must be allowed for, as a streamer's reviewer would enter it. */
  allow(domains: { connect: string[]; images: string[] }): void
  /** A token as Twitch would sign it. */
  token(claims: Record<string, unknown>, secret?: string): Promise<string>
  close(): Promise<void>
}

const TOKEN_SEC = 60 * 60
/** Somebody who is not logged in: their id changes with each visit. */
const NOBODY = 'logged-out'
const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  txt: 'text/plain',
}

export async function startRig(world: TwitchWorld, channelLogin: string): Promise<Rig> {
  const extension = {
    clientId: 'sandboxextension',
    secret: randomBytes(32).toString('base64'),
    ownerId: '100000',
  }
  const channel = world.userOf(channelLogin)
  let built: Parameters<Rig['serve']>[0] | null = null
  let allowed = { connect: [] as string[], images: [] as string[] }
  const token: Rig['token'] = (claims, secret = extension.secret) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(new Uint8Array(Buffer.from(secret, 'base64')))

  const granted = async (person: string, shared: boolean) => {
    const user = person === NOBODY ? null : world.userOf(person)
    const badges = user ? world.badgesOf(channel.id, user.id) : []
    const role = badges.includes('broadcaster')
      ? 'broadcaster'
      : badges.includes('moderator')
        ? 'moderator'
        : 'viewer'
    // Stable for an account in a channel, and no user id.
    const opaqueId = user ? `U${opaque(user.login)}` : `A${randomBytes(8).toString('hex')}`
    const id = user && (shared || role === 'broadcaster') ? user.id : null
    const exp = Math.floor(world.clock.now() / 1000) + TOKEN_SEC
    const claims = {
      exp,
      opaque_user_id: opaqueId,
      channel_id: channel.id,
      role,
      is_unlinked: id === null,
      pubsub_perms: { listen: ['broadcast', 'global'] },
      ...(id ? { user_id: id } : {}),
    }
    const auth = {
      channelId: channel.id,
      clientId: extension.clientId,
      token: await token(claims),
      userId: opaqueId,
      helixToken: '',
    }
    return { auth, viewer: { opaqueId, id, role, isLinked: id !== null } }
  }

  const site = new Hono()
  const people = [
    ...[...world.users.values()].map((u) => ({ value: u.login, text: u.login })),
    { value: NOBODY, text: 'not logged in' },
  ]
  site.get('/site.css', (c) => c.body(SITE_CSS, 200, { 'content-type': 'text/css' }))
  site.get('/rig.css', (c) => c.body(RIG_CSS, 200, { 'content-type': 'text/css' }))
  site.get('/', (c) =>
    c.html(
      toHtml(<RigPage files={files.url} people={people} frames={framesOf(c)} links={built?.links ?? []} />),
    ),
  )
  site.get('/rig/token', async (c) => {
    const { person = NOBODY, shared } = c.req.query()
    return c.json(await granted(person, shared === '1'))
  })
  site.get('/rig/pubsub', (c) =>
    streamSSE(c, async (stream) => {
      const hear = (channelId: string, message: unknown) => {
        if (channelId === channel.id) void stream.writeSSE({ data: String(message) })
      }
      world.on('pubsub', hear)
      await new Promise<void>((resolve) => stream.onAbort(resolve))
      world.off('pubsub', hear)
    }),
  )
  const script = (c: Context, name: string) =>
    built ? fileOf(c, built.rig, name) : c.text('The rig’s scripts are not built.', 503)
  site.get('/rig/host.js', (c) => script(c, 'host.js'))
  site.get('/helper/v1/twitch-ext.min.js', (c) => script(c, 'helper.js'))
  const siteServer = await listen(site)

  const cdn = new Hono()
  cdn.get('/:file', (c) => {
    if (!built) return c.text('The extension is not built.', 503)
    c.header('content-security-policy', policy())
    const name = c.req.param('file')
    if (!name.endsWith('.html')) return fileOf(c, built.extension, name)
    const path = join(built.extension, name)
    if (!/^[\w.-]+$/.test(name) || !existsSync(path)) return c.notFound()
    return c.html(withHelper(readFileSync(path, 'utf8'), `${siteServer.url}/helper/v1/twitch-ext.min.js`))
  })
  const files: Listening = await listen(cdn)

  /** As Twitch sends it with hosted extensions (twitchdev/issues 412), the listing's domains filled in. */
  function policy(): string {
    return [
      `default-src 'self'`,
      `script-src 'self' ${siteServer.url}`,
      `style-src 'self' 'unsafe-inline'`,
      `img-src 'self' data: ${allowed.images.join(' ')}`,
      `media-src 'none'`,
      `connect-src ${allowed.connect.join(' ') || "'none'"}`,
      `frame-ancestors ${siteServer.url}`,
    ].join('; ')
  }

  return {
    url: siteServer.url,
    filesUrl: files.url,
    extension,
    serve: (next) => void (built = next),
    allow: (next) => void (allowed = next),
    token,
    close: async () => void (await Promise.all([siteServer.close(), files.close()])),
  }
}

/** One frame as the address asks for it, or all four views. */
function framesOf(c: Context): FrameSetup[] {
  const query = c.req.query()
  const of = (view: FrameSetup['view'], person: string): FrameSetup => ({
    view,
    person: query.person ?? person,
    theme: query.theme === 'light' ? 'light' : 'dark',
    latency: query.latency ?? '4',
    network: query.network ?? 'ok',
    shared: query.shared === '1',
    language: query.language ?? 'en',
  })
  const wanted = query.view as FrameSetup['view'] | undefined
  if (wanted) return [of(wanted, 'vera')]
  return [of('panel', 'vera'), of('mobile', 'victor'), of('live-config', 'sunny'), of('config', 'sunny')]
}

function fileOf(c: Context, dir: string, name: string): Response {
  const path = join(dir, name)
  if (!/^[\w.-]+$/.test(name) || !existsSync(path)) return c.text('There is no such file.', 404)
  const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return c.body(readFileSync(path), 200, { 'content-type': type, 'cache-control': 'no-store' })
}

/** Letters that only this sandbox can turn back. */
function opaque(login: string): string {
  return Buffer.from(`opaque-${login}`).toString('base64url')
}
