/** A backup taken in the middle of a recap, restored elsewhere: it goes on to the same recap, without a second upload. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startEchoes } from '../backend/echoes.ts'
import type { Database } from '../backend/db/database.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { diskStorage } from '../backend/storage/disk.ts'
import { makeLog } from '../backend/log.ts'
import { backUp, restore } from '../scripts/backup.ts'
import { liveStreamer } from './running.ts'

it.each(['before anything was uploaded', 'while it was uploaded', 'without its media'])(
  '%s',
  { timeout: 120_000 },
  async (when) => {
    const { running, visitor } = await liveStreamer({}, [
      [33, '!echo 10 first'],
      [103, '!echo 15 second'],
    ])
    const { site, sandbox, channelId, echoes, config } = running
    const to = join(mkdtempSync(join(tmpdir(), 'backup-')), 'monday')
    const rendered = () =>
      vi.waitFor(
        async () => expect((await recapsOf(echoes.db, channelId))[0]?.state).toBe('rendered'),
        30_000,
      )
    const publish = async (db: Database) => {
      const [recap] = await recapsOf(db, channelId)
      await visitor.ask(`${site}/recaps/${recap?.id}/publish`, {})
    }
    let backedUp: Promise<unknown> | null = null
    if (when === 'while it was uploaded')
      sandbox.google.happened.once('half', () => (backedUp = backUp(config, to)))
    sandbox.twitch.end(channelId)
    await rendered()
    if (when !== 'while it was uploaded') backedUp = backUp(config, to, when !== 'without its media')
    await backedUp
    await publish(echoes.db)
    // The first installation goes on to the end, and then its machine is lost.
    await vi.waitFor(() => expect(sandbox.google.videos).toHaveLength(1), 30_000)
    await backedUp
    await vi.waitFor(
      async () => expect((await recapsOf(echoes.db, channelId))[0]?.state).toBe('published'),
      30_000,
    )
    const [before] = await recapsOf(echoes.db, channelId)
    await running.lose()

    const elsewhere = { ...config, dataDir: join(mkdtempSync(join(tmpdir(), 'restored-')), 'data') }
    elsewhere.databaseUrl = join(elsewhere.dataDir, 'echoes.sqlite')
    elsewhere.engineUrl = join(elsewhere.dataDir, 'jobs.sqlite')
    elsewhere.storage = { ...config.storage, url: join(elsewhere.dataDir, 'media') }
    rmSync(config.dataDir, { recursive: true, force: true })
    await expect(restore(elsewhere, join(to, 'nowhere'))).rejects.toThrow('no whole backup')
    await restore(elsewhere, to)
    const media = diskStorage(elsewhere.storage.url)
    expect(await media.digest(before?.product?.key ?? '')).toBe(
      when === 'without its media' ? null : before?.product?.sha256,
    )
    await expect(restore(elsewhere, to)).rejects.toThrow('Nothing is overwritten')
    const restored = await startEchoes({
      config: elsewhere,
      roles: ['web', 'worker'],
      log: makeLog('error'),
    })
    onTestFinished(() => restored.stop())
    // As the backup has it, nobody has said anything yet.
    await publish(restored.db)
    await vi.waitFor(
      async () => expect((await recapsOf(restored.db, channelId))[0]?.state).toBe('published'),
      { timeout: 60_000, interval: 200 },
    )
    const [after] = await recapsOf(restored.db, channelId)
    expect(after?.product?.moments.map((m) => m.pieces)).toEqual(
      before?.product?.moments.map((m) => m.pieces),
    )
    expect(sandbox.google.videos).toHaveLength(1)
    await expect(backUp(elsewhere, to)).rejects.toThrow('not empty')
  },
)
