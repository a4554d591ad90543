/** Files that are not what their names say: none is opened, and nothing that they name is. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import { openInput, quietFfmpeg } from './av.ts'
import { gainFor } from './look.ts'
import { durationOf } from './probe.ts'
import { containerOf } from './safe-input.ts'

quietFfmpeg()
const dir = mkdtempSync(join(tmpdir(), 'safe-'))
/** Somebody else's recording, which an attacker would like to see. */
const secret = join(inject('clockVod'), '3.ts')
const dash = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://${secret}</BaseURL>
<SegmentBase/></Representation></AdaptationSet></Period></MPD>`
const ATTACKS: [name: string, content: string | Buffer][] = [
  ['a DASH manifest', dash],
  ['a concat script', `ffconcat version 1.0\nfile '${secret}'\n`],
  ['an HLS playlist', `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${secret}\n#EXT-X-ENDLIST\n`],
  ['a list of pictures', '%d.png'],
  ['subtitles', '1\n00:00:00,000 --> 00:00:10,000\nhello\n'],
  ['a picture', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(64)])],
  ['nothing', ''],
  ['a graph of filters', 'movie=/etc/passwd'],
]

it.each(ATTACKS)('%s named .mp4 is not opened, by any way in', async (name, content) => {
  const file = join(dir, `${name.replaceAll(' ', '-')}.mp4`)
  writeFileSync(file, content)
  expect(containerOf(file)).toBeNull()
  expect(() => openInput(file)).toThrow('is no recording or clip')
  await expect(durationOf(file)).rejects.toThrow('cannot be read')
  await expect(gainFor([file], 0, 1)).rejects.toThrow('is no recording or clip')
})

it('an MP4 whose table says that its samples lie in another file shows nothing of that file', async () => {
  // The clock's recording as an MP4, with a data reference to another file put into its table.
  const whole = readFileSync(join(inject('clockVod'), '0.ts'))
  expect(whole[0]).toBe(0x47)
  const box = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    const head = Buffer.alloc(8)
    head.writeUInt32BE(body.length + 8)
    head.write(type, 4, 'latin1')
    return Buffer.concat([head, body])
  }
  const url = Buffer.concat([Buffer.from([0, 0, 0, 0]), Buffer.from(`file://${secret}\0`)])
  const dref = box('dref', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), box('url ', url))
  const dinf = box('dinf', dref)
  const file = join(dir, 'outside.mp4')
  const ftyp = box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2', 'latin1'))
  writeFileSync(file, Buffer.concat([ftyp, box('moov', box('trak', box('mdia', box('minf', dinf))))]))
  expect(containerOf(file)).toBe('mov')
  await expect(durationOf(file)).rejects.toThrow()
})

it('whatever bytes come, what is opened is one of four kinds', () => {
  const file = join(dir, 'any.mp4')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      writeFileSync(file, bytes)
      expect([null, 'mpegts', 'mov', 'matroska', 'flv']).toContain(containerOf(file))
    }),
  )
})
