/** Taking everything home, leaving with nothing left behind, and what YouTube told growing old. */
import { unzipSync } from 'fflate'
import { readdirSync, statSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { changeSettings } from '../backend/db/channels.ts'
import type { Database } from '../backend/db/database.ts'
import { addEditor } from '../backend/db/editors.ts'
import { findGrant } from '../backend/db/grants.ts'
import { tablesKnown } from '../backend/db/personal-data.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { findUpload } from '../backend/db/uploads.ts'
import { forgetPerson } from '../backend/db/withdrawals.ts'
import { refreshYoutube, type RefreshContext } from '../backend/jobs/refresh-youtube.ts'
import { makeLog } from '../backend/log.ts'
import { Fault } from '../shared/fault.ts'
import type { SiteState } from '../shared/site.ts'
import { EVENTSUB_PATH } from '../backend/web/eventsub.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

const SOON = { timeout: 20_000, interval: 50 }
const DAY_MS = 24 * 60 * 60_000
const YOUTUBE = 'UCsandboxstreamer0000000'

/** A streamer who has used all there is, with a recap on YouTube; and another one beside. */
async function afterAStream(logs: string[] = []) {
  const log = makeLog('info', { write: (line) => void logs.push(line) })
  const running = await startRunning({}, { billing: true, log })
  onTestFinished(() => running.stop())
  const { sandbox, site, channelId, echoes } = running
  const visitor = new Visitor()
  await signIn(visitor, site, PEOPLE.streamer)
  await connectYoutube(visitor, site)
  await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
  const checkout = await visitor.submit(`${site}/billing/checkout`, {})
  await visitor.submit(checkout.url, { card: 'good' })
  await visitor.ask<SiteState>(`${site}/settings/hooks`, {
    kind: 'webhook',
    url: 'http://127.0.0.1:9/nowhere',
  })
  await visitor.ask(`${site}/settings/deck`, { on: true })
  const editor = sandbox.twitch.userOf(PEOPLE.moderator)
  await addEditor(echoes.db, channelId, { userId: editor.id, login: editor.login }, Date.now())
  const other = new Visitor()
  await signIn(other, site, 'vera')
  // Helped at Vera's desk.
  await echoes.db
    .insertInto('edits')
    .values({
      id: 'e1',
      show_id: 'of-vera',
      recap_id: '',
      echo_id: 'm1',
      part: 0,
      change: '{"title":"x"}',
      at: Date.now(),
      seq: 1,
      author: channelId,
    })
    .execute()
  await running.subscribed()
  sandbox.twitch.goLive(channelId, { startedAtMs: Date.now() - 140_000, title: 'Clock practice' })
  const streams = () => echoes.db.selectFrom('streams').select('id').execute()
  await vi.waitFor(async () => expect(await streams()).toHaveLength(1), SOON)
  sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 20 thunder')
  sandbox.twitch.say(channelId, PEOPLE.moderator, '!echo 20 thunder and lightning')
  const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
  await vi.waitFor(async () => expect(await taken()).toHaveLength(2), SOON)
  sandbox.twitch.end(channelId)
  const recap = async () => (await recapsOf(echoes.db, channelId))[0]
  await vi.waitFor(async () => expect((await recap())?.state).toBe('published'), {
    timeout: 40_000,
    interval: 100,
  })
  await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(1), SOON)
  return { running, visitor, other, recap }
}

/** Every row of every table, by table. */
async function allRows(db: Database): Promise<Map<string, string>> {
  const rows = new Map<string, string>()
  for (const table of tablesKnown())
    rows.set(table, JSON.stringify((await sql`select * from ${sql.table(table)}`.execute(db)).rows))
  return rows
}

/** Everything of the durable engine. */
function engineRows({ config }: Running): string {
  const db = new DatabaseSync(config.engineUrl, { readOnly: true })
  const rows = ['workflow_runs', 'step_attempts', 'workflow_signals'].map((table) =>
    db.prepare(`select * from ${table}`).all(),
  )
  db.close()
  return JSON.stringify(rows)
}

const filesUnder = (dir: string) =>
  readdirSync(dir, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(dir, name)).isFile())

