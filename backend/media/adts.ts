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

/** AudioSpecificConfig (2 bytes) that says what the ADTS header of `frame` says; undefined without a header. */
export function audioConfigOf(frame: Uint8Array): Buffer | undefined {
  const [, , third = 0, fourth = 0] = frame
  if (adtsHeaderLength(frame) === 0) return undefined
  const objectType = (third >> 6) + 1
  const rateIndex = (third >> 2) & 0xf
  const channels = ((third & 1) << 2) | (fourth >> 6)
  return Buffer.from([(objectType << 3) | (rateIndex >> 1), ((rateIndex & 1) << 7) | (channels << 3)])
}
