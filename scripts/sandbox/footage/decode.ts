/** Decodes a video completely, to see and hear what a viewer would: the clock on each picture, and when it beeps. */
import { Codec, CodecContext, Frame, Packet, type Stream } from 'node-av/lib'
import { check, openInput, readPacket, toSec } from '../../../backend/media/av.ts'
import { BEEP_LEVEL, readClock } from './clock.ts'

export interface Seen {
  /** Each picture: when it is shown, and the frame number burned into it. */
  pictures: { atSec: number; frame: number }[]
  /** When each beep begins. */
  beepsSec: number[]
  errors: number
}

/** Where a beep surely is: what an encoder smears ahead of it is softer. */
const LOUD = BEEP_LEVEL / 2
/** Beeps are a second apart; within this, sound belongs to the same one. */
const SAME_BEEP_SEC = 0.5

/** @param tolerant a picture that shows no clock, as in a fade, counts as frame −1 */
export function decode(file: string, { tolerant = false } = {}): Seen {
  const input = openInput(file)
  const seen: Seen = { pictures: [], beepsSec: [], errors: 0 }
  const decoders = new Map(
    [input.video, input.audio].flatMap((s) => (s ? [[s.index, openDecoder(s)] as const] : [])),
  )
  const packet = new Packet()
  const frame = new Frame()
  packet.alloc()
  frame.alloc()
  const drain = (stream: Stream, decoder: CodecContext) => {
    while (decoder.receiveFrameSync(frame) >= 0) {
      if (frame.decodeErrorFlags !== 0) seen.errors++
      const atSec = toSec(frame.bestEffortTimestamp, stream.timeBase)
      if (stream === input.video) {
        const luma = frame.data?.[0]
        const scale = frame.width / 320
        const read = () => readClock(luma ?? new Uint8Array(), frame.linesize[0] ?? 0, scale)
        if (luma) seen.pictures.push({ atSec, frame: tolerant ? orNone(read) : read() })
      } else listen(frame, atSec, seen.beepsSec)
    }
  }
  const streams = [input.video, input.audio].filter((s) => s !== undefined)
  while (readPacket(input, packet)) {
    const stream = streams.find((s) => s.index === packet.streamIndex)
    const decoder = stream && decoders.get(stream.index)
    if (stream && decoder) {
      if (decoder.sendPacketSync(packet) < 0) seen.errors++
      drain(stream, decoder)
    }
    packet.unref()
  }
  for (const stream of streams) {
    const decoder = decoders.get(stream.index)
    if (!decoder) continue
    decoder.sendPacketSync(null)
    drain(stream, decoder)
    decoder.freeContext()
  }
  frame.free()
  packet.free()
  input.close()
  return seen
}

function openDecoder(stream: Stream): CodecContext {
  const codec = Codec.findDecoder(stream.codecpar.codecId)
  if (!codec) throw new Error('no decoder')
  const decoder = new CodecContext()
  decoder.allocContext3(codec)
  check(decoder.parametersToContext(stream.codecpar), 'parameters')
  check(decoder.open2Sync(codec), 'open')
  return decoder
}

function listen(frame: Frame, atSec: number, beeps: number[]): void {
  const plane = frame.data?.[0]
  if (!plane) return
  const samples = new Float32Array(plane.buffer, plane.byteOffset, frame.nbSamples)
  const first = samples.findIndex((s) => Math.abs(s) > LOUD)
  if (first === -1) return
  const beginsSec = atSec + first / frame.sampleRate
  if (beginsSec - (beeps.at(-1) ?? -1) > SAME_BEEP_SEC) beeps.push(beginsSec)
}

function orNone(read: () => number): number {
  try {
    return read()
  } catch {
    return -1
  }
}