describe('leaving', { timeout: 90_000 }, () => {
  it('deletes everything, also when Stripe fails at first; only the receipt is left', async () => {
    const logs: string[] = []
    const { running, visitor, recap } = await afterAStream(logs)
    const { sandbox, site, channelId, echoes, config } = running
    const before = await recap()
    const ids = [channelId, 'sunny', 'Sunny', before?.id ?? '', before?.showId ?? '', YOUTUBE]
    const tables = await allRows(echoes.db)
    expect([...tables].filter(([, rows]) => rows.includes(channelId)).length).toBeGreaterThan(15)
    expect(engineRows(running)).toContain(before?.showId)
    const veras = sandbox.twitch.userOf('vera').id
    const [others] = await echoes.db.selectFrom('channels').selectAll().where('id', '=', veras).execute()

    const wrong = await visitor.submit(`${site}/account/delete`, { name: 'somebody' })
    expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('Nothing was deleted')])
    const [linesBefore, mailsBefore] = [logs.length, sandbox.mail.mails.length]
    sandbox.stripe.faults.statuses.push(500, 500, 500, 503)
    const left = await visitor.submit(`${site}/account/delete`, { name: 'Sunny' })
    const receipt = /E-[0-9A-F]{12}/.exec(left.html)?.[0] ?? ''
    expect(receipt).not.toBe('')
    // Signed out at once, everywhere.
    expect((await visitor.get(`${site}/account`)).url).toBe(`${site}/`)
    await vi.waitFor(() => expect(sandbox.mail.mails.length).toBe(mailsBefore + 1), SOON)
    await vi.waitFor(async () => {
      const [row] = await echoes.db.selectFrom('departures').selectAll().execute()
      expect(row).toMatchObject({ receipt, channel_id: '' })
      expect(row?.finished_at).not.toBeNull()
    }, SOON)

    const mail = sandbox.mail.mails.at(-1)
    expect(mail?.subject).toContain(receipt)
    expect(mail?.headers['list-unsubscribe']).toBeUndefined()
    // Our own words to them, once they are out, are the only place with their address.
    const rows = await allRows(echoes.db)
    const outbox = rows.get('outbox') ?? ''
    rows.delete('outbox')
    for (const id of ids) {
      for (const [table, text] of rows) expect(text.includes(id), `${id} in ${table}`).toBe(false)
      expect(engineRows(running).includes(id), `${id} in the engine`).toBe(false)
      expect(filesUnder(`${config.dataDir}/storage`).filter((name) => name.includes(id))).toEqual([])
      const said = logs.slice(linesBefore).filter((line) => line.includes(id) && !line.includes(receipt))
      expect(said, `${id} in the log`).toEqual([])
      expect(mail?.text.includes(id) && id !== 'sunny', `${id} in the mail`).toBe(false)
    }
    expect(filesUnder(`${config.dataDir}/storage`)).toEqual([])
    expect((JSON.parse(outbox) as { unique_key: string }[]).map((row) => row.unique_key)).toEqual([
      `farewell.${receipt}`,
    ])
    // What others gave us was given back.
    const tokens = [...sandbox.twitchId.tokens.values()].filter((token) => token.userId === channelId)
    expect(tokens).toEqual([])
    expect(sandbox.google.isGranted(YOUTUBE)).toBe(false)
    expect([...sandbox.stripe.subscriptions.values()].map((s) => s.status)).toEqual(['canceled'])
    expect([...sandbox.stripe.customers.values()].map((c) => c.deleted)).toEqual([true])
    expect(sandbox.eventsub.delivers(channelId, ['stream.online'])).toBe(false)
    // Nobody else's was touched.
    expect(await echoes.db.selectFrom('channels').selectAll().execute()).toEqual([others])
    expect(sandbox.google.videos).toHaveLength(1)

    // What was subscribed to while all this went on is ended, too.
    sandbox.eventsub.create({
      type: 'stream.online',
      version: '1',
      condition: { broadcaster_user_id: channelId },
      callback: `${site}${EVENTSUB_PATH}`,
      secret: config.twitch.eventsubSecret,
    })
    await vi.waitFor(() => expect(sandbox.eventsub.delivers(channelId, ['stream.online'])).toBe(true), SOON)
    sandbox.twitch.goLive(channelId)
    await vi.waitFor(() => expect(sandbox.eventsub.delivers(channelId, ['stream.online'])).toBe(false), SOON)

    // Who comes back begins anew, but for the trial.
    const again = new Visitor()
    const home = await signIn(again, site, PEOPLE.streamer)
    expect(home.html).toContain('Not connected yet')
    expect((await again.get(`${site}/billing`)).html).not.toContain('14 days')
  })

  it('nothing is bought meanwhile: not in a tab that is still open, and not by coming back', async () => {
    const running = await startRunning({}, { billing: true })
    onTestFinished(() => running.stop())
    const { sandbox, site } = running
    const visitor = new Visitor()
    await signIn(visitor, site, PEOPLE.streamer)
    const tab = await visitor.submit(`${site}/billing/checkout`, {})
    // Stripe is away, so that leaving takes a while.
    sandbox.stripe.faults.statuses.push(...Array.from({ length: 500 }, () => 503))
    await visitor.submit(`${site}/account/delete`, { name: 'Sunny' })
    const again = new Visitor()
    expect((await signIn(again, site, PEOPLE.streamer)).html).toContain('This account is being deleted')
    expect((await again.submit(`${site}/billing/checkout`, {})).url).not.toContain('/pay/')
    sandbox.stripe.faults.statuses.length = 0
    const open = async () =>
      (await running.echoes.db.selectFrom('departures').selectAll().execute()).filter((d) => !d.finished_at)
    await vi.waitFor(async () => expect(await open()).toEqual([]), SOON)
    await visitor.submit(tab.url, { card: 'good' })
    expect([...sandbox.stripe.checkouts.values()].map((c) => c.status)).toEqual(['expired'])
    expect([...sandbox.stripe.subscriptions.values()]).toEqual([])
    expect([...sandbox.stripe.customers.values()].map((c) => c.deleted)).toEqual([true])
  })

  it('takes everything home as a zip: each table, each video, no secrets', async () => {
    const { running, visitor, recap } = await afterAStream()
    const files = unzipSync(await visitor.download(`${running.site}/account/export.zip`))
    const { id, product } = (await recap()) ?? {}
    const video = files[`recaps/${id}.mp4`] ?? new Uint8Array()
    expect(createHash('sha256').update(video).digest('hex')).toBe(product?.sha256)
    const text = (name: string) => Buffer.from(files[`data/${name}.json`] ?? []).toString()
    const echoes = JSON.parse(text('echoes')) as { label: string }[]
    expect(echoes.map((echo) => echo.label).sort()).toEqual(['thunder', 'thunder and lightning'])
    for (const name of ['channels', 'grants', 'editors', 'consents', 'recaps', 'uploads', 'subscribers'])
      expect(JSON.parse(text(name)), name).not.toEqual([])
    const grant = await findGrant(running.echoes.db, running.channelId, 'twitch')
    const all = Object.keys(files)
      .filter((name) => name.endsWith('.json'))
      .map((name) => Buffer.from(files[name] ?? []).toString())
      .join()
    expect(all).not.toContain(grant?.tokens)
    // Nothing sealed, and no address that does something.
    expect(all).not.toMatch(/eyJ[\w-]{20,}/)
    expect(all).not.toContain('/unsubscribe/')
  })
})

