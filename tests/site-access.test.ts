/** Who may do what on the companion site: nobody reaches another's things, and no other site can act in one's name. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { DeskState } from '../shared/desk.ts'
import { addEditor, removeEditor } from '../backend/db/editors.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let recapId = ''
let cardId = ''
const streamer = new Visitor()
const other = new Visitor()
const editor = new Visitor()

beforeAll(async () => {
  running = await startRunning()
  const { sandbox, site, channelId, echoes } = running
  await signIn(streamer, site, PEOPLE.streamer)
  await connectYoutube(streamer, site)
  await signIn(other, site, 'vera')
  await running.subscribed()
  sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000, title: 'Clock practice' })
  const known = () => echoes.db.selectFrom('streams').select('id').executeTakeFirst()
  await vi.waitFor(async () => expect(await known()).toBeTruthy(), 10_000)
  sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 thunder')
  const echo = () => echoes.db.selectFrom('echoes').select('id').executeTakeFirst()
  await vi.waitFor(async () => expect(await echo()).toBeTruthy(), 10_000)
  cardId = (await echo())?.id ?? ''
  sandbox.twitch.end(channelId)
  await vi.waitFor(async () => {
    const [recap] = await recapsOf(echoes.db, channelId)
    expect(recap?.state).toBe('rendered')
    recapId = recap?.id ?? ''
  }, 30_000)
  const user = sandbox.twitch.userOf(PEOPLE.moderator)
  await addEditor(echoes.db, channelId, { userId: user.id, login: user.login }, Date.now())
  await signIn(editor, site, PEOPLE.moderator, '?as=editor')
})
afterAll(() => running?.stop())

/** Open to everybody, each with a reason of its own. */
const OPEN = new Set([
  'GET /', // what Echoes is
  'GET /site.css',
  'GET /privacy',
  'GET /terms',
  'GET /r/:id', // where the streamer wants it shown
  'GET /assets/:file{[\\w-]+\\.(js|css)}',
  'GET /healthz',
  'GET /readyz',
  'GET /sign-in/twitch',
  'GET /sign-in/twitch/done', // bound to the browser that began it
  'GET /connect/youtube/done', // the same
  'POST /sign-out', // ends one's own session, if there is one
  'POST /sign-out/everywhere',
  'POST /events/twitch', // signed by Twitch
  'GET /unsubscribe/:token', // the token says whose
  'POST /unsubscribe/:token',
  'GET /deck/:key/:action', // the key says whose
  'POST /deck/:key/:action',
])
/** The extension's, which a token opens and no cookie (backend/web/extension/extension.test.ts). */
const EXTENSION = /^(\w+) \/(panel|config)(\/|$)/

const routes = () =>
  running.echoes.routes
    .filter(({ method }) => method !== 'ALL' && method !== 'OPTIONS')
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !OPEN.has(route) && !EXTENSION.test(route))

/** An address of the first streamer's things, for a route. */
function addressOf(path: string): string {
  return path
    .replace(/:list\{.*?\)\}/, 'moments.csv')
    .replace(/:(\w+)\{(\w+)\|\w+\}/g, '$2')
    .replace(':id', recapId)
    .replace(':card', cardId)
}

/** Everything that a route could change. */
async function facts() {
  const { db } = running.echoes
  const tables = ['edits', 'consents', 'editors', 'hooks', 'deck_keys', 'standings'] as const
  const rows: unknown[] = await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()))
  // Only what people decide: the worker still says how far it has come.
  rows.push(
    await db.selectFrom('recaps').select(['id', 'title', 'description', 'decision', 'decided_at']).execute(),
  )
  const channel = await db.selectFrom('channels').selectAll().where('id', '=', running.channelId).execute()
  return JSON.stringify([rows, channel])
}

async function knock(visitor: Visitor | null, route: string) {
  const [method = '', path = ''] = route.split(' ')
  const address = running.site + addressOf(path)
  const body = method === 'GET' || method === 'DELETE' ? null : '{}'
  const answer = await fetch(address, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      origin: running.site,
      cookie: (visitor?.cookies ?? []).map(({ name, value }) => `${name}=${value}`).join('; '),
      'content-type': path.includes('clips') ? 'video/mp4' : 'application/json',
    },
    ...(body === null ? {} : { body }),
  })
  return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
}

