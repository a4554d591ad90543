/** id.twitch.tv: authorize (a page with a choice of people), token, refresh with rotation, validate, revoke. */
import { randomBytes } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { Page, toHtml } from '../../../backend/web/site/layout.tsx'
import type { TwitchWorld } from './world.ts'

interface Token {
  userId: string | null
  scopes: string[]
  expiresAtMs: number
  refreshToken: string | null
}

export class TwitchId {
  readonly #world: TwitchWorld
  readonly client = { id: 'sandbox-client', secret: randomBytes(16).toString('hex') }
  readonly tokens = new Map<string, Token>()
  readonly #codes = new Map<string, { userId: string; scopes: string[]; redirectUri: string }>()
  readonly #refreshTokens = new Map<string, { userId: string; scopes: string[] }>()
  /** User id → scopes once granted: what an app token may rely on. */
  readonly grants = new Map<string, Set<string>>()

  constructor(world: TwitchWorld) {
    this.#world = world
  }

  routes(): Hono {
    const app = new Hono()
    app.get('/authorize', (c) => {
      const { client_id: clientId, redirect_uri: redirectUri = '', scope = '', state = '' } = c.req.query()
      if (clientId !== this.client.id) return c.text('invalid client', 400)
      return c.html(
        toHtml(
          <ChoosePerson users={[...this.#world.users.values()]} query={{ redirectUri, scope, state }} />,
        ),
      )
    })
    app.post('/authorize', async (c) => {
      const form = (await c.req.parseBody()) as Record<string, string>
      const back = new URL(form.redirect_uri ?? '')
      back.searchParams.set('state', form.state ?? '')
      if (form.login === '') back.searchParams.set('error', 'access_denied')
      else {
        const scopes = (form.scope ?? '').split(' ').filter(Boolean)
        const user = this.#world.userOf(form.login ?? '')
        const code = randomBytes(15).toString('hex')
        this.#codes.set(code, { userId: user.id, scopes, redirectUri: form.redirect_uri ?? '' })
        this.grant(user.id, scopes)
        back.searchParams.set('code', code)
        back.searchParams.set('scope', scopes.join(' '))
      }
      return c.redirect(back.href)
    })
    app.post('/token', async (c) => {
      const form = { ...c.req.query(), ...((await c.req.parseBody()) as Record<string, string>) }
      if (form.client_id !== this.client.id || form.client_secret !== this.client.secret)
        return problem(c, 403, 'invalid client secret')
      switch (form.grant_type) {
        case 'client_credentials':
          return c.json(this.#issue(null, []))
        case 'authorization_code': {
          const code = this.#codes.get(form.code ?? '')
          if (!code || code.redirectUri !== form.redirect_uri)
            return problem(c, 400, 'Invalid authorization code')
          this.#codes.delete(form.code ?? '')
          return c.json(this.#issue(code.userId, code.scopes))
        }
        case 'refresh_token': {
          const grant = this.#refreshTokens.get(form.refresh_token ?? '')
          if (!grant) return problem(c, 400, 'Invalid refresh token')
          this.#refreshTokens.delete(form.refresh_token ?? '')
          return c.json(this.#issue(grant.userId, grant.scopes))
        }
        default:
          return problem(c, 400, 'unsupported grant type')
      }
    })
    app.get('/validate', (c) => {
      const token = this.tokenOf(c)
      if (!token) return problem(c, 401, 'invalid access token')
      const user = token.userId ? this.#world.users.get(token.userId) : undefined
      const expiresIn = Math.floor((token.expiresAtMs - this.#world.clock.now()) / 1000)
      const whose = user ? { login: user.login, user_id: user.id } : {}
      return c.json({ client_id: this.client.id, scopes: token.scopes, expires_in: expiresIn, ...whose })
    })
    app.post('/revoke', async (c) => {
      const form = { ...c.req.query(), ...((await c.req.parseBody()) as Record<string, string>) }
      this.tokens.delete(form.token ?? '')
      return c.body(null, 200)
    })
    return app
  }

  grant(userId: string, scopes: string[]): void {
    this.grants.set(userId, new Set([...(this.grants.get(userId) ?? []), ...scopes]))
  }

  /** An access token as a sign-in would end in, for tests that have no browser. */
  issueFor(userId: string, scopes: string[]): string {
    this.grant(userId, scopes)
    return this.#issue(userId, scopes).access_token
  }

  /** The person has taken their consent back, and no event says so. */
  forgetEverything(userId: string): void {
    for (const [token, { userId: whose }] of this.tokens) if (whose === userId) this.tokens.delete(token)
    for (const [token, { userId: whose }] of this.#refreshTokens)
      if (whose === userId) this.#refreshTokens.delete(token)
  }

  /** No access token works any more; they must be renewed. */
  expireAccess(): void {
    this.tokens.clear()
  }

  /** The living token that a request carries. */
  tokenOf(c: Context): Token | null {
    const token = this.tokens.get((c.req.header('authorization') ?? '').replace(/^(Bearer|OAuth) /, ''))
    return token && token.expiresAtMs > this.#world.clock.now() ? token : null
  }

  #issue(userId: string | null, scopes: string[]) {
    const accessToken = randomBytes(15).toString('hex')
    const refreshToken = userId ? randomBytes(25).toString('hex') : null
    const lastsSec = userId ? 4 * 60 * 60 : 50 * 24 * 60 * 60
    this.tokens.set(accessToken, {
      userId,
      scopes,
      refreshToken,
      expiresAtMs: this.#world.clock.now() + lastsSec * 1000,
    })
    if (userId && refreshToken) this.#refreshTokens.set(refreshToken, { userId, scopes })
    const common = { access_token: accessToken, expires_in: lastsSec, token_type: 'bearer' }
    return userId ? { ...common, refresh_token: refreshToken, scope: scopes } : common
  }
}

function problem(c: Context, status: 400 | 401 | 403, message: string) {
  return c.json({ status, message }, status)
}

function ChoosePerson(props: {
  users: { login: string; displayName: string }[]
  query: { redirectUri: string; scope: string; state: string }
}) {
  const { redirectUri, scope, state } = props.query
  return (
    <Page title="Sandbox Twitch: sign in">
      <main>
        <h1>Sandbox Twitch: who are you?</h1>
        <p class="muted">Echoes asks for: {scope || 'nothing beyond your name'}</p>
        <form method="post">
          <input type="hidden" name="redirect_uri" value={redirectUri} />
          <input type="hidden" name="scope" value={scope} />
          <input type="hidden" name="state" value={state} />
          {props.users.map((u) => (
            <p>
              <button class="primary" name="login" value={u.login}>
                {u.displayName}
              </button>
            </p>
          ))}
          <button name="login" value="">
            Do not allow
          </button>
        </form>
      </main>
    </Page>
  )
}

// Lenient here: any redirect address is taken; a code does not run out; a person may hold any number of refresh tokens;
// revoking an unknown token is answered with 200, where Twitch says 400.
