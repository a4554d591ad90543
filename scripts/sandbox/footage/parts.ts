/**
 * Writes encoded packets as a VOD on disk: parts `0.ts`, `1.ts` … as Twitch's archive has them, with continuous time
 * stamps, or `init.mp4` and `0.mp4` …, plus `parts.json` with their durations.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Dictionary, FormatContext } from 'node-av/lib'
import type { CodecParameters, Packet, Stream } from 'node-av/lib'
import { check } from '../../../backend/media/av.ts'

/** What a finished VOD folder says about itself (`parts.json`). */
export interface Footage {
  width: number
  height: number
  fps: number
  /** Seconds of each part, in order. */
  parts: number[]
  /** What the picture shows, for people. */
  title: string
}

export type Container = 'ts' | 'fmp4'

export interface PartsOptions {
  /** Parts are so long or a little longer: they begin with a key frame. */
  partSec: number
  container: Container
  /** Added to the time stamps as they are written. */
  offsetSec?: number
}

export class PartsWriter {
  readonly #context = new FormatContext()
  readonly #dir: string
  readonly #streams: Stream[] = []

  constructor(
    dir: string,
    streams: readonly { par: CodecParameters }[],
    { partSec, container, offsetSec = 0 }: PartsOptions = { partSec: 10, container: 'ts' },
  ) {
    this.#dir = dir
    check(this.#context.allocOutputContext2(null, 'hls', join(dir, 'index.m3u8')), 'cannot make parts')
    for (const { par } of streams) {
      const stream = this.#context.newStream()
      check(par.copy(stream.codecpar), 'cannot copy the stream format')
      stream.codecpar.codecTag = 0
      this.#streams.push(stream)
    }
    const options = Dictionary.fromObject({
      hls_time: String(partSec),
      hls_list_size: '0',
      hls_segment_type: container === 'ts' ? 'mpegts' : 'fmp4',
      hls_segment_filename: join(dir, container === 'ts' ? '%d.ts' : '%d.mp4'),
      hls_fmp4_init_filename: 'init.mp4',
      output_ts_offset: String(offsetSec),
    })
    check(this.#context.writeHeaderSync(options), 'cannot write the header')
  }

  /** Writes a packet whose time stamps are in `base`; takes the packet's data with it. */
  write(packet: Packet, streamIndex: number, base: { num: number; den: number }): void {
    const stream = this.#streams[streamIndex]
    if (!stream) throw new RangeError(`no stream ${streamIndex}`)
    packet.rescaleTs(base, stream.timeBase)
    packet.streamIndex = streamIndex
    check(this.#context.interleavedWriteFrameSync(packet), 'cannot write a packet')
  }

  finish(footage: Omit<Footage, 'parts'>): Footage {
    check(this.#context.writeTrailerSync(), 'cannot finish the parts')
    this.#context.freeContext()
    const list = readFileSync(join(this.#dir, 'index.m3u8'), 'utf8')
    const parts = [...list.matchAll(/#EXTINF:([\d.]+)/g)].map((m) => Number(m[1]))
    const whole: Footage = { ...footage, parts }
    // Written last: a folder with parts.json is complete, whatever was interrupted before.
    writeFileSync(join(this.#dir, 'parts.json'), JSON.stringify(whole))
    return whole
  }
}
