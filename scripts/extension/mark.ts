/** The mark: concentric arcs, as an echo. As SVG, and drawn in pixels for the listing's icons. */
import { crc32, deflateSync } from 'node:zlib'

const TEAL = [0x2d, 0xd4, 0xbf] as const
const DARK = [0x0e, 0x0e, 0x10] as const
/** Radii as parts of the side, from the lower middle. */
const ARCS = [0.16, 0.3, 0.44]
const WIDTH = 0.06
const CENTRE = [0.5, 0.68] as const

export const MARK_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
  <rect width="100" height="100" rx="20" fill="#0e0e10"/>
  <g fill="none" stroke="#2dd4bf" stroke-width="6" stroke-linecap="round">
${ARCS.map((r) => `    <path d="M${50 - r * 100} 68a${r * 100} ${r * 100} 0 0 1 ${r * 200} 0"/>`).join('\n')}
  </g>
  <circle cx="50" cy="68" r="6" fill="#2dd4bf"/>
</svg>
`

/** A square PNG of `size` pixels. */
export async function markPng(size: number): Promise<Buffer> {
  const SAMPLES = 4
  const rows: Buffer[] = []
  for (let y = 0; y < size; y++) {
    const row = Buffer.alloc(1 + size * 3)
    for (let x = 0; x < size; x++) {
      let inside = 0
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const px = (x + ((s % SAMPLES) + 0.5) / SAMPLES) / size
        const py = (y + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES) / size
        if (isInk(px, py)) inside++
      }
      const share = inside / (SAMPLES * SAMPLES)
      for (let channel = 0; channel < 3; channel++) {
        const [ink = 0, ground = 0] = [TEAL[channel], DARK[channel]]
        row[1 + x * 3 + channel] = Math.round(ground + (ink - ground) * share)
      }
    }
    rows.push(row)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function isInk(x: number, y: number): boolean {
  const distance = Math.hypot(x - CENTRE[0], y - CENTRE[1])
  if (distance <= WIDTH) return true
  return y <= CENTRE[1] && ARCS.some((r) => Math.abs(distance - r) <= WIDTH / 2)
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}
