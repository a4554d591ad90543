/**
 * Changes time stamps in an MPEG-TS file where they lie, as faulty encoders write them.
 *
 * Layout: ISO/IEC 13818-1, 2.4.3.2 (packets), 2.4.3.4 (adaptation field), 2.4.3.6 (PES).
 */
import { readFileSync, writeFileSync } from 'node:fs'

const PACKET = 188
const NONE = 2 ** 33 - 1
const PERIOD = 2 ** 33

export interface Pes {
  /** Of its kind in this file. */
  index: number
  isFirst: boolean
  /** A key frame: the packet says that decoding may begin here. */
  isKey: boolean
}

/** What to do with stamps: `none`, all bits set; a number of ticks to add; null, nothing. */
type Change = (pes: Pes) => 'none' | number | null

export function patchTs(file: string, { pictures, sound }: { pictures?: Change; sound?: Change }): void {
  const bytes = readFileSync(file)
  const count = { pictures: 0, sound: 0 }
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    const begins = ((bytes[at + 1] ?? 0) & 0x40) !== 0
    const control = bytes[at + 3] ?? 0
    const fieldLength = control & 0x20 ? (bytes[at + 4] ?? 0) + 1 : 0
    const isKey = fieldLength > 1 && ((bytes[at + 5] ?? 0) & 0x40) !== 0
    const pes = at + 4 + fieldLength
    if (!begins || (control & 0x10) === 0 || bytes.readUIntBE(pes, 3) !== 1) continue
    const kind = (bytes[pes + 3] ?? 0) >= 0xe0 ? 'pictures' : 'sound'
    const index = count[kind]++
    const change = (kind === 'pictures' ? pictures : sound)?.({ index, isFirst: index === 0, isKey })
    if (change === null || change === undefined) continue
    const flags = (bytes[pes + 7] ?? 0) >> 6
    for (const place of [flags & 2 ? pes + 9 : 0, flags === 3 ? pes + 14 : 0]) {
      if (place === 0) continue
      write(bytes, place, change === 'none' ? NONE : (read(bytes, place) + change + PERIOD) % PERIOD)
    }
  }
  writeFileSync(file, bytes)
}

function read(bytes: Buffer, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5)
  return ((a >> 1) & 7) * 2 ** 30 + (b << 22) + ((c >> 1) << 15) + (d << 7) + (e >> 1)
}

function write(bytes: Buffer, at: number, ticks: number): void {
  bytes[at] = ((bytes[at] ?? 0) & 0xf1) | (Math.floor(ticks / 2 ** 30) << 1)
  bytes.writeUInt16BE(((Math.floor(ticks / 2 ** 15) & 0x7fff) << 1) | 1, at + 1)
  bytes.writeUInt16BE(((ticks & 0x7fff) << 1) | 1, at + 3)
}
