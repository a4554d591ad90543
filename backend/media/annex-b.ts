/**
 * H.264 and HEVC as MPEG-TS has them: start codes, and parameter sets at each key frame. Pieces of several encoders can
 * only follow each other like that.
 */
import { BitStreamFilter, BitStreamFilterContext } from 'node-av/lib'
import type { Stream } from 'node-av/lib'
import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC } from 'node-av/constants'
import { check, MediaError } from './av.ts'

/** MP4 keeps H.264 and HEVC with lengths and without parameter sets; all of ours go through as MPEG-TS has them. */
export function annexBFilter(video: Stream): BitStreamFilterContext | null {
  const name = ANNEX_B.get(video.codecpar.codecId)
  const extradata = video.codecpar.extradata
  if (!name || !extradata || extradata[0] !== 1) return null
  const filter = BitStreamFilter.getByName(name)
  if (!filter) throw new MediaError(`this build of FFmpeg lacks ${name}`)
  const context = new BitStreamFilterContext()
  check(context.alloc(filter), `cannot use ${name}`)
  if (context.inputCodecParameters) video.codecpar.copy(context.inputCodecParameters)
  context.inputTimeBase = video.timeBase
  check(context.init(), `cannot use ${name}`)
  return context
}

const ANNEX_B = new Map<number, string>([
  [AV_CODEC_ID_H264, 'h264_mp4toannexb'],
  [AV_CODEC_ID_HEVC, 'hevc_mp4toannexb'],
])

const NAL_SLICE = 1
const NAL_IDR = 5

/** Whether an H.264 picture (with start codes) resets the decoder, as not each one does from which decoding may begin. */
export function isIdr(picture: Buffer): boolean {
  for (
    let at = picture.indexOf('000001', 0, 'hex');
    at !== -1;
    at = picture.indexOf('000001', at + 3, 'hex')
  ) {
    const type = (picture[at + 3] ?? 0) & 0x1f
    if (type === NAL_IDR) return true
    if (type === NAL_SLICE) return false
  }
  return false
}