describe('every route there is', () => {
  it('a stranger gets nothing of it', async () => {
    expect(routes().length).toBeGreaterThan(25)
    const before = await facts()
    for (const route of routes()) {
      const { status, location } = await knock(null, route)
      const refused =
        status === 401 || status === 404 || (status === 302 && location === '/') || status === 303
      expect(refused, `${route}: ${status} ${location ?? ''}`).toBe(true)
    }
    expect(await facts()).toBe(before)
  })

  it('another channel’s streamer reaches nothing of this one', async () => {
    const before = await facts()
    for (const route of routes().filter((r) => r.includes(':id'))) {
      const { status } = await knock(other, route)
      expect(status, route).toBe(404)
    }
    for (const route of routes().filter((r) => !r.includes(':id'))) await knock(other, route)
    const rows = (await facts()).replaceAll(/"created_at":\d+/g, '')
    expect(rows).toBe(before.replaceAll(/"created_at":\d+/g, ''))
    // What they see is theirs.
    const { text } = await knock(other, 'GET /settings/state')
    expect(text).not.toContain('sunny')
    await running.echoes.db.deleteFrom('deck_keys').execute()
  })

  it('an editor reviews and edits, and neither publishes, drops nor sees settings', async () => {
    const { site } = running
    expect((await editor.get(site)).html).toContain(`/recaps/${recapId}`)
    const state = await editor.ask<DeskState>(`${site}/recaps/${recapId}/state`)
    expect(state.body).toMatchObject({ mayPublish: false, stage: 'waiting' })
    const edit = { seen: 0, card: cardId, change: { title: 'by an editor' } }
    expect((await editor.ask(`${site}/recaps/${recapId}/edits`, edit)).status).toBe(200)
    for (const path of [
      `/recaps/${recapId}/publish`,
      `/recaps/${recapId}/drop`,
      '/settings/deck',
      '/agreement',
    ])
      expect((await editor.ask(site + path, {})).status, path).toBe(403)
    expect((await editor.ask(`${site}/settings/state`)).status).toBe(403)
    expect((await editor.ask(`${site}/site/config`)).status).toBe(403)
  })

  it('in no state of a recap an editor makes it public, for another audience, drops or restores it', async () => {
    const { site, echoes } = running
    const at = `${site}/recaps/${recapId}`
    const before = await echoes.db
      .selectFrom('recaps')
      .selectAll()
      .where('id', '=', recapId)
      .executeTakeFirstOrThrow()
    const set = (change: Partial<typeof before>) =>
      echoes.db.updateTable('recaps').set(change).where('id', '=', recapId).execute()
    const words = (own: object) => ({ seen: 99, card: '', change: { words: own } })
    for (const state of ['preparing', 'rendered', 'published', 'empty', 'failed'] as const)
      for (const decision of [null, 'publish', 'drop'] as const) {
        await set({ state, decision })
        const forbidden: [string, object][] = [
          ['publish', {}],
          ['drop', {}],
          [`cards/${cardId}/publish`, {}],
          ['edits', words({ privacy: 'public' })],
          ['edits', words({ madeForKids: true })],
          ...(decision === 'drop' ? [['again', {}] as [string, object]] : []),
        ]
        for (const [path, body] of forbidden) {
          const { status } = await editor.ask(`${at}/${path}`, body)
          expect(status, `${path} of a recap that is ${state}, decided: ${decision}`).toBe(403)
        }
        const after = await echoes.db
          .selectFrom('recaps')
          .select(['state', 'decision'])
          .where('id', '=', recapId)
          .executeTakeFirstOrThrow()
        expect(after).toEqual({ state, decision })
      }
    await set({ state: before.state, decision: before.decision })
  })

  it('two at one desk do not overwrite each other; each takes back their own', async () => {
    const { site } = running
    const at = `${site}/recaps/${recapId}`
    const mine = { seen: 0, card: cardId, change: { title: 'by the streamer' } }
    const clash = await streamer.ask<{ sentence: string; state: DeskState }>(`${at}/edits`, mine)
    expect(clash.status).toBe(409)
    expect(clash.body.state.cards[0]?.title).toBe('by an editor')
    const seen = clash.body.state.edits
    expect((await streamer.ask<DeskState>(`${at}/edits`, { ...mine, seen })).body.cards[0]?.title).toBe(
      'by the streamer',
    )
    // Something else of the same card is nobody's business.
    const drop = { seen, card: cardId, change: { kept: false } }
    expect((await editor.ask<DeskState>(`${at}/edits`, drop)).body.cards[0]).toMatchObject({
      place: 'dropped',
    })
    const undone = await streamer.ask<DeskState>(`${at}/undo`, {})
    expect(undone.body.cards[0]).toMatchObject({ title: 'by an editor', place: 'dropped' })
    expect((await streamer.ask<DeskState>(`${at}/redo`, {})).body.cards[0]?.title).toBe('by the streamer')
    expect((await editor.ask<DeskState>(`${at}/undo`, {})).body.cards[0]?.place).toBe('in')
  })

  it('an editor who is let go of is out at once', async () => {
    const { echoes, site, channelId, sandbox } = running
    await removeEditor(echoes.db, channelId, sandbox.twitch.userOf(PEOPLE.moderator).id)
    expect((await editor.ask(`${site}/recaps/${recapId}/state`)).status).toBe(401)
    expect((await editor.get(site)).html).toContain('Nobody has let you in yet')
  })
})

