/**
 * The bytes at the start of an MPEG-TS part that tell its format: the table of its tracks and the picture track's
 * parameter set. Two parts with equal heads have equal formats; whether others have, a probe must find out.
 *
 * Layout: ISO/IEC 13818-1, 2.4.3.2 (packets), 2.4.4 (tables); H.264 7.3.1 and H.265 7.3.1.2 (NAL unit headers).
 */
import { closeSync, openSync, readSync } from 'node:fs'

const PACKET = 188
const SYNC = 0x47
const READ_BYTES = 256 * PACKET
const H264_SPS = 7
const HEVC_SPS = 33

/** Undefined where the file does not begin as expected. */
export function headOf(file: string): Buffer | undefined {
  const head = Buffer.alloc(READ_BYTES)
  const descriptor = openSync(file, 'r')
  try {
    const length = readSync(descriptor, head, 0, READ_BYTES, 0)
    return formatBytes(head.subarray(0, length))
  } finally {
    closeSync(descriptor)
  }
}

function formatBytes(head: Buffer): Buffer | undefined {
  let tablePid: number | undefined
  let table: Buffer | undefined
  for (let at = 0; at + PACKET <= head.length && head[at] === SYNC; at += PACKET) {
    const pid = head.readUInt16BE(at + 1) & 0x1fff
    const control = head[at + 3] ?? 0
    const skip = control & 0x20 ? 1 + (head[at + 4] ?? 0) : 0
    const payload = head.subarray(Math.min(at + 4 + skip, at + PACKET), at + PACKET)
    // Pointer, section header and program number lie before the first program's PID.
    if (pid === 0) tablePid ??= payload.length > 13 ? payload.readUInt16BE(11) & 0x1fff : undefined
    else if (pid === tablePid) table ??= payload
    else {
      const set = parameterSet(payload)
      if (set) return table && Buffer.concat([table, set])
    }
  }
  return undefined
}

function parameterSet(payload: Buffer): Buffer | undefined {
  for (
    let at = payload.indexOf('000001', 0, 'hex');
    at !== -1;
    at = payload.indexOf('000001', at + 3, 'hex')
  ) {
    const header = payload[at + 3] ?? 0
    if ((header & 0x1f) !== H264_SPS && ((header >> 1) & 0x3f) !== HEVC_SPS) continue
    const end = payload.indexOf('000001', at + 3, 'hex')
    // One that goes on in the next packet is not compared.
    return end === -1 ? undefined : payload.subarray(at, end)
  }
  return undefined
}
