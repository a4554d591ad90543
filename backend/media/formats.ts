/**
 * What a track's format is, as far as joining is concerned: tracks of equal formats are joined by copying, others are
 * converted to the format that most of the recap has.
 */
import type { CodecParameters, Stream } from 'node-av/lib'
import { AV_CODEC_ID_AAC, AV_PROFILE_AAC_HE, AV_PROFILE_AAC_HE_V2 } from 'node-av/constants'
import type { AVCodecID, AVPixelFormat } from 'node-av/constants'

export interface VideoFormat {
  codec: AVCodecID
  width: number
  height: number
  pixels: AVPixelFormat
  /** Pictures a second; null where the source does not say. */
  fps: number | null
}

export interface AudioFormat {
  codec: AVCodecID
  sampleRate: number
  channels: number
  /** AAC that only decoders of HE-AAC play whole: it is not written as what it is not. */
  isHighEfficiency: boolean
}

export interface Format {
  video: VideoFormat
  /** Null: no sound. */
  audio: AudioFormat | null
}

/** Encoders write 59.94 as 60000/1001 or as 60; variable rates waver. */
const FPS_TOLERANCE = 0.02

export function videoFormatOf(stream: Stream): VideoFormat {
  const { codecId, width, height, format } = stream.codecpar
  return { codec: codecId, width, height, pixels: format as AVPixelFormat, fps: fpsOf(stream) }
}

export function audioFormatOf({ codecId, profile, sampleRate, channels }: CodecParameters): AudioFormat {
  const isHighEfficiency = profile === AV_PROFILE_AAC_HE || profile === AV_PROFILE_AAC_HE_V2
  return {
    codec: codecId,
    sampleRate,
    channels,
    isHighEfficiency: codecId === AV_CODEC_ID_AAC && isHighEfficiency,
  }
}

export function sameVideo(a: VideoFormat, b: VideoFormat): boolean {
  const sameRate = a.fps === null || b.fps === null || Math.abs(a.fps / b.fps - 1) < FPS_TOLERANCE
  return (
    a.codec === b.codec && a.width === b.width && a.height === b.height && a.pixels === b.pixels && sameRate
  )
}

export function sameAudio(a: AudioFormat, b: AudioFormat): boolean {
  return (
    a.codec === b.codec &&
    a.sampleRate === b.sampleRate &&
    a.channels === b.channels &&
    a.isHighEfficiency === b.isHighEfficiency
  )
}

/**
 * The format that most seconds have; of sound, only seconds with sound count. Of equals, the one that comes first.
 * @throws RangeError without takes
 */
export function majorityFormat(takes: readonly { format: Format; seconds: number }[]): Format {
  const video = heaviest(
    takes.map((t) => ({ value: t.format.video, seconds: t.seconds })),
    sameVideo,
  )
  if (!video) throw new RangeError('no takes')
  const audible = takes.flatMap((t) => (t.format.audio ? { value: t.format.audio, seconds: t.seconds } : []))
  return { video, audio: heaviest(audible, sameAudio) ?? null }
}

function heaviest<T>(
  weighed: readonly { value: T; seconds: number }[],
  same: (a: T, b: T) => boolean,
): T | undefined {
  const sums: { value: T; seconds: number }[] = []
  for (const { value, seconds } of weighed) {
    const known = sums.find((s) => same(s.value, value))
    if (known) known.seconds += seconds
    else sums.push({ value, seconds })
  }
  return sums.reduce<(typeof sums)[number] | undefined>(
    (best, s) => (best && best.seconds >= s.seconds ? best : s),
    undefined,
  )?.value
}

function fpsOf({ avgFrameRate, rFrameRate }: Stream): number | null {
  const rate = avgFrameRate.num > 0 ? avgFrameRate : rFrameRate
  return rate.num > 0 && rate.den > 0 ? rate.num / rate.den : null
}
