/**
 * Recordings of all kinds that streamers bring, each with what is expected of a recap made of it. `npm run soak -- media` renders
 * them all; a selection runs in `npm test`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record, remux, PART_SEC, rawPictures, type Recording } from './make.ts'
import { patchTs } from './patch-ts.ts'

export type Expected =
  /** The pictures and the sound that were asked for. */
  | 'right'
  /** There is an error that names what is damaged, and nothing is shown that was not asked for. */
  | 'refused'

export interface Source {
  name: string
  expected: Expected
  fps: number
  /** Seconds from one key frame to the next, at most. */
  groupSec: number
  hasSound: boolean
  /** Before that there is none. */
  soundFromSec: number
  /** So many pictures in a row are not there, at most. */
  missing: number
  /** Makes it in `dir`. @returns its file, or its playlist */
  make(dir: string): string
}

type Facts = Partial<Omit<Source, 'name' | 'make'>>

const X264 = ['-c:v', 'libx264', '-preset', 'superfast', '-crf', '20']
const GOPS = {
  closed: ['-x264-params', 'keyint=60:min-keyint=60:scenecut=0:bframes=2'],
  open: ['-x264-params', 'keyint=60:min-keyint=60:scenecut=0:bframes=2:open-gop=1:repeat-headers=1'],
  intra: ['-x264-params', 'keyint=1'],
  pyramid: ['-x264-params', 'keyint=120:min-keyint=120:scenecut=0:bframes=8:b-pyramid=normal'],
  endless: ['-x264-params', 'keyint=9999:min-keyint=9999:scenecut=0:bframes=2'],
  plain: ['-x264-params', 'keyint=60:min-keyint=60:scenecut=0:bframes=0'],
}
const GROUP_SEC = { closed: 2, open: 2, intra: 1 / 30, pyramid: 4, endless: 12, plain: 2 }
const H264 = [...X264, ...GOPS.closed]
const HEVC = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=none:keyint=60:min-keyint=60:scenecut=0:bframes=2:open-gop=0',
]
const HEVC_OPEN = HEVC.map((a) => a.replace('open-gop=0', 'open-gop=1'))
const AV1 = ['-c:v', 'libsvtav1', '-preset', '8', '-g', '60', '-crf', '20']
const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', '60', '-b:v', '600k']
const AAC = ['-c:a', 'aac', '-b:a', '128k']
const PLAYLIST = `-f hls -hls_time ${PART_SEC} -hls_list_size 0 -hls_playlist_type vod`.split(' ')
const BOTH = ['-map', '0:v', '-map', '1:a']

const sources: Source[] = []

function add(name: string, facts: Facts, make: (dir: string) => string): void {
  const usual = { fps: 30, groupSec: 2, hasSound: true, soundFromSec: 0, missing: 0 } as const
  sources.push({ expected: 'right', ...usual, ...facts, name, make })
}

const RAW_DIR = 'raw'

function make(dir: string, file: string, recording: Recording): string {
  const out = join(dir, file)
  record(rawPictures(join(dir, '..', RAW_DIR)), out, recording)
  return out
}

/** One file. */
function file(
  name: string,
  extension: string,
  args: readonly string[],
  facts: Facts & Recording0 = {},
): void {
  const { recording = {}, ...rest } = facts
  const map = recording.sound === null ? ['-map', '0:v'] : BOTH
  add(`${extension} ${name}`, rest, (dir) =>
    make(dir, `recording.${extension}`, { ...recording, args: [...map, ...args] }),
  )
}

interface Recording0 {
  recording?: Partial<Recording>
}

/** A playlist with its parts. */
function hls(
  name: string,
  type: 'ts' | 'fmp4',
  args: readonly string[],
  facts: Facts & Recording0 = {},
): void {
  const { recording = {}, ...rest } = facts
  const map = recording.sound === null ? ['-map', '0:v'] : BOTH
  const list = [...PLAYLIST, ...(type === 'fmp4' ? ['-hls_segment_type', 'fmp4'] : [])]
  add(`hls ${type} ${name}`, rest, (dir) =>
    make(dir, 'index.m3u8', { ...recording, args: [...map, ...args, ...list] }),
  )
}

