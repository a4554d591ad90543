/**
 * HLS playlists → what we need of them: the parts of a VOD with their times, or the qualities of a master playlist.
 * The grammar is `hls-parser`'s; which playlists we can cut from, and how Twitch writes its own, is known here
 * (`-muted` parts, `EXT-X-MAP` for fMP4, `?start_offset=` byte ranges of old VODs).
 */
import * as HLS from 'hls-parser'
import type { Result } from '../../shared/result.ts'

export interface ByteRange {
  offset: number
  length: number
}

export interface Part {
  /** Place in the playlist, from 0. */
  index: number
  /** Absolute address (http, https or file). */
  url: string
  /** Seconds from the start of the VOD: the sum of the durations before, never `10 × index`. */
  startSec: number
  durationSec: number
  range?: ByteRange
  /** fMP4: the initialisation part that must precede this one. */
  map?: { url: string; range?: ByteRange }
  /** The time stamps do not go on from the part before. */
  discontinuity: boolean
  encrypted: boolean
  /** The last one of the playlist: it may hold a little less than the playlist says. */
  isLast: boolean
}

export interface MediaPlaylist {
  kind: 'media'
  parts: Part[]
  totalSec: number
  /** `EXT-X-ENDLIST` is there: nothing more will come. */
  ended: boolean
  /** When Twitch wrote it, UTC milliseconds; null where it does not say. */
  writtenAtMs: number | null
}

export interface Variant {
  url: string
  bandwidth: number
  name: string
}

export interface MasterPlaylist {
  kind: 'master'
  /** Best first. */
  variants: Variant[]
}

// What is wrong with a playlist is ours to say, once.
HLS.setOptions({ silent: true })

/**
 * @param baseUrl the address the text came from; relative addresses are resolved against it
 * @returns the playlist, or in one sentence what is wrong with it
 */
export function parsePlaylist(
  text: string,
  baseUrl: string,
): Result<{ playlist: MediaPlaylist | MasterPlaylist }> {
  if (text.trim() === '') return { ok: false, reason: 'the playlist is empty' }
  if (!/^(?:\s*#(?!EXT).*\r?\n)*\s*#EXTM3U/.test(text.replace(/^\uFEFF/, '')))
    return { ok: false, reason: 'this is no HLS playlist: it does not begin with #EXTM3U' }
  let parsed: HLS.types.MasterPlaylist | HLS.types.MediaPlaylist
  try {
    parsed = HLS.parse(text)
  } catch {
    // The parser trips over a part without its #EXTINF line with an error about its own insides.
    return { ok: false, reason: 'the playlist is malformed: a part has no #EXTINF line with its duration' }
  }
  if (parsed.isMasterPlaylist) return readMaster(parsed as HLS.types.MasterPlaylist, baseUrl)
  return readMedia(parsed as HLS.types.MediaPlaylist, baseUrl, writtenAt(text))
}

function readMaster(parsed: HLS.types.MasterPlaylist, baseUrl: string): Result<{ playlist: MasterPlaylist }> {
  const variants: Variant[] = []
  for (const variant of parsed.variants) {
    const url = resolve(variant.uri, baseUrl)
    if (!url) continue
    const name = variant.video[0]?.name ?? (variant.resolution ? `${variant.resolution.height}p` : 'unnamed')
    variants.push({ url, bandwidth: variant.bandwidth || 0, name })
  }
  if (variants.length === 0) return { ok: false, reason: 'the master playlist lists no quality' }
  variants.sort((a, b) => b.bandwidth - a.bandwidth)
  return { ok: true, playlist: { kind: 'master', variants } }
}

function readMedia(
  parsed: HLS.types.MediaPlaylist,
  baseUrl: string,
  writtenAtMs: number | null,
): Result<{ playlist: MediaPlaylist }> {
  const parts: Part[] = []
  let startSec = 0
  let carryDiscontinuity = false
  for (const segment of parsed.segments) {
    // A trailing #EXT-X-DISCONTINUITY makes the parser report a part without an address.
    if (!segment.uri) {
      carryDiscontinuity ||= segment.discontinuity === true
      continue
    }
    const url = resolve(segment.uri, baseUrl)
    const durationSec = segment.duration
    if (!url || !Number.isFinite(durationSec) || durationSec < 0)
      return { ok: false, reason: `part ${parts.length} of the playlist has no valid address or duration` }
    parts.push({
      index: parts.length,
      url,
      startSec,
      durationSec,
      ...rangeOf(segment.byterange),
      ...mapOf(segment.map, baseUrl),
      discontinuity: parts.length > 0 && (segment.discontinuity === true || carryDiscontinuity),
      isLast: false,
      encrypted: Boolean(segment.key && segment.key.method !== 'NONE'),
    })
    carryDiscontinuity = false
    startSec += durationSec
  }
  if (parts.length === 0) return { ok: false, reason: 'the playlist lists no parts' }
  const last = parts.at(-1)
  if (last) last.isLast = true
  if (startSec <= 0) return { ok: false, reason: 'the playlist is 0 seconds long' }
  const playlist = { kind: 'media' as const, parts, totalSec: startSec, ended: parsed.endlist }
  return { ok: true, playlist: { ...playlist, writtenAtMs } }
}

/** Twitch's own tag: the time of writing, in UTC, to the second. */
function writtenAt(text: string): number | null {
  const written = /^#ID3-EQUIV-TDTG:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/m.exec(text)?.[1]
  return written ? Date.parse(`${written}Z`) : null
}

/** The bytes of a part where the playlist tells them: from its byte range, or the offsets old VODs have in the address. */
export function bytesOf(part: Part): number | undefined {
  if (part.range) return part.range.length
  const query = new URL(part.url).searchParams
  const [from, to] = [query.get('start_offset'), query.get('end_offset')]
  return from !== null && to !== null ? Number(to) - Number(from) + 1 : undefined
}

/**
 * The address under which a part that Twitch muted is found: muted VODs list `N-unmuted.ts`, which answers 403, and
 * serve `N-muted.ts`; a playlist read before the muting still lists `N.ts`.
 */
export function mutedUrl(url: string): string | undefined {
  if (/-muted\.(ts|mp4)/.test(url)) return undefined
  return url.replace(/(?:-unmuted)?\.(ts|mp4)(?=$|\?)/, '-muted.$1')
}

function rangeOf(range: HLS.types.Byterange | undefined): { range?: ByteRange } {
  return range ? { range: { offset: range.offset, length: range.length } } : {}
}

function mapOf(map: HLS.types.MediaInitializationSection | undefined, baseUrl: string): Pick<Part, 'map'> {
  const url = map?.uri && resolve(map.uri, baseUrl)
  return url ? { map: { url, ...rangeOf(map.byterange) } } : {}
}

function resolve(uri: string, baseUrl: string): string | undefined {
  return URL.canParse(uri, baseUrl) ? new URL(uri, baseUrl).href : undefined
}
