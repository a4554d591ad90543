/**
 * A moment's thumbnail: the liveliest of a few key frames, as a JPEG at most 1280 pixels wide. Key frames stand alone, so
 * that nothing else has to be decoded.
 */
import { writeFileSync } from 'node:fs'
import {
  CodecParameters,
  type Frame,
  Frame as NewFrame,
  Packet,
  Rational,
  SoftwareScaleContext,
} from 'node-av/lib'
import { AV_PIX_FMT_YUVJ420P, SWS_BILINEAR } from 'node-av/constants'
import { check, MediaError, outOfMemory } from './av.ts'
import { decoded, encoded, openDecoder, openEncoder } from './coders.ts'

const WIDEST = 1280
/** JPEG's scale, of 2 to 31: hardly a loss. */
const QUALITY = 4
const CANDIDATES = 2

interface Candidate {
  key: Packet
  bytes: number
}

/** Collects the key frames of the groups in which most happens: what moves costs an encoder bytes. */
export class StillPicker {
  #candidates: Candidate[] = []

  /** @param bytes of the whole group of pictures that `key` begins */
  offer(key: Packet, bytes: number): void {
    if (this.#candidates.length === CANDIDATES && bytes <= (this.#candidates.at(-1)?.bytes ?? 0)) return
    const copy = key.clone()
    if (!copy) throw outOfMemory()
    this.#candidates.push({ key: copy, bytes })
    this.#candidates.sort((a, b) => b.bytes - a.bytes)
    for (const { key: dropped } of this.#candidates.splice(CANDIDATES)) dropped.free()
  }

  /** Writes the picture with the most contrast: a fade to black is no thumbnail. @throws {MediaError} */
  write(source: CodecParameters, jpeg: string): void {
    let best: { frame: Frame; contrast: number } | undefined
    try {
      for (const { key } of this.#candidates) {
        const frame = pictureOf(source, key)
        if (!frame) continue
        const contrast = contrastOf(frame)
        if (best && best.contrast >= contrast) frame.free()
        else {
          best?.frame.free()
          best = { frame, contrast }
        }
      }
      if (!best) throw new MediaError('no picture to take a thumbnail of')
      writeFileSync(jpeg, encodeJpeg(best.frame))
    } finally {
      best?.frame.free()
    }
  }

  close(): void {
    for (const { key } of this.#candidates) key.free()
    this.#candidates = []
  }
}

function pictureOf(source: CodecParameters, key: Packet): Frame | null {
  const decoder = openDecoder(source)
  try {
    for (const packet of [key, null]) for (const frame of decoded(decoder, packet)) return frame.clone()
    return null
  } finally {
    decoder.freeContext()
  }
}

/** Standard deviation of the brightness of some hundred pixels. */
export function contrastOf(frame: Frame): number {
  const { mean, square } = brightness(frame)
  return Math.sqrt(Math.max(0, square - mean * mean))
}

/** Mean of the brightness of some hundred pixels, and of its square; 8 bits. */
export function brightness(frame: Frame): { mean: number; square: number } {
  const luma = frame.data?.[0]
  const stride = frame.linesize[0] ?? 0
  if (!luma || stride === 0) return { mean: 0, square: 0 }
  // Of more than 8 bits a sample has two bytes, the low one first; its high byte tells enough.
  const wide = stride >= 2 * frame.width
  let [sum, squares, count] = [0, 0, 0]
  for (let y = 8; y < frame.height; y += Math.max(1, frame.height >> 4))
    for (let x = 8; x < frame.width; x += Math.max(1, frame.width >> 5)) {
      const value = wide
        ? ((luma[y * stride + 2 * x + 1] ?? 0) << 6) | ((luma[y * stride + 2 * x] ?? 0) >> 2)
        : (luma[y * stride + x] ?? 0)
      sum += value
      squares += value * value
      count++
    }
  return { mean: sum / count, square: squares / count }
}

function encodeJpeg(source: Frame): Buffer {
  const width = Math.min(WIDEST, source.width)
  const height = Math.round((source.height * width) / source.width / 2) * 2
  const scaled = new NewFrame()
  scaled.alloc()
  scaled.format = AV_PIX_FMT_YUVJ420P
  scaled.width = width
  scaled.height = height
  scaled.pts = 0n
  check(scaled.getBuffer(), 'cannot make a picture')
  const scale = new SoftwareScaleContext()
  const from = [source.width, source.height, source.format as never] as const
  scale.getContext(...from, width, height, AV_PIX_FMT_YUVJ420P, SWS_BILINEAR)
  const encoder = openEncoder('mjpeg', {}, (e) => {
    e.width = width
    e.height = height
    e.pixelFormat = AV_PIX_FMT_YUVJ420P
    e.timeBase = new Rational(1, 25)
    e.qMin = e.qMax = QUALITY
  })
  try {
    check(scale.scaleFrameSync(scaled, source), 'cannot scale the picture')
    for (const frame of [scaled, null])
      for (const packet of encoded(encoder, frame)) return Buffer.from(packet.data ?? Buffer.alloc(0))
    throw new MediaError('cannot encode the thumbnail')
  } finally {
    encoder.freeContext()
    scale.freeContext()
    scaled.free()
  }
}