// Containers and codecs
for (const [codec, args] of Object.entries({ h264: H264, hevc: HEVC })) {
  file(codec, 'ts', [...args, ...AAC])
  file(codec, 'mov', [...args, ...AAC])
  hls(codec, 'ts', [...args, ...AAC])
}
for (const [codec, args] of Object.entries({ h264: H264, hevc: HEVC, av1: AV1, vp9: VP9 })) {
  file(codec, 'mkv', [...args, ...AAC])
  file(codec, 'mp4', [...args, ...AAC])
  hls(codec, 'fmp4', [...args, ...AAC])
  file(`${codec} in fragments`, 'mp4', [...args, ...AAC, '-movflags', 'frag_keyframe+empty_moov'])
}
file('h264', 'flv', [...H264, ...AAC])
file('hevc, tagged hvc1', 'mp4', [...HEVC, '-tag:v', 'hvc1', ...AAC])
hls('hevc with open groups', 'ts', [...HEVC_OPEN, ...AAC])
file('hevc with open groups', 'mkv', [...HEVC_OPEN, ...AAC])

// Groups of pictures
for (const gop of ['open', 'intra', 'pyramid', 'endless', 'plain'] as const) {
  const facts = { groupSec: GROUP_SEC[gop] }
  for (const extension of ['ts', 'mkv', 'mp4', 'flv'])
    file(`h264 ${gop}`, extension, [...X264, ...GOPS[gop], ...AAC], facts)
  if (gop === 'endless') continue
  hls(`h264 ${gop}`, 'ts', [...X264, ...GOPS[gop], ...AAC], facts)
  // With open groups, ffmpeg stamps two pictures alike where it begins a part.
  if (gop !== 'open') hls(`h264 ${gop}`, 'fmp4', [...X264, ...GOPS[gop], ...AAC], facts)
}

// Sound
const SOUNDS: [name: string, args: string[], recording: Partial<Recording>, where: readonly string[]][] = [
  ['aac 44.1 kHz', AAC, { sound: { rate: 44_100 } }, ['ts', 'mkv', 'mp4', 'flv']],
  ['aac 32 kHz', AAC, { sound: { rate: 32_000 } }, ['mp4']],
  ['aac mono', AAC, { sound: { layout: 'mono' } }, ['ts', 'mkv', 'mp4']],
  ['aac 5.1', AAC, { sound: { layout: '5.1' } }, ['ts', 'mkv', 'mp4']],
  ['aac 7.1', AAC, { sound: { layout: '7.1' } }, ['mkv', 'mp4']],
  ['mp3', ['-c:a', 'libmp3lame'], {}, ['ts', 'mkv', 'mp4', 'flv']],
  ['opus', ['-c:a', 'libopus'], {}, ['mkv', 'mp4']],
  ['flac', ['-c:a', 'flac', '-strict', '-2'], {}, ['mkv', 'mp4']],
  ['ac3', ['-c:a', 'ac3'], {}, ['ts', 'mkv', 'mp4']],
  ['eac3', ['-c:a', 'eac3'], {}, ['ts']],
  ['pcm', ['-c:a', 'pcm_s16le'], {}, ['mkv', 'mov']],
  ['vorbis', ['-c:a', 'libvorbis'], {}, ['mkv']],
  ['alac', ['-c:a', 'alac'], {}, ['mov']],
]
for (const [name, args, recording, where] of SOUNDS)
  for (const extension of where) file(`h264 with ${name}`, extension, [...H264, ...args], { recording })
for (const extension of ['ts', 'mkv', 'mp4', 'flv'])
  file('h264 without sound', extension, H264, { recording: { sound: null }, hasSound: false })
