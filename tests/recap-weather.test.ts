/** What goes wrong while a recap is made, and passes, ends nothing; what is damaged is left out and named. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, inject, it, vi } from 'vitest'
import { fileSource } from '../backend/jobs/sources/file.ts'
import { assemble } from '../backend/media/assemble.ts'
import { durationOf } from '../backend/media/probe.ts'
import { recordMedia } from '../backend/db/media.ts'
import { recapsOf, type Recap } from '../backend/db/recaps.ts'
import { childrenOf } from '../scripts/sandbox/process.ts'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { liveStreamer, type Running } from './running.ts'

const STREAM_SEC = 150
const PATIENCE_MS = 60_000

/** A stream that has run for 150 s, with a moment at 20–30 s and one at 88–103 s; everything goes up by itself. */
const live = (settings: Record<string, string> = {}) =>
  liveStreamer(
    { HARVEST_EVERY_MS: '3600000', ...settings },
    [
      [33, '!echo 10 first'],
      [106, '!echo 15 second'],
    ],
    async ({ site }, _startedAtMs, visitor) => {
      await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
    },
  )

async function reaches({ echoes, channelId }: Running, state: Recap['state']): Promise<Recap> {
  return vi.waitFor(async () => {
    const [recap] = await recapsOf(echoes.db, channelId)
    expect(recap, recap?.step).toMatchObject({ state })
    return recap as Recap
  }, PATIENCE_MS)
}

/** Ends the stream, as if it had ended at another time than now. */
async function endAt({ sandbox, channelId, echoes }: Running, endedAtMs: number): Promise<void> {
  sandbox.twitch.end(channelId)
  await vi.waitFor(async () => {
    const { ended_at } = await echoes.db.selectFrom('streams').select('ended_at').executeTakeFirstOrThrow()
    expect(ended_at).not.toBeNull()
  }, PATIENCE_MS)
  for (const table of ['streams', 'shows'] as const)
    await echoes.db.updateTable(table).set({ ended_at: endedAtMs }).execute()
}

const mailsOf = ({ sandbox }: Running) => sandbox.mail.mails.map((m) => m.subject)

it('a part server that answers 503 for longer than a download is tried ends no recap', async () => {
  const { running } = await live()
  running.sandbox.video.faults.parts = Array.from({ length: 40 }, () => 503)
  running.sandbox.twitch.end(running.channelId)
  await vi.waitFor(async () => {
    const [recap] = await recapsOf(running.echoes.db, running.channelId)
    expect(recap?.step).toMatch(/^waiting: /)
  }, PATIENCE_MS)
  running.sandbox.video.faults.parts = []
  const recap = await reaches(running, 'published')
  expect(recap.product?.moments).toHaveLength(2)
  await vi.waitFor(
    () => expect(mailsOf(running)).toEqual(['Your recap is on YouTube: Clock practice – recap']),
    PATIENCE_MS,
  )
}, 120_000)

it.each(['SIGKILL', 'SIGSEGV'])(
  'a renderer that is ended by %s while it works is started again',
  async (signal) => {
    // What crashes several times within minutes may do so for want of anything.
    const { running } = await live({ DAMAGED_AFTER_MS: '3600000' })
    running.sandbox.twitch.end(running.channelId)
    const renderers = () =>
      childrenOf(new Set([process.pid])).filter(({ command }) => command.includes('render-child'))
    // More often than a crash is forgiven: whatever kills it need not know what it was working on.
    for (let kills = 0; kills < 4; kills++) {
      await vi.waitFor(() => expect(renderers().length).toBeGreaterThan(0), {
        timeout: PATIENCE_MS,
        interval: 5,
      })
      for (const { pid } of renderers()) process.kill(pid, signal)
      await vi.waitFor(() => expect(renderers()).toEqual([]), { timeout: PATIENCE_MS, interval: 5 })
    }
    expect((await reaches(running, 'published')).product?.moments).toHaveLength(2)
    expect(running.sandbox.google.videos).toHaveLength(1)
  },
  120_000,
)

