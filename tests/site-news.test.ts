/** What goes out and comes in by secret addresses: news, the end of news, Stream Deck buttons; and the secrets themselves. */
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { findChannel } from '../backend/db/channels.ts'
import { findGrant, storeNewGrant } from '../backend/db/grants.ts'
import { bucketProblem } from '../backend/own-bucket.ts'
import { isInside } from '../backend/notify/inside.ts'
import { addressProblem } from '../backend/notify/hooks.ts'
import { tokenBox } from '../backend/token-box.ts'
import { unsubscribeUrl } from '../backend/unsubscribe-links.ts'
import type { DeckAddresses, SiteState } from '../shared/site.ts'
import { startHooks } from '../scripts/sandbox/hooks.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { liveStreamer, startRunning } from './running.ts'

describe('news', () => {
  it('of a published recap goes by mail, to Discord and to one’s own signed address; each once', async () => {
    const hooks = await startHooks()
    onTestFinished(() => hooks.close())
    const discord = `${hooks.url}/discord/`
    const { running, visitor } = await liveStreamer({ DISCORD_WEBHOOKS_URL: discord }, [
      [33, '!echo 10 @everyone'],
    ])
    const { site, sandbox, channelId, echoes } = running
    await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
    const put = (kind: string, url: string) =>
      visitor.ask<{ state: SiteState; secret: string | null }>(`${site}/settings/hooks`, { kind, url })
    expect((await put('discord', 'https://evil.example/x')).status).toBe(422)
    expect((await put('discord', `${discord}1/token-of-discord`)).body.secret).toBeNull()
    const { secret, state } = (await put('webhook', `${hooks.url}/mine`)).body
    expect(state.hooks.map((h) => h.host)).toEqual([new URL(hooks.url).host, new URL(hooks.url).host])
    hooks.statuses.push(503, 503)
    sandbox.twitch.end(channelId)
    await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(1), 40_000)
    // What did not get through is seen, and tried again.
    await vi.waitFor(async () => {
      const shown = await visitor.ask<SiteState>(`${site}/settings/state`)
      expect(shown.body.hooks.map((h) => h.failure)).toEqual([
        'the address answered 503',
        'the address answered 503',
      ])
    }, 10_000)
    await echoes.db.updateTable('outbox').set({ next_at: 0 }).where('state', '=', 'waiting').execute()
    await vi.waitFor(() => expect(hooks.notices).toHaveLength(2), 10_000)
    const mine = hooks.notices.find((n) => n.path === '/mine')
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = mine?.headers ?? {}
    const key = Buffer.from((secret ?? '').replace('whsec_', ''), 'base64')
    expect(signature).toBe(
      `v1,${createHmac('sha256', key).update(`${id}.${at}.${mine?.body}`).digest('base64')}`,
    )
    const body = JSON.parse(mine?.body ?? '{}') as { event: string; data: { videoId: string } }
    expect(body).toMatchObject({ event: 'recap.published', data: { videoId: sandbox.google.videos[0]?.id } })
    const said = JSON.parse(hooks.notices.find((n) => n.path.startsWith('/discord'))?.body ?? '{}') as object
    expect(said).toMatchObject({ allowed_mentions: { parse: [] } })
    const rows = JSON.stringify(await echoes.db.selectFrom('hooks').selectAll().execute())
    expect(rows).not.toContain('token-of-discord')
  })

  it('nor do recaps go into a bucket inside', () => {
    const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
    const of = (url: string) => bucketProblem(url, keys, { allowLocal: false })
    expect(of('s3://mine?endpoint=https://s3.example.org')).toBeNull()
    for (const endpoint of [
      'http://s3.example.org',
      'https://127.0.0.1',
      'https://localhost',
      'https://[::1]',
    ])
      expect(of(`s3://mine?endpoint=${endpoint}`)).toMatch(/public Internet/)
    expect(of('/srv/media')).toMatch(/s3:/)
  })

  it('never goes inside', () => {
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.0.1',
      '169.254.169.254',
      '::1',
      'fd00::1',
      '::ffff:10.0.0.1',
      '100.64.0.1',
      '0.0.0.0',
    ])
      expect(isInside(address), address).toBe(true)
    for (const address of ['1.1.1.1', '2606:4700::1111', '172.32.0.1'])
      expect(isInside(address), address).toBe(false)
    const options = { allowLocal: false, discord: 'https://discord.com/api/webhooks/' }
    for (const url of [
      'http://example.org/',
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://localhost/',
      'https://db.internal/',
      'https://a:b@example.org/',
      'ftp://example.org',
      'x',
    ])
      expect(addressProblem('webhook', url, options), url).not.toBeNull()
    expect(addressProblem('webhook', 'https://example.org/hook?x=1', options)).toBeNull()
    expect(
      addressProblem('discord', 'https://discord.com.evil.example/api/webhooks/1', options),
    ).not.toBeNull()
  })

  it('ends with one click from the mail, without signing in; looking at the link ends nothing', async () => {
    const { running, visitor } = await liveStreamer({}, [[33, '!echo 10']])
    const { site, sandbox, channelId, echoes } = running
    sandbox.twitch.end(channelId)
    await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(1), 40_000)
    const [mail] = sandbox.mail.mails
    expect(mail?.subject).toBe('Your recap waits for your word')
    expect(mail?.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click')
    const link = /^<(.*)>$/.exec(mail?.headers['list-unsubscribe'] ?? '')?.[1] ?? ''
    expect(mail?.text).toContain(link)
    const wanted = async () => (await findChannel(echoes.db, channelId))?.settings.mailWaiting
    const stranger = new Visitor()
    expect((await stranger.get(link)).html).toContain('No more mails about recaps that wait for you?')
    expect(await wanted()).toBe(true)
    // As a mail program sends it: no cookie, no origin.
    const click = (url: string) =>
      fetch(url, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) })
    const forged = `${site}/unsubscribe/${await tokenBox(`k1:${randomBytes(32).toString('base64')}`).seal(`published:${channelId}`, 'unsubscribe')}`
    expect((await click(forged)).status).toBe(404)
    expect((await click(link)).status).toBe(200)
    expect(await wanted()).toBe(false)
    expect((await findChannel(echoes.db, channelId))?.settings.mailPublished).toBe(true)
    expect((await visitor.get(`${site}/settings`)).status).toBe(200)
  })
})