for (const type of ['ts', 'fmp4'] as const) {
  hls('h264 without sound', type, H264, { recording: { sound: null }, hasSound: false })
  hls('h264 with aac 44.1 kHz', type, [...H264, ...AAC], { recording: { sound: { rate: 44_100 } } })
}
hls('h264 with sound that begins late', 'ts', [...H264, ...AAC, '-copyts'], {
  recording: { sound: { filters: 'atrim=start=2.5' } },
  soundFromSec: 2.5,
})
hls('h264 with mp3', 'ts', [...H264, '-c:a', 'libmp3lame'])
hls('h264 with ac3', 'ts', [...H264, '-c:a', 'ac3'])
file('h264 with two tracks of sound', 'mkv', ['-map', '1:a', ...H264, ...AAC])
file('h264 with two tracks of sound', 'mp4', ['-map', '1:a', ...H264, ...AAC])

// Rates
for (const fps of [24, 25, 50, 60, '30000/1001', '60000/1001']) {
  const [num = 30, den = 1] = String(fps).split('/').map(Number)
  const facts = { fps: num / den, recording: { fps }, groupSec: (60 * den) / num }
  for (const extension of ['mkv', 'mp4', 'flv']) file(`h264 ${fps} fps`, extension, [...H264, ...AAC], facts)
  hls(`h264 ${fps} fps`, 'ts', [...H264, ...AAC], facts)
}
/** Two of seven pictures are not there. */
const DROPPING = ['-vf', 'select=not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,7)\\,5))', '-fps_mode', 'vfr']
for (const extension of ['mkv', 'mp4', 'ts', 'flv'])
  file('h264, variable rate', extension, [...DROPPING, ...H264, ...AAC], { missing: 2, groupSec: 3 })
/** For 0.43 s, up to where a moment ends. */
const PAUSE = ['-vf', 'select=not(between(n\\,266\\,278))', '-fps_mode', 'vfr']
for (const extension of ['mkv', 'mp4', 'ts', 'flv'])
  file('h264, no pictures where a moment ends', extension, [...PAUSE, ...H264, ...AAC], {
    missing: 13,
    groupSec: 3,
  })
hls('h264, no pictures where a moment ends', 'ts', [...PAUSE, ...H264, ...AAC], { missing: 13, groupSec: 3 })

// Time stamps
const WRAP_SEC = 2 ** 33 / 90_000
for (const [name, offset] of [
  ['from 0', '0'],
  ['from 1000 s', '1000'],
  ['that wrap', String(WRAP_SEC - 6)],
] as const) {
  const args = [...H264, ...AAC, '-muxdelay', '0', '-output_ts_offset', offset]
  file(`h264, stamps ${name}`, 'ts', args)
  hls(`h264, stamps ${name}`, 'ts', args)
}
file('h264, stamps from 1000 s', 'mkv', [...H264, ...AAC, '-output_ts_offset', '1000'])
file('h264, stamps from 1000 s', 'flv', [...H264, ...AAC, '-output_ts_offset', '1000'])
/** In the container's own ticks. */
const wavering = (ticks: number) => ['-bsf:a', `setts=ts=PTS+if(mod(N\\,2)\\,${ticks}\\,-${ticks})`]
file('h264, sound that wavers by 3 ms', 'mkv', [...H264, ...AAC, ...wavering(3)])
file('h264, sound that wavers by 3 ms', 'mp4', [...H264, ...AAC, ...wavering(130)])
for (const type of ['ts', 'fmp4'] as const)
  hls('h264, sound stored a second ahead', type, [
    ...H264,
    ...AAC,
    '-max_interleave_delta',
    '0',
    '-muxpreload',
    '1',
  ])
add('hls ts h264, key frames whose stamps say nothing', {}, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  for (const part of partsOf(dir))
    patchTs(part, { pictures: (pes) => (pes.isKey && !pes.isFirst ? 'none' : null) })
  return list
})
add('hls ts h264, first pictures whose stamps say nothing', {}, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  for (const part of partsOf(dir)) patchTs(part, { pictures: (pes) => (pes.isFirst ? 'none' : null) })
  return list
})
add('hls ts h264, one frame of sound stamped 20 s ahead', {}, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  for (const part of partsOf(dir)) patchTs(part, { sound: (pes) => (pes.index === 3 ? 20 * 90_000 : null) })
  return list
})
add('hls ts h264, stamps that jump back without a word', {}, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  const [, second = '', third = ''] = partsOf(dir)
  for (const part of [second, third])
    patchTs(part, { pictures: () => -100 * 90_000, sound: () => -100 * 90_000 })
  return list
})