const WAYS_TO_LOSE_A_RECORDING: [string, (running: Running) => void][] = [
  [
    'is gone by now',
    ({ config, sandbox }) => {
      rmSync(join(config.storage.url, 'work'), { recursive: true })
      const vod = sandbox.twitch.vods[0]
      if (vod) vod.goneParts = new Set(Array.from({ length: 20 }, (_, n) => n))
    },
  ],
  [
    'cannot be cut any more',
    ({ config }) => {
      const work = join(config.storage.url, 'work')
      for (const entry of readdirSync(work, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) {
          const file = join(entry.parentPath, entry.name)
          writeFileSync(file, randomBytes(statSync(file).size))
        }
    },
  ],
]
it.each(WAYS_TO_LOSE_A_RECORDING)(
  'a finished video is not replaced by a shorter one where the recording %s',
  async (_, lose) => {
    const { running, visitor } = await live()
    const { sandbox, channelId, echoes, site } = running
    await visitor.submit(`${site}/agreement`, { kind: 'upload' })
    sandbox.twitch.end(channelId)
    const before = await reaches(running, 'rendered')
    lose(running)
    await visitor.ask(`${site}/recaps/${before.id}/again`, {})
    const after = await vi.waitFor(async () => {
      const [recap] = await recapsOf(echoes.db, channelId)
      expect(recap?.version).toBeGreaterThan(before.version + 1)
      expect(recap?.state).toBe('rendered')
      return recap
    }, PATIENCE_MS)
    expect(after?.product).toMatchObject({ key: before.product?.key, moments: before.product?.moments })
    expect(after?.product?.lacks).toEqual([expect.stringContaining('as it was made before')])
  },
  120_000,
)

it('a first clip that cannot be read any more is left out and named, and the moments are published', async () => {
  const { running } = await live()
  const { sandbox, channelId, echoes, config } = running
  const key = `channels/${channelId}/intro-1.mp4`
  await recordMedia(echoes.db, { key, channelId, kind: 'clip' }, Date.now())
  const file = join(config.storage.url, key)
  mkdirSync(dirname(file), { recursive: true })
  // It begins as an MP4 does, and the rest is lost.
  writeFileSync(
    file,
    Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('ftypisom'), Buffer.alloc(5_000)]),
  )
  sandbox.twitch.end(channelId)
  const { product } = await reaches(running, 'published')
  expect(product?.moments.map((m) => m.label)).toEqual(['first', 'second'])
  expect(product?.lacks).toEqual(['your first clip can’t be read; please upload it again'])
}, 120_000)

it('a moment whose part is gone for good is left out and named, and the rest is published', async () => {
  const { running } = await live()
  const { sandbox, channelId } = running
  const vod = sandbox.twitch.vods[0]
  if (vod) vod.goneParts = new Set([2])
  sandbox.twitch.end(channelId)
  const { product } = await reaches(running, 'published')
  expect(product?.moments.map((m) => m.label)).toEqual(['second'])
  expect(product?.leftOut).toMatchObject([{ label: 'first', reason: 'damaged' }])
  await vi.waitFor(() => expect(sandbox.mail.mails).toHaveLength(1), PATIENCE_MS)
  expect(sandbox.mail.mails[0]?.text).toContain('its recording is damaged')
}, 120_000)

/** The streamer is back within the quarter of an hour, so in the same show, and Twitch does not list what it records of that. */
async function goOnUnrecorded(running: Running) {
  const { sandbox, channelId, echoes } = running
  const startedAtMs = Date.now() - 20_000
  await endAt(running, startedAtMs - 1_000)
  const second = sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
  const known = () => echoes.db.selectFrom('streams').select('id').execute()
  await vi.waitFor(async () => expect(await known()).toHaveLength(2), PATIENCE_MS)
  sandbox.twitch.say(channelId, PEOPLE.streamer, '!echo 10 third', startedAtMs + 18_000)
  const taken = () => echoes.db.selectFrom('echoes').select('id').execute()
  await vi.waitFor(async () => expect(await taken()).toHaveLength(3), PATIENCE_MS)
  const vod = sandbox.twitch.vodOf(second.id)
  if (!vod) throw new Error('there is no recording')
  vod.published = false
  sandbox.twitch.end(channelId)
  return vod
}

it('of two streams one has no recording: the recap is made of the other, and says what lacks', async () => {
  const { running } = await live({ VOD_WAIT_MS: '2000', SETTLE_MS: '4000' })
  await goOnUnrecorded(running)
  const { product } = await reaches(running, 'published')
  expect(product?.moments.map((m) => m.label)).toEqual(['first', 'second'])
  expect(product?.leftOut).toMatchObject([{ label: 'third', reason: 'no-vod' }])
}, 120_000)

