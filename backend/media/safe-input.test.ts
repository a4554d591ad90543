/** Files that are not what their names say: none is opened, and nothing that they name is. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import { Packet } from 'node-av/lib'
import { MediaError, openInput, quietFfmpeg, readPacket } from './av.ts'
import { RenderCrash } from './crash.ts'
import { gainFor } from './look.ts'
import { durationOf } from './probe.ts'
import { containerOf } from './safe-input.ts'
import { survey } from './survey.ts'

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

/** Boxes of an MP4 that hold other boxes, down to the table of the files in which samples lie. */
const AROUND_DREF = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf'])

/** The same boxes, with another `dref` in each track. */
function withDref(boxes: Buffer, dref: Buffer): Buffer {
  const made: Buffer[] = []
  for (let at = 0; at < boxes.length; at += boxes.readUInt32BE(at)) {
    const whole = boxes.subarray(at, at + boxes.readUInt32BE(at))
    const type = whole.toString('latin1', 4, 8)
    if (type === 'dref') made.push(dref)
    else made.push(AROUND_DREF.has(type) ? box(type, withDref(whole.subarray(8), dref)) : whole)
  }
  return Buffer.concat(made)
}

function box(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

/** A reference to another file as QuickTime writes it (“alis”); of its fields FFmpeg reads the absolute path, a record of type 2. */
function aliasTo(path: string): Buffer {
  const padded = Buffer.from(path.length % 2 === 0 ? path : `${path}\0`)
  const record = Buffer.alloc(4)
  record.writeUInt16BE(2)
  record.writeUInt16BE(padded.length, 2)
  const end = Buffer.from([0xff, 0xff, 0, 0])
  const alias = box('alis', Buffer.alloc(4), Buffer.alloc(150), record, padded, end)
  return box('dref', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), alias)
}

it.skipIf(!existsSync('/usr/bin/ffmpeg'))(
  'an MP4 whose table says that its samples lie in another file shows nothing of that file',
  () => {
    const inner = join(dir, 'inner.mp4')
    execFileSync('ffmpeg', ['-v', 'error', '-i', secret, '-map', '0:v', '-c', 'copy', inner])
    const whole = readFileSync(inner)
    const tops = new Map<string, Buffer>()
    for (let at = 0; at < whole.length; at += whole.readUInt32BE(at))
      tops.set(whole.toString('latin1', at + 4, at + 8), whole.subarray(at, at + whole.readUInt32BE(at)))
    const empty = Buffer.alloc(0)
    const file = join(dir, 'outside.mp4')
    const moov = withDref(tops.get('moov') ?? empty, aliasTo(inner))
    writeFileSync(file, Buffer.concat([tops.get('ftyp') ?? empty, moov]))
    // The attack is a real one: whoever lets FFmpeg follow it, sees the pictures.
    const copied = join(dir, 'copied.h264')
    const follow = ['-enable_drefs', '1', '-use_absolute_path', '1']
    const copy = [
      '-v',
      'quiet',
      '-y',
      '-f',
      'mov',
      ...follow,
      '-i',
      file,
      '-c',
      'copy',
      '-f',
      'data',
      '-map',
      '0:v',
      copied,
    ]
    execFileSync('ffmpeg', copy)
    const shown = readFileSync(copied)
    expect(shown.length).toBeGreaterThan(10_000)
    expect(tops.get('mdat')?.includes(shown.subarray(1_000, 1_200))).toBe(true)
    // We do not.
    expect(containerOf(file)).toBe('mov')
    const seen: Buffer[] = []
    try {
      const input = openInput(file)
      const packet = new Packet()
      packet.alloc()
      while (readPacket(input, packet)) seen.push(Buffer.from(packet.data ?? []))
      input.close()
    } catch (error) {
      // Where the samples should be there is nothing.
      expect(error).toBeInstanceOf(MediaError)
    }
    expect(Buffer.concat(seen).includes(shown.subarray(1_000, 1_200))).toBe(false)
  },
)

it('whatever bytes come, what is opened is one of four kinds', () => {
  const file = join(dir, 'any.mp4')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      writeFileSync(file, bytes)
      expect([null, 'mpegts', 'mov', 'matroska', 'flv']).toContain(containerOf(file))
    }),
  )
})

it('a recording may have any name; one whose tables ask for more memory than there is counts as damaged', async () => {
  const file = join(dir, 'one|two.mp4')
  const made = ['-f', 'lavfi', '-i', 'color=red:s=64x64:r=10:d=1', '-pix_fmt', 'yuv420p', file]
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...made])
  expect(await durationOf(file)).toBe(1)
  expect(survey({ files: [file], filesStartSec: 0, startSec: 0, endSec: 1 })).toHaveLength(1)
  const bytes = readFileSync(file)
  // How many entries its table of times has (ISO/IEC 14496-12, 8.6.1.2).
  bytes.writeUInt32BE(0x1fff_ffff, bytes.indexOf('stts') + 8)
  writeFileSync(file, bytes)
  expect(() => openInput(file)).toThrow(RenderCrash)
  await expect(durationOf(file)).rejects.toBeInstanceOf(MediaError)
})
