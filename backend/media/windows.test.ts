import { expect, it } from 'vitest'
import type { Part } from './playlist.ts'
import { windowsOf } from './windows.ts'

const part = (index: number, offset: number): Part => ({
  index,
  url: `file:///vod/all.mp4`,
  startSec: index * 4,
  durationSec: 4,
  discontinuity: false,
  encrypted: false,
  isLast: false,
  map: { url: 'file:///vod/all.mp4', range: { offset, length: 800 } },
})

it('initialisation parts that are ranges of one file are two: what follows the second is another window', () => {
  const parts = [part(0, 0), part(1, 0), part(2, 5_000)]
  const playlist = { kind: 'media' as const, parts, totalSec: 12, ended: true, writtenAtMs: null }
  const windows = windowsOf(playlist, { startSec: 2, endSec: 10 })
  expect(windows.map((w) => [w.startSec, w.endSec])).toEqual([
    [2, 8],
    [8, 10],
  ])
})
