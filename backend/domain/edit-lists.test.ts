import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvOf, edlOf, otioOf, type EditedMoment } from './edit-lists.ts'

const moment = (label: string | null, pieces: [number, number][], people = ['vera']): EditedMoment => ({
  label,
  people,
  pieces: pieces.map(([startSec, endSec]) => ({ vodId: '2345678901', startSec, endSec })),
  atSec: 0,
  durationSec: pieces.reduce((sum, [a, b]) => sum + b - a, 0),
  runtimeMs: (pieces[0]?.[0] ?? 0) * 1000,
  unnamed: 0,
})

const MOMENTS = [
  moment('first "blood", finally', [[65.5, 95]]),
  moment('=1+1', [
    [7200, 7210],
    [7230.25, 7240],
  ]),
]

describe('edit lists', () => {
  it('CMX 3600: events in order, times in the recording and in the recap', () => {
    expect(edlOf('An evening\nof it', MOMENTS).split('\r\n')).toEqual([
      'TITLE: An evening of it',
      'FCM: NON-DROP FRAME',
      '',
      '001  45678901 AA/V  C        00:01:05:30 00:01:35:00 00:00:00:00 00:00:29:30',
      '* FROM CLIP NAME: first "blood", finally',
      '* SOURCE FILE: 2345678901',
      '',
      '002  45678901 AA/V  C        02:00:00:00 02:00:10:00 00:00:29:30 00:00:39:30',
      '* FROM CLIP NAME: =1+1',
      '* SOURCE FILE: 2345678901',
      '',
      '003  45678901 AA/V  C        02:00:30:15 02:00:40:00 00:00:39:30 00:00:49:15',
      '* FROM CLIP NAME: =1+1',
      '* SOURCE FILE: 2345678901',
      '',
    ])
  })

  it('CSV: quotes are doubled, and no label becomes a formula', () => {
    const [, first, second] = csvOf(MOMENTS).split('\r\n')
    expect(first).toBe(
      '1,"first ""blood"", finally",2345678901,00:01:05:30,00:01:35:00,00:00:00:00,00:00:29:30,vera',
    )
    expect(second).toMatch(/^2,'=1\+1,/)
  })

  it('OTIO: what was kept, in the recording’s own time', () => {
    const clips = JSON.parse(otioOf('x', MOMENTS)).tracks.children[0].children as { source_range: unknown }[]
    expect(clips).toHaveLength(3)
    expect(clips[2]?.source_range).toMatchObject({
      start_time: { rate: 60, value: 433_815 },
      duration: { value: 585 },
    })
  })

  it('the record side has no gaps, whatever the moments are', () => {
    const span = fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 300 }))
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 20 }), (spans) => {
        const list = edlOf(
          'x',
          spans.map(([at, length]) => moment('a', [[at, at + length]])),
        )
        const events = [...list.matchAll(/^\d{3} {2}.{8} AA\/V {2}C {8}(\S+) (\S+) (\S+) (\S+)/gm)]
        expect(events).toHaveLength(spans.length)
        events.forEach((e, n) => n > 0 && expect(e[3]).toBe(events[n - 1]?.[4]))
      }),
    )
  })
})
