/** A browser without pictures: follows redirects, keeps cookies, sends forms. Enough to sign in as a person would. */
import { setStanding } from '../../backend/db/channels.ts'
import { openDatabase } from '../../backend/db/database.ts'
import { PEOPLE, type Sandbox } from './sandbox.ts'

export interface Page {
  url: string
  status: number
  html: string
}

export class Visitor {
  readonly #cookies = new Map<string, string>()
  /** Each `Set-Cookie` that came. */
  readonly lines: string[] = []

  /** A cookie that somebody else put here. */
  plant(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  async get(url: string): Promise<Page> {
    return this.#go(url, { method: 'GET', headers: { accept: 'text/html' } })
  }

  async submit(url: string, form: Record<string, string | string[]>): Promise<Page> {
    const body = new URLSearchParams(
      Object.entries(form).flatMap(([name, value]) => [value].flat().map((v) => [name, v])),
    )
    return this.#go(url, {
      method: 'POST',
      body,
      headers: { origin: new URL(url).origin, accept: 'text/html' },
    })
  }

  /** As a script of the site asks: JSON, with the session's cookie. */
  async ask<T>(
    url: string,
    body?: object,
    method = body ? 'POST' : 'GET',
  ): Promise<{ status: number; body: T }> {
    const answer = await fetch(url, {
      method,
      headers: {
        cookie: this.#cookie,
        origin: new URL(url).origin,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as T }
  }

  /** For a browser that is to be signed in as this visitor. */
  get cookies(): { name: string; value: string }[] {
    return [...this.#cookies].map(([name, value]) => ({ name, value }))
  }

  /** The bytes of a file, as a browser would save it. */
  async download(url: string): Promise<Uint8Array> {
    return new Uint8Array(await (await fetch(url, { headers: { cookie: this.#cookie } })).arrayBuffer())
  }

  get #cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #go(first: string, init: RequestInit): Promise<Page> {
    let [url, request] = [first, init]
    for (let hop = 0; hop < 10; hop++) {
      const answer = await fetch(url, {
        ...request,
        headers: { ...request.headers, cookie: this.#cookie },
        redirect: 'manual',
      })
      for (const line of answer.headers.getSetCookie()) {
        this.lines.push(line)
        const [pair = ''] = line.split(';')
        const at = pair.indexOf('=')
        this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
      }
      const location = answer.headers.get('location')
      if (!location || answer.status < 300 || answer.status >= 400)
        return { url, status: answer.status, html: await answer.text() }
      await answer.body?.cancel()
      url = new URL(location, url).href
      request = { method: 'GET', headers: { accept: 'text/html' } }
    }
    throw new Error('too many redirects')
  }
}

/** Signs a streamer in at Echoes through the sandbox's Twitch. */
/** @param also what is asked for beside the usual: `?also=clips`, `?as=editor` */
export async function signIn(visitor: Visitor, site: string, login: string, also = ''): Promise<Page> {
  const page = await visitor.get(`${site}/sign-in/twitch${also}`)
  const query = Object.fromEntries(new URL(page.url).searchParams)
  const form = {
    redirect_uri: query.redirect_uri ?? '',
    scope: query.scope ?? '',
    state: query.state ?? '',
    login,
  }
  return visitor.submit(page.url, form)
}

/** Connects a YouTube channel through the sandbox's Google, with all grants or those given. */
export async function connectYoutube(
  visitor: Visitor,
  site: string,
  grants?: string[],
  { channel = 'UCsandboxstreamer0000000', also = '' } = {},
): Promise<Page> {
  const page = await visitor.get(`${site}/connect/youtube${also}`)
  const query = Object.fromEntries(new URL(page.url).searchParams)
  return visitor.submit(page.url, {
    redirect_uri: query.redirect_uri ?? '',
    state: query.state ?? '',
    code_challenge: query.code_challenge ?? '',
    granted: grants ?? (query.scope ?? '').split(' '),
    channel,
  })
}

/** All that a streamer does before the first recap: signs in, connects YouTube, agrees to publishing. */
export async function setUpStreamer(site: string, login: string): Promise<Visitor> {
  const visitor = new Visitor()
  await signIn(visitor, site, login)
  await connectYoutube(visitor, site)
  await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
  return visitor
}

/** Puts the approved viewer on the streamer's list, as the streamer would. @param database of Echoes */
export async function approve(sandbox: Sandbox, database: string): Promise<void> {
  const db = await openDatabase(database)
  const [streamer, viewer] = [PEOPLE.streamer, PEOPLE.approved].map((login) => sandbox.twitch.userOf(login))
  if (streamer && viewer)
    await setStanding(db, streamer.id, { userId: viewer.id, login: viewer.login }, 'approved', Date.now())
  await db.destroy()
}
