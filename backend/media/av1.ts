/**
 * AV1 in MP4 may keep its sequence header in the track's description only (ISOBMFF binding of AV1, 2.4). Where pieces
 * of several encoders follow each other, each key frame must bring its own.
 */

/** Bytes of `av1C` before the configuration OBUs. */
const CONFIG_HEADER = 4
const OBU_SEQUENCE_HEADER = 1
const OBU_TEMPORAL_DELIMITER = 2

/** @param extradata the track's `av1C`, or null */
export function withSequenceHeader(packet: Buffer, extradata: Buffer | null): Buffer {
  if (!extradata || extradata.length <= CONFIG_HEADER || extradata[0] !== 0x81) return packet
  // Only what comes first matters: a sequence header precedes all frames.
  let at = 0
  while (obuType(packet[at]) === OBU_TEMPORAL_DELIMITER) at += 2
  if (obuType(packet[at]) === OBU_SEQUENCE_HEADER) return packet
  return Buffer.concat([extradata.subarray(CONFIG_HEADER), packet])
}

function obuType(header = 0): number {
  return (header >> 3) & 15
}