describe('a Stream Deck', () => {
  it('echoes, begins and ends long echoes, takes back and sets the mode; new addresses end the old', async () => {
    const { running, visitor } = await liveStreamer({}, [])
    const { site, echoes, channelId } = running
    const make = async () => {
      const { body } = await visitor.ask<DeckAddresses>(`${site}/settings/deck`, { on: true })
      return body.addresses[0]?.url.replace(/\/echo$/, '') ?? ''
    }
    const deck = await make()
    const press = async (path: string, at = deck) => {
      const answer = await fetch(`${at}/${path}`)
      return [answer.status, (await answer.text()).trim()]
    }
    expect(await press('echo?s=20&label=clutch')).toEqual([200, 'Saved: the last 20 s'])
    const rows = await echoes.db.selectFrom('echoes').selectAll().execute()
    expect(rows).toMatchObject([{ source: 'deck', length_ms: 20_000, label: 'clutch', user_id: channelId }])
    expect(await press('undo')).toEqual([200, 'Taken back'])
    expect(await press('start')).toEqual([200, 'On, until you press stop'])
    expect((await press('stop'))[1]).toMatch(/^Saved: 0:0\d$/)
    expect(await press('mode?to=everyone')).toEqual([200, 'Mode: everyone'])
    expect((await findChannel(echoes.db, channelId))?.settings.mode).toBe('everyone')
    expect((await press('mode?to=nobody'))[0]).toBe(400)
    expect((await press('echo?s=99999'))[0]).toBe(400)
    expect((await press('dance'))[0]).toBe(404)
    const again = await make()
    expect((await press('echo'))[0]).toBe(404)
    expect((await press('echo', again))[0]).toBe(200)
    const statuses: unknown[] = []
    for (let n = 0; n < 70; n++) statuses.push((await press('undo', again))[0])
    expect(statuses).toContain(429)
    expect(JSON.stringify(await echoes.db.selectFrom('deck_keys').selectAll().execute())).not.toContain(
      again.split('/').at(-1),
    )
  })
})

describe('secrets at rest', () => {
  it('cannot be read without the key; keys are rotated while everything runs, and the old one can go', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys')
    const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
    const [old, fresh] = [key('k1'), key('k2')]
    writeFileSync(file, old)
    const running = await startRunning({ TOKEN_KEYS: `file:${file}` })
    onTestFinished(() => running.stop())
    const { echoes, site, channelId, sandbox } = running
    const visitor = new Visitor()
    await signIn(visitor, site, PEOPLE.streamer)
    const sealed = async () => (await findGrant(echoes.db, channelId, 'twitch'))?.tokens ?? ''
    const before = await sealed()
    const link = await unsubscribeUrl(echoes.db, site, channelId, 'published')
    // One that nobody can open must not hold up the others.
    const lost = { channelId: '1', provider: 'twitch' as const, accountId: '1', accountName: '', scopes: [] }
    const tokens = await tokenBox(key('k0')).seal('{}', 'grant:twitch:1')
    await storeNewGrant(echoes.db, { ...lost, tokens, state: 'ok' }, { now: () => 1 })
    for (const token of sandbox.twitchId.tokens.keys()) expect(before).not.toContain(token)
    const purpose = `grant:twitch:${channelId}`
    await expect(tokenBox(fresh).open(before, purpose)).rejects.toThrow('not configured')
    writeFileSync(file, `${fresh},${old}`)
    await vi.waitFor(async () => expect(await sealed()).not.toBe(before), 10_000)
    const { accessToken } = JSON.parse(await tokenBox(fresh).open(await sealed(), purpose)) as {
      accessToken: string
    }
    expect(sandbox.twitchId.tokens.has(accessToken)).toBe(true)
    writeFileSync(file, fresh)
    // Mails that were sent before still end with one click.
    expect((await fetch(link, { method: 'POST' })).status).toBe(200)
    expect((await findChannel(echoes.db, channelId))?.settings.mailPublished).toBe(false)
    expect((await fetch(`${link.slice(0, -1)}x`, { method: 'POST' })).status).not.toBe(200)
    await visitor.submit(`${site}/agreement`, { kind: 'upload' })
    expect((await visitor.submit(`${site}/try`, {})).html).toContain('the bot has just said a line')
    await expect(tokenBox(fresh).open(await sealed(), 'grant:twitch:somebody-else')).rejects.toThrow(
      'something else',
    )
  })
})