describe('the page of a recap', { timeout: 60_000 }, () => {
  it('is there only where the streamer wants it, and without the names of who asked to be forgotten', async () => {
    const { running, recap } = await afterAStream()
    const { site, echoes, channelId, sandbox } = running
    const stranger = new Visitor()
    const id = (await recap())?.id ?? ''
    expect((await stranger.get(`${site}/r/${id}`)).status).toBe(404)
    expect((await stranger.get(site)).html).not.toContain('Made by Echoes')
    await changeSettings(echoes.db, channelId, { publicPages: true }, Date.now())
    const shown = await stranger.get(`${site}/r/${id}`)
    expect(shown.status).toBe(200)
    for (const words of ['Clock practice – recap', 'Sunny', 'Modesto', 'thunder'])
      expect(shown.html).toContain(words)
    expect((await stranger.get(site)).html).toContain(`/r/${id}`)
    const { id: userId } = sandbox.twitch.userOf(PEOPLE.moderator)
    await forgetPerson(echoes.db, channelId, userId, Date.now())
    expect((await stranger.get(`${site}/r/${id}`)).html).not.toContain('Modesto')
    await echoes.db.updateTable('uploads').set({ privacy: 'unlisted' }).execute()
    expect((await stranger.get(`${site}/r/${id}`)).status).toBe(404)
  })
})

describe('what YouTube told', { timeout: 60_000 }, () => {
  it('is asked for anew after 25 days, and deleted after 30 where it cannot be', async () => {
    const { running, recap } = await afterAStream()
    const { echoes, channelId } = running
    const { db } = echoes
    const id = (await recap())?.id ?? ''
    let now = Date.now()
    let asked = 0
    const gone = () => Promise.reject(new Fault('no access', 'person'))
    const context: RefreshContext = {
      db,
      clock: { now: () => now },
      log: makeLog('silent'),
      channel: () => {
        asked++
        return Promise.resolve({ id: YOUTUBE, title: 'Renamed', picture: '' })
      },
      publisher: {
        videoState: () => Promise.resolve({ processed: true, privacy: 'private', problem: null }),
      },
    }
    await refreshYoutube(context)
    expect(asked).toBe(0)
    now += 26 * DAY_MS
    await refreshYoutube(context)
    await refreshYoutube(context)
    expect(asked).toBe(1)
    expect((await findGrant(db, channelId, 'youtube'))?.accountName).toBe('Renamed')
    expect((await findUpload(db, id))?.privacy).toBe('private')
    const lost = { ...context, channel: gone, publisher: { videoState: gone } }
    now += 29 * DAY_MS
    await refreshYoutube(lost)
    expect(await findGrant(db, channelId, 'youtube')).not.toBeNull()
    now += 2 * DAY_MS
    await refreshYoutube(lost)
    expect(await findGrant(db, channelId, 'youtube')).toBeNull()
    expect(await findUpload(db, id)).toMatchObject({ videoId: null, privacy: null })
    expect((await recap())?.state).toBe('published')
  })
})
