/**
 * AAC as MPEG-TS carries it (ADTS: a header on each frame) and as MP4 wants it (raw frames, one AudioSpecificConfig).
 * Layout: ISO/IEC 14496-3, 1.A.2.2 (ADTS header) and 1.6.2.1 (AudioSpecificConfig).
 */

/** The bytes of the header that starts `frame`, or 0 when there is none (then the frame is raw already). */
export function adtsHeaderLength(frame: Uint8Array): number {
  const [first, second] = frame
  if (first !== 0xff || second === undefined || (second & 0xf6) !== 0xf0) return 0
  const hasChecksum = (second & 1) === 0
  return hasChecksum ? 9 : 7
}

/**
 * The rate and channels that the header of `frame` tells; undefined without one. With HE-AAC a decoder gives twice this
 * rate, in frames of twice the length.
 */
export function adtsFormatOf(frame: Uint8Array): { sampleRate: number; channels: number } | undefined {
  const [, , third = 0, fourth = 0] = frame
  const sampleRate = RATES[(third >> 2) & 0xf]
  if (adtsHeaderLength(frame) === 0 || sampleRate === undefined) return undefined
  return { sampleRate, channels: ((third & 1) << 2) | (fourth >> 6) }
}

const LOW_COMPLEXITY = 2
const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]

/** AudioSpecificConfig (2 bytes) of AAC-LC. @throws RangeError for a rate that AAC does not have */
export function configOf(sampleRate: number, channels: number): Buffer {
  const rate = RATES.indexOf(sampleRate)
  if (rate === -1) throw new RangeError(`AAC has no sample rate of ${sampleRate} Hz`)
  return Buffer.from([(LOW_COMPLEXITY << 3) | (rate >> 1), ((rate & 1) << 7) | (channels << 3)])
}
