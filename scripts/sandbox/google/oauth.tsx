/** Google's sign-in: consent that may be given in part, tokens that run out, and grants that are taken back. */
import { createHash, randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { toHtml } from '../../../backend/web/site/layout.tsx'
import { Consent } from './consent.tsx'
import type { GoogleFaults } from './facts.ts'

export interface Grant {
  channelId: string
  scopes: string[]
}

const ACCESS_LASTS_MS = 3_600_000

export class GoogleOauth {
  readonly client = { id: 'sandbox-google', secret: randomBytes(16).toString('hex') }
  readonly #clock: Clock
  readonly #faults: Pick<GoogleFaults, 'grantRevoked'>
  readonly #channels: ReadonlyMap<string, string>
  readonly #codes = new Map<string, Grant & { challenge: string }>()
  readonly #refresh = new Map<string, Grant>()
  readonly #access = new Map<string, Grant & { expiresAtMs: number }>()

  constructor(
    clock: Clock,
    faults: Pick<GoogleFaults, 'grantRevoked'>,
    channels: ReadonlyMap<string, string>,
  ) {
    this.#channels = channels
    this.#clock = clock
    this.#faults = faults
  }

  issue(grant: Grant) {
    const accessToken = randomBytes(20).toString('hex')
    this.#access.set(accessToken, { ...grant, expiresAtMs: this.#clock.now() + ACCESS_LASTS_MS })
    return {
      access_token: accessToken,
      expires_in: ACCESS_LASTS_MS / 1000 - 1,
      scope: grant.scopes.join(' '),
      token_type: 'Bearer',
    }
  }

  who(authorization = ''): Grant | null {
    const access = this.#access.get(authorization.replace('Bearer ', ''))
    return access && access.expiresAtMs > this.#clock.now() ? access : null
  }

  isGranted(channelId: string): boolean {
    return [...this.#refresh.values()].some((grant) => grant.channelId === channelId)
  }

  revoke(channelId: string): void {
    for (const kept of [this.#refresh, this.#access])
      for (const [token, each] of kept) if (each.channelId === channelId) kept.delete(token)
  }

  expireAccess(): void {
    this.#access.clear()
  }

  routes(): Hono {
    const app = new Hono()
    app.get('/o/oauth2/v2/auth', (c) =>
      c.html(toHtml(<Consent query={c.req.query()} channels={this.#channels} />)),
    )
    app.post('/o/oauth2/v2/auth', async (c) => {
      const form = await c.req.parseBody({ all: true })
      const back = new URL(String(form.redirect_uri))
      back.searchParams.set('state', String(form.state))
      const scopes = [form.granted ?? []].flat().map(String)
      const code = randomBytes(15).toString('hex')
      this.#codes.set(code, {
        channelId: String(form.channel),
        scopes,
        challenge: String(form.code_challenge),
      })
      back.searchParams.set('code', code)
      back.searchParams.set('scope', scopes.join(' '))
      return c.redirect(back.href)
    })
    app.post('/token', async (c) => {
      const form = (await c.req.parseBody()) as Record<string, string>
      if (form.client_id !== this.client.id || form.client_secret !== this.client.secret)
        return c.json({ error: 'invalid_client' }, 401)
      if (form.grant_type === 'authorization_code') {
        const code = this.#codes.get(form.code ?? '')
        const challenge = createHash('sha256')
          .update(form.code_verifier ?? '')
          .digest('base64url')
        if (!code || code.challenge !== challenge) return c.json({ error: 'invalid_grant' }, 400)
        this.#codes.delete(form.code ?? '')
        const refreshToken = randomBytes(25).toString('hex')
        this.#refresh.set(refreshToken, code)
        return c.json({ ...this.issue(code), refresh_token: refreshToken })
      }
      const grant = this.#refresh.get(form.refresh_token ?? '')
      if (!grant || this.#faults.grantRevoked)
        return c.json(
          { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
          400,
        )
      return c.json(this.issue(grant))
    })
    app.post('/revoke', async (c) => {
      const { token } = (await c.req.parseBody()) as Record<string, string>
      const grant = this.#refresh.get(token ?? '')
      if (!grant) return c.json({ error: 'invalid_token' }, 400)
      this.revoke(grant.channelId)
      return c.json({})
    })
    return app
  }
}

// Lenient here: scopes, redirect addresses and the number of grants are not looked at; grants of applications that are being
// tested do not end after seven days.
