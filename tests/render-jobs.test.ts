/** Around the renderer: parts that come while the stream runs, a full disk, a recap that is cancelled, what one can take home. */
import { unzipSync } from 'fflate'
import { readdirSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { liveStreamer, type Running } from './running.ts'

/** A stream that has run for 150 s, with a moment at 20–30 s and one at 85–100 s. */
const liveWithEchoes = (settings: Record<string, string> = {}) =>
  liveStreamer(settings, [
    [33, '!echo 10 first, of two'],
    [103, '!echo 15'],
  ])

async function recapOf({ echoes }: Running) {
  return echoes.db.selectFrom('recaps').selectAll().executeTakeFirst()
}

const served = ({ sandbox }: Running) =>
  [...sandbox.video.served.keys()].map((k) => Number(k.split('/')[1])).sort((a, b) => a - b)

it('parts for moments come while the stream runs, none twice; then all of it can be taken home', async () => {
  const { running, visitor } = await liveWithEchoes({ HARVEST_QUIET_MS: '60000' })
  const { sandbox, channelId, site } = running
  // The second echo is only 47 s old: somebody might ask for more of it.
  await vi.waitFor(() => expect(served(running)).toEqual([2, 3]), 15_000)
  sandbox.twitch.end(channelId)
  await vi.waitFor(async () => expect((await recapOf(running))?.state).toBe('rendered'), 30_000)
  expect(served(running)).toEqual([2, 3, 8, 9, 10])
  expect([...sandbox.video.served.values()].every((times) => times === 1)).toBe(true)

  const recap = await recapOf(running)
  const at = (file: string) => `${site}/recaps/${recap?.id}/${file}`
  expect((await visitor.get(at('moments.edl'))).html).toContain('* FROM CLIP NAME: first, of two')
  expect((await visitor.get(at('moments.csv'))).html).toContain('"first, of two"')
  expect((await visitor.get(at('moments.otio'))).html).toContain('Timeline.1')
  const zip = unzipSync(await visitor.download(at('moments.zip')))
  expect(Object.keys(zip)).toEqual(['01 first of two.mp4', expect.stringMatching(/^02 At 1.*\.mp4$/)])
  for (const file of ['moments.edl', 'moments.zip', 'recap.mp4'])
    expect((await fetch(at(file))).status).toBe(401)
}, 90_000)

it('a recap that would not fit waits, says so, and goes on by itself when there is room', async () => {
  const { running, visitor } = await liveWithEchoes({ DISK_RESERVE_MB: '100000000' })
  running.sandbox.twitch.end(running.channelId)
  await vi.waitFor(
    async () => expect((await recapOf(running))?.step).toMatch(/^waiting: the server’s disk is full/),
    30_000,
  )
  expect((await visitor.get(running.site)).html).toContain(
    'disk is full (43 MB are needed, and it has 0 MB to give)',
  )
  expect(served(running)).toEqual([])
  await running.startMore(['worker'], { diskReserveBytes: 0 })
  await vi.waitFor(async () => expect((await recapOf(running))?.state).toBe('rendered'), 60_000)
}, 120_000)

it('a recap can be cancelled while it is made, and nothing of it is left', async () => {
  const { running, visitor } = await liveWithEchoes({ HARVEST_EVERY_MS: '3600000' })
  const { sandbox, channelId, site, config } = running
  // The CDN is down: the parts are tried again and again.
  sandbox.video.faults.parts = Array.from({ length: 200 }, () => 503)
  sandbox.twitch.end(channelId)
  await vi.waitFor(async () => expect((await recapOf(running))?.step).toBe('fetching'), 20_000)
  const recap = await recapOf(running)
  expect((await visitor.get(site)).html).toContain('Cancel')
  await visitor.submit(`${site}/recaps/${recap?.id}/drop`, {})
  await vi.waitFor(
    async () => expect(await recapOf(running)).toMatchObject({ state: 'empty', product: null }),
    20_000,
  )
  expect((await visitor.get(site)).html).toContain('Dropped')
  const left = readdirSync(`${config.dataDir}/storage`, { recursive: true }).map(String)
  expect(left.filter((f) => /partial|\.mp4|\.ts$/.test(f))).toEqual([])
}, 90_000)