describe('other sites', () => {
  const post = (path: string, headers: Record<string, string>, body = '') =>
    fetch(running.site + path, {
      method: 'POST',
      redirect: 'manual',
      body,
      headers: {
        cookie: streamer.cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
        ...headers,
      },
    })
  const FORM = 'application/x-www-form-urlencoded'

  it('cannot send a form in one’s name, whatever type they give it', async () => {
    const before = await facts()
    for (const type of [FORM, 'multipart/form-data', 'text/plain'])
      for (const origin of ['https://evil.example', 'null'])
        for (const path of ['/agreement', `/recaps/${recapId}/publish`, '/site/config/people', '/try']) {
          const { status } = await post(path, { origin, 'content-type': type }, 'kind=auto_publish')
          expect(status, `${path} ${type} ${origin}`).toBe(403)
        }
    expect(
      (await post(`/recaps/${recapId}/edits`, { origin: running.site, 'content-type': FORM }, 'a=1')).status,
    ).toBe(415)
    expect(await facts()).toBe(before)
  })

  it('are not redirected to: sign-in leads to Twitch and back to the first page alone', async () => {
    const go = (path: string) => fetch(running.site + path, { redirect: 'manual' })
    for (const path of [
      '/sign-in/twitch?next=https://evil.example',
      '/sign-in/twitch?return_to=//evil.example',
    ]) {
      const to = new URL((await go(path)).headers.get('location') ?? '')
      expect(to.origin).toBe(new URL(running.config.twitch.addresses.id).origin)
      expect(to.searchParams.get('redirect_uri')).toBe(`${running.site}/sign-in/twitch/done`)
    }
    for (const path of ['//evil.example', '/\\evil.example', '/sign-in/twitch/done?state=x&code=y'])
      expect((await go(path)).headers.get('location') ?? '').not.toContain('evil')
  })

  it('may neither frame nor read a page, nor run a script in it', async () => {
    const { headers } = await fetch(running.site)
    const policy = headers.get('content-security-policy') ?? ''
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ])
      expect(policy).toContain(part)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('strict-transport-security')).toContain('max-age')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('sessions', () => {
  it('begin under a new secret, which scripts cannot read; a planted one is worth nothing', async () => {
    const visitor = new Visitor()
    visitor.plant('sid', 'planted-by-somebody')
    await signIn(visitor, running.site, 'victor')
    const sid = visitor.cookies.find((c) => c.name === 'sid')?.value ?? ''
    expect(sid).not.toBe('planted-by-somebody')
    expect(sid.length).toBeGreaterThanOrEqual(43)
    const planted = await fetch(`${running.site}/settings/state`, {
      headers: { cookie: 'sid=planted-by-somebody' },
    })
    expect(planted.status).toBe(401)
    const rows = await running.echoes.db.selectFrom('sessions').select('id_hash').execute()
    expect(JSON.stringify(rows)).not.toContain(sid)
    expect(visitor.lines.find((line) => line.startsWith('sid='))).toMatch(/HttpOnly.*SameSite=Lax/)
  })

  it('end everywhere with one press, and when Twitch says that the grant is gone', async () => {
    const { site, echoes, sandbox } = running
    const [here, there] = [new Visitor(), new Visitor()]
    for (const visitor of [here, there]) await signIn(visitor, site, 'victor')
    const status = async (visitor: Visitor) => (await visitor.ask(`${site}/settings/state`)).status
    expect([await status(here), await status(there)]).toEqual([200, 200])
    await here.submit(`${site}/sign-out/everywhere`, {})
    expect([await status(here), await status(there)]).toEqual([401, 401])

    await signIn(there, site, 'victor')
    const { id } = sandbox.twitch.userOf('victor')
    await sandbox.eventsub.deliver(
      'user.authorization.revoke',
      id,
      { client_id: 'x', user_id: id },
      Date.now(),
    )
    await vi.waitFor(async () => expect(await status(there)).toBe(401), 10_000)

    // Nobody told of it: the hourly question does.
    await signIn(there, site, 'victor')
    sandbox.twitchId.forgetEverything(id)
    await echoes.db.updateTable('grants').set({ validated_at: 0 }).where('channel_id', '=', id).execute()
    await vi.waitFor(async () => expect(await status(there)).toBe(401), 10_000)
    expect(await status(streamer)).toBe(200)
  })
})
