/** The main job with its media in a bucket: made, looked at, taken home and published from there, and deleted there in time. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { recapsOf } from '../backend/db/recaps.ts'
import { openStorage } from '../backend/storage/open.ts'
import { sweepMedia } from '../backend/jobs/sweep-media.ts'
import { makeLog } from '../backend/log.ts'
import { hasSwift, startSwift } from '../scripts/sandbox/s3/swift.ts'
import type { Preview } from '../shared/desk.ts'
import type { SiteState } from '../shared/site.ts'
import { liveStreamer } from './running.ts'

const DAY_MS = 24 * 60 * 60_000

it.skipIf(!hasSwift())(
  'a recap lives in a bucket from its making to its end',
  { timeout: 120_000 },
  async () => {
    const server = await startSwift()
    if (!server) throw new Error('Swift did not start')
    onTestFinished(() => server.stop())
    await server.bucket('echoes')
    const url = `s3://echoes/media?endpoint=${server.endpoint}`
    const keys = server.credentials
    const settings = {
      STORAGE_URL: url,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    }
    const { running, visitor } = await liveStreamer(settings, [[33, '!echo 10 first']])
    const { site, sandbox, channelId, echoes, config } = running
    sandbox.twitch.end(channelId)
    const recap = async () => (await recapsOf(echoes.db, channelId))[0]
    await vi.waitFor(async () => expect((await recap())?.state).toBe('rendered'), 40_000)
    const { id, product } = (await recap()) ?? {}
    const storage = openStorage(url, keys, `${config.dataDir}/look`)
    expect(await storage.digest(product?.key ?? '')).toBe(product?.sha256)
    expect(await storage.has(product?.moments[0]?.still ?? '')).toBe(true)

    const cookie = visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const asked = await fetch(`${site}/recaps/${id}/recap.mp4?look`, {
      headers: { cookie },
      redirect: 'manual',
    })
    expect(asked.headers.get('location')).toContain(server.endpoint)
    expect(
      (await fetch(`${site}/recaps/${id}`, { headers: { cookie } })).headers.get('content-security-policy'),
    ).toContain(`media-src 'self' blob: ${server.endpoint}`)
    const part = await fetch(asked.headers.get('location') ?? '', { headers: { range: 'bytes=4-7' } })
    expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
    expect(await visitor.download(`${site}/recaps/${id}/recap.mp4`)).toHaveLength(product?.bytes ?? 0)
    const at = `${site}/recaps/${id}/cards/${product?.moments[0]?.id}`
    const preview = (await visitor.ask<Preview>(`${at}/preview`)).body
    const footage = await fetch(site + preview.url, { headers: { cookie }, redirect: 'manual' })
    expect(footage.headers.get('location')).toContain(`/previews/${id}/`)
    const first = await fetch(footage.headers.get('location') ?? '', { headers: { range: 'bytes=4-7' } })
    expect([first.status, await first.text()]).toEqual([206, 'ftyp'])
    expect((await visitor.ask<Preview>(`${at}/preview`)).body).toEqual(preview)

    // The streamer's own bucket gets a copy; an address that leads nowhere is told at once.
    await server.bucket('mine')
    const mine = `s3://mine/recaps?endpoint=${server.endpoint}`
    const putBucket = (bucket: object) =>
      visitor.ask<SiteState & { sentence?: string }>(`${site}/settings/bucket`, {
        url: mine,
        ...keys,
        ...bucket,
      })
    expect((await putBucket({ secretAccessKey: 'wrong' })).body.sentence).toMatch(
      /did not take a small file.*403/,
    )
    expect((await putBucket({ url: 'https://mine' })).status).toBe(422)
    const { body } = await putBucket({})
    expect(body.bucket).toEqual({ place: 'mine/recaps', failure: null })
    expect(JSON.stringify(await echoes.db.selectFrom('hooks').selectAll().execute())).not.toContain(
      keys.secretAccessKey,
    )

    await visitor.ask(`${site}/recaps/${id}/publish`, {})
    await vi.waitFor(() => expect(sandbox.google.videos).toHaveLength(1), 30_000)
    expect(sandbox.google.videos[0]?.sha256).toBe(product?.sha256)
    await vi.waitFor(async () => expect((await recap())?.state).toBe('published'), 20_000)

    const own = openStorage(mine, keys, `${config.dataDir}/own`)
    await vi.waitFor(async () => expect(await own.digest(`${id}.mp4`)).toBe(product?.sha256), 20_000)

    const clock = { now: () => Date.now() + 8 * DAY_MS }
    await sweepMedia({ db: echoes.db, clock, log: makeLog('error'), storage, rules: config.retention })
    for await (const { key } of storage.list()) expect.fail(`${key} is still there`)
    expect((await fetch(`${site}/recaps/${id}/recap.mp4`, { headers: { cookie } })).status).toBe(404)
  },
)