it('a recording that comes while the recap waits to be published is taken in', async () => {
  const { running, visitor } = await live({ VOD_WAIT_MS: '1500', SETTLE_MS: '4000' })
  const { site, sandbox } = running
  await visitor.submit(`${site}/agreement`, { kind: 'upload' })
  const vod = await goOnUnrecorded(running)
  const before = await reaches(running, 'rendered')
  expect(before.product?.leftOut).toMatchObject([{ label: 'third', reason: 'no-vod' }])
  vod.published = true
  await visitor.ask(`${site}/recaps/${before.id}/publish`, {})
  const { product } = await reaches(running, 'published')
  expect(product?.moments.map((m) => m.label)).toEqual(['first', 'second', 'third'])
  expect(product?.leftOut).toEqual([])
  expect(sandbox.google.videos).toHaveLength(1)
}, 120_000)

it('a run that broke by an error of ours is begun anew, and ends as it would have', async () => {
  const { running, visitor } = await live({ RESTART_MS: '1000', SWEEP_EVERY_MS: '500' })
  const { site, sandbox, channelId, config } = running
  await visitor.submit(`${site}/agreement`, { kind: 'upload' })
  sandbox.twitch.end(channelId)
  const { id } = await reaches(running, 'rendered')
  const engine = new BetterSqlite3(config.engineUrl)
  engine.pragma('busy_timeout = 10000')
  const finishedAt = new Date().toISOString()
  engine.prepare(`update workflow_runs set status = 'failed', finished_at = ?`).run(finishedAt)
  const runs = () =>
    engine.prepare<[], { n: number }>('select count(*) as n from workflow_runs').get()?.n ?? 0
  await vi.waitFor(() => expect(runs()).toBe(2), PATIENCE_MS)
  engine.close()
  await visitor.ask(`${site}/recaps/${id}/publish`, {})
  expect((await reaches(running, 'published')).id).toBe(id)
  expect(sandbox.google.videos).toHaveLength(1)
}, 120_000)

it('a recap that is dropped while its recording is waited for is over, and nobody is told that it failed', async () => {
  const { running, visitor } = await live({ VOD_WAIT_MS: '2000', VOD_POLL_MS: '500' })
  const { sandbox, channelId, echoes, site } = running
  const vod = sandbox.twitch.vods[0]
  if (vod) vod.published = false
  sandbox.twitch.end(channelId)
  const waits = await vi.waitFor(async () => {
    const [recap] = await recapsOf(echoes.db, channelId)
    expect(recap?.step).toBe('locating')
    return recap
  }, PATIENCE_MS)
  await visitor.submit(`${site}/recaps/${waits?.id}/drop`, {})
  expect((await reaches(running, 'empty')).failure).toBeNull()
  expect(await echoes.db.selectFrom('outbox').selectAll().execute()).toEqual([])
}, 120_000)

it('for a stream in which nobody echoed, no recording is waited for', async () => {
  const { running } = await live({ SETTLE_MS: '4000' })
  const { sandbox, channelId, echoes } = running
  const startedAtMs = Date.now() + 600_000
  await endAt(running, startedAtMs - 400_000)
  const second = sandbox.twitch.goLive(channelId, { startedAtMs, title: 'Clock practice' })
  const vod = sandbox.twitch.vodOf(second.id)
  if (vod) vod.published = false
  const known = () => echoes.db.selectFrom('streams').select('id').execute()
  await vi.waitFor(async () => expect(await known()).toHaveLength(2), PATIENCE_MS)
  sandbox.twitch.end(channelId)
  expect((await reaches(running, 'published')).product?.moments).toHaveLength(2)
}, 120_000)

it('a recording that is listed as over before its last parts have landed is waited for', async () => {
  const { running } = await live()
  const { sandbox, echoes } = running
  const vod = sandbox.twitch.vods[0]
  if (!vod) throw new Error('there is no recording')
  // The second moment lies in what lands late.
  vod.finalLagMs = 3_600_000
  await endAt(running, vod.createdAtMs + STREAM_SEC * 1000)
  vod.endedAtMs = vod.createdAtMs + 110_000
  await vi.waitFor(async () => {
    const looks = await echoes.db.selectFrom('recaps').select('step').executeTakeFirst()
    expect(looks?.step).toBe('locating')
  }, PATIENCE_MS)
  expect(sandbox.twitch.vodParts(vod)).toMatchObject({ ended: false, totalSec: 80 })
  vod.finalLagMs = 0
  const { product } = await reaches(running, 'published')
  expect(product?.moments.map((m) => m.label)).toEqual(['first', 'second'])
}, 120_000)

