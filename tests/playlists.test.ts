/** `npm run recap` on real playlists: each media playlist can be planned, the malformed are refused in one line. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlaylist } from '../backend/media/load-playlist.ts'
import { partsOf, windowsOf } from '../backend/media/windows.ts'
import { realFiles } from './real-data.ts'

const recap = join(import.meta.dirname, '../scripts/recap.ts')

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('tsx', [recap, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('real playlists', () => {
  const files = realFiles('playlists', '.m3u8')
  it.skipIf(files.length === 0)('are planned, or refused in one sentence; none crashes', async () => {
    const outcomes = await Promise.all(
      files.map(async (file) => {
        const loaded = await loadPlaylist(file.path)
        if (!loaded.ok) return { name: file.name, refused: loaded.reason }
        const { playlist } = loaded
        const all = partsOf(windowsOf(playlist, { startSec: 0, endSec: playlist.totalSec }))
        const middle = windowsOf(playlist, {
          startSec: playlist.totalSec / 2,
          endSec: playlist.totalSec / 2 + 1,
        })
        const gaps = playlist.parts.filter((p, n) => {
          const next = playlist.parts[n + 1]
          return next && Math.abs(p.startSec + p.durationSec - next.startSec) > 1e-6
        })
        return { name: file.name, parts: playlist.parts.length, all, middle, gaps }
      }),
    )
    for (const o of outcomes) {
      if (o.refused !== undefined) expect(o.refused).toMatch(/^[^\n]+$/)
      else {
        expect(o.gaps).toEqual([])
        expect(o.all?.length).toBeGreaterThan(0)
        expect(o.middle?.length).toBeGreaterThan(0)
      }
    }
    // All that are no media playlists of pictures: masters whose qualities lie elsewhere, and the malformed.
    const refused = outcomes.filter((o) => o.refused !== undefined).map((o) => o.name)
    expect(
      refused.filter((name) => /^twitch(-dlp|downloader)\/.*(media|TransportStreams|OfMp4s)/i.test(name)),
    ).toEqual([])
    expect(outcomes.length - refused.length).toBeGreaterThan(outcomes.length / 2)
  })

  const odd = files.filter((f) => /mediaPlaylistMap|byteRange|OfTransportStreams/.test(f.name))
  it.skipIf(odd.length === 0)('the tool lists the parts without fetching any', () => {
    for (const { path } of odd.slice(0, 2)) {
      const { status, stdout } = run('--playlist', path, '--span', '1-4', '--plan', '--json')
      expect(status).toBe(0)
      const plan = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { parts: number[] }
      expect(plan.parts.length).toBeGreaterThan(0)
    }
  })
})

describe('what cannot be cut is said in one line, with exit code 2', () => {
  const dir = mkdtempSync(join(tmpdir(), 'playlists-'))
  const at = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  it.each([
    ['an empty file', () => at('empty.m3u8', ''), /empty/],
    ['no playlist', () => at('page.m3u8', '<html>Not found</html>'), /does not begin with #EXTM3U/],
    ['no file', () => join(dir, 'nowhere.m3u8'), /could not be read/],
    [
      'a part without a duration',
      () => at('part.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n0.ts\n'),
      /malformed/,
    ],
  ])('%s', (_what, file, says) => {
    const { status, stdout, stderr } = run('--playlist', file(), '--span', '0-5', '--out', join(dir, 'o.mp4'))
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(says)
  })

  it('a span outside the VOD, and one that nobody can read', () => {
    const file = at('short.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n0.ts\n#EXT-X-ENDLIST\n')
    expect(run('--playlist', file, '--span', '10-20', '--plan')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('outside the VOD'),
    })
    expect(run('--playlist', file, '--span', 'ten', '--plan').status).toBe(2)
  })
})
