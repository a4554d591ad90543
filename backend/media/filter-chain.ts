/** A chain of FFmpeg filters from one track to one track: frames go in, frames come out, on one time base. */
import { avGetSampleFmtName, FilterGraph, Frame } from 'node-av/lib'
import type { FilterContext } from 'node-av/lib'
import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
  AVERROR_EOF,
  type AVPixelFormat,
  type AVSampleFormat,
} from 'node-av/constants'
import { check, MediaError } from './av.ts'

const EAGAIN = -11

export interface FilterChainOptions {
  /** In FFmpeg's own language: `scale=1280:720,fps=30`. */
  filters: string
  /** Of the time stamps that go in. */
  timeBase: { num: number; den: number }
}

export class FilterChain {
  readonly #options: FilterChainOptions
  readonly #graph = new FilterGraph()
  #source: FilterContext | undefined
  #sink: FilterContext | undefined

  constructor(options: FilterChainOptions) {
    this.#options = options
    this.#graph.alloc()
    // Each thread of a filter holds frames; what is left of the processor belongs to others.
    this.#graph.nbThreads = 1
  }

  /**
   * Frames that are ready; each must be freed. The first frame decides the format of what goes in.
   * @param frame null: nothing more will come
   */
  *push(frame: Frame | null): Generator<{ frame: Frame; sec: number }> {
    if (!this.#source || !this.#sink) {
      if (!frame) return
      this.#open(frame)
    }
    check(
      this.#source?.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF) ?? -1,
      'a filter refuses a frame',
    )
    const base = this.#sink?.buffersinkGetTimeBase() ?? this.#options.timeBase
    for (;;) {
      const filtered = new Frame()
      filtered.alloc()
      const code = this.#sink?.buffersinkGetFrameSync(filtered) ?? AVERROR_EOF
      if (code < 0) {
        filtered.free()
        if (code !== EAGAIN && code !== AVERROR_EOF) check(code, `cannot filter (${this.#options.filters})`)
        return
      }
      yield { frame: filtered, sec: (Number(filtered.pts) * base.num) / base.den }
    }
  }

  close(): void {
    this.#graph.free()
  }

  #open(frame: Frame): void {
    const kind = frame.isVideo() ? '' : 'a'
    const { filters, timeBase } = this.#options
    const [source, sink] = [`${kind}buffer@in`, `${kind}buffersink@out`]
    const whole = `${source}=${sourceArguments(frame, timeBase)},${filters},${sink}`
    check(this.#graph.parse2(whole), `cannot read the filters ${filters}`)
    check(this.#graph.configSync(), `cannot set up the filters ${filters}`)
    const [from, to] = [this.#graph.getFilter(source), this.#graph.getFilter(sink)]
    if (!from || !to) throw new MediaError(`cannot set up the filters ${filters}`)
    this.#source = from
    this.#sink = to
  }
}

function sourceArguments(frame: Frame, { num, den }: { num: number; den: number }): string {
  if (frame.isVideo()) {
    const { num: sarNum, den: sarDen } = frame.sampleAspectRatio
    const aspect = sarNum > 0 && sarDen > 0 ? `${sarNum}/${sarDen}` : '1/1'
    const size = `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format as AVPixelFormat}`
    return `${size}:time_base=${num}/${den}:pixel_aspect=${aspect}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`
  }
  const layout =
    frame.channelLayout.mask === 0n ? `${frame.channels}c` : `0x${frame.channelLayout.mask.toString(16)}`
  const format = avGetSampleFmtName(frame.format as AVSampleFormat) ?? 'fltp'
  return `time_base=${num}/${den}:sample_rate=${frame.sampleRate}:sample_fmt=${format}:channel_layout=${layout}`
}