it('a recording of the streamer’s own that is put there too late is found, and the recap is made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recordings-'))
  const { running } = await live({
    VOD_SOURCE: 'file',
    RECORDINGS_DIR: folder,
    VOD_WAIT_MS: '500',
    RECONCILE_EVERY_MS: '500',
  })
  const { sandbox, channelId } = running
  sandbox.twitch.end(channelId)
  await vi.waitFor(
    () => expect(mailsOf(running)).toEqual(['No recap: the recording did not come']),
    PATIENCE_MS,
  )
  const own = join(folder, channelId)
  mkdirSync(own)
  const parts = readdirSync(inject('clockVod')).filter((name) => name.endsWith('.ts')).length
  const files = Array.from({ length: parts }, (_, n) => join(inject('clockVod'), `${n}.ts`))
  const whole = { name: 'all', files, filesStartSec: 0, startSec: 0, endSec: STREAM_SEC }
  const file = join(own, 'evening.mp4')
  await assemble([whole], `${file}.part`, { cut: 'keyframe' })
  const endSec = (sandbox.twitch.vods[0]?.createdAtMs ?? 0) / 1000 + STREAM_SEC
  utimesSync(`${file}.part`, endSec, endSec)
  renameSync(`${file}.part`, file)
  expect((await reaches(running, 'published')).product?.moments).toHaveLength(2)
}, 120_000)

it.skipIf(!existsSync('/usr/bin/ffmpeg'))(
  'one recording may hold several streams, and one stream may lie in several recordings',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'recordings-'))
    const own = join(folder, 'c')
    mkdirSync(own)
    const clock = inject('clockVod')
    const parts = readdirSync(clock).filter((f) => f.endsWith('.ts')).length
    const list = `concat:${Array.from({ length: parts }, (_, n) => `${clock}/${n}.ts`).join('|')}`
    const begin = Date.UTC(2026, 10, 1, 18)
    const record = (name: string, beganAtMs: number) => {
      const file = join(own, name)
      if (name === 'one.mp4') execFileSync('ffmpeg', ['-v', 'error', '-i', list, '-c', 'copy', file])
      else copyFileSync(join(own, 'one.mp4'), file)
      const endSec = beganAtMs / 1000 + STREAM_SEC
      utimesSync(file, endSec, endSec)
    }
    record('one.mp4', begin)
    record('two.mp4', begin + 200_000)
    const lookedInto: string[] = []
    const source = fileSource({
      folder,
      durationOf: (file) => {
        lookedInto.push(file)
        return durationOf(file)
      },
      now: () => begin + 3_600_000,
    })
    const streams = [
      { streamId: 'a', startedAtMs: begin + 10_000, endedAtMs: begin + 60_000 },
      { streamId: 'b', startedAtMs: begin + 80_000, endedAtMs: begin + 330_000 },
    ]
    const found = (await source.recordings?.('c', streams)) ?? []
    expect(found.map((f) => [f.streamId, f.vodId])).toEqual([
      ['a', 'one.mp4'],
      ['b', 'one.mp4/two.mp4'],
    ])
    const spans = [
      { startSec: 100, endSec: 110 },
      { startSec: 140, endSec: 210 },
      { startSec: 160, endSec: 170 },
    ]
    const { pieces, lost } = await source.bring({ vodId: 'one.mp4/two.mp4', channelId: 'c' }, spans, '')
    expect(pieces.map((p) => p.length)).toEqual([1, 2, 0])
    expect(pieces[1]?.[1]?.startSec).toBeCloseTo(200, 0)
    expect(lost).toEqual([undefined, undefined, 'it was not recorded'])
    // To look into a file takes a process: each is looked into once, and what ended before the stream not at all.
    expect(lookedInto).toHaveLength(2)
    record('yesterday.mp4', begin - 24 * 3_600_000)
    expect(await source.recordings?.('c', streams)).toHaveLength(2)
    expect(lookedInto).toHaveLength(2)
    await expect(source.bring({ vodId: 'three.mp4', channelId: 'c' }, spans, '')).rejects.toMatchObject({
      kind: 'damaged',
    })
  },
)