// Playlists
add('hls ts h264, byte ranges of one file', {}, (dir) =>
  madeHls(dir, [...H264, ...AAC], ['-hls_flags', 'single_file']),
)
add('hls fmp4 h264, byte ranges of one file', {}, (dir) =>
  madeHls(dir, [...H264, ...AAC], ['-hls_segment_type', 'fmp4', '-hls_flags', 'single_file']),
)
add('hls ts h264, a discontinuity', {}, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  const [, second = ''] = partsOf(dir)
  patchTs(second, { pictures: () => 5_000 * 90_000, sound: () => 5_000 * 90_000 })
  const text = readFileSync(list, 'utf8').split('#EXTINF')
  writeFileSync(
    list,
    [text[0], text[1], `${text[2]}`, text[3]]
      .map((t, n) => (n >= 2 ? `#EXT-X-DISCONTINUITY\n#EXTINF${t}` : n === 1 ? `#EXTINF${t}` : t))
      .join(''),
  )
  return list
})

// Damage
add('ts h264, ends in the middle of a packet', { expected: 'right' }, (dir) => {
  const out = make(dir, 'recording.ts', { args: [...BOTH, ...H264, ...AAC] })
  const bytes = readFileSync(out)
  writeFileSync(out, bytes.subarray(0, bytes.length - 1_000))
  return out
})
add('mp4 h264, its index is not there', { expected: 'refused' }, (dir) => {
  const out = make(dir, 'recording.mp4', { args: [...BOTH, ...H264, ...AAC] })
  const bytes = readFileSync(out)
  writeFileSync(out, bytes.subarray(0, bytes.indexOf('moov') - 4))
  return out
})
add('mkv h264, cut off without its index', { expected: 'right' }, (dir) => {
  const out = make(dir, 'recording.mkv', { args: [...BOTH, ...H264, ...AAC] })
  const bytes = readFileSync(out)
  writeFileSync(out, bytes.subarray(0, Math.floor(bytes.length * 0.95)))
  return out
})
add('hls ts h264, half a part', { expected: 'refused' }, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  const [, second = ''] = partsOf(dir)
  const bytes = readFileSync(second)
  writeFileSync(second, bytes.subarray(0, Math.floor(bytes.length / 2)))
  return list
})
add('hls ts h264, a part is missing', { expected: 'refused' }, (dir) => {
  const list = madeHls(dir, [...H264, ...AAC])
  rmSync(partsOf(dir)[1] ?? '')
  return list
})

// Remuxed once more, as by a streamer's tool
for (const [from, to] of [
  ['flv', 'mp4'],
  ['mkv', 'mp4'],
  ['ts', 'mp4'],
  ['ts', 'mkv'],
  ['flv', 'mkv'],
  ['mp4', 'ts'],
  ['mkv', 'ts'],
  ['mp4', 'mkv'],
] as const)
  add(`${to} h264, remuxed from ${from}`, {}, (dir) => {
    const first = make(dir, `first.${from}`, { args: [...BOTH, ...H264, ...AAC] })
    const out = join(dir, `recording.${to}`)
    remux(first, out, [])
    return out
  })

/** A playlist of three parts. */
function madeHls(dir: string, args: readonly string[], more: readonly string[] = []): string {
  return make(dir, 'index.m3u8', { args: [...BOTH, ...args, ...PLAYLIST, ...more] })
}

const partsOf = (dir: string) => [0, 1, 2].map((n) => join(dir, `index${n}.ts`))

export const CATALOGUE: readonly Source[] = sources

/** Makes a source in a folder of its own under `dir`; sources share the raw pictures there. */
export function makeSource(source: Source, dir: string): string {
  const own = join(dir, source.name.replace(/[^\w.-]+/g, '-'))
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own, { recursive: true })
  return source.make(own)
}
