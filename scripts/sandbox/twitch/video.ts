/** VODs as Twitch's player gets them: access token (GraphQL), usher's master playlist, and the CDN with its parts. */
import { EventEmitter } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Hono, type Context } from 'hono'
import type { ClipShop } from './clips.ts'
import type { TwitchWorld, Vod } from './world.ts'

export interface VideoFaults {
  /** Answers for parts: a status instead of the file, once per entry and in order. */
  parts: number[]
}

export interface VideoServer {
  app: Hono
  faults: VideoFaults
  /** Parts asked for, by VOD and index, for tests and the demo's summary. */
  served: Map<string, number>
  /** Told before a part goes out. */
  happened: EventEmitter<{ part: [] }>
}

export function videoServer(world: TwitchWorld, clips: ClipShop): VideoServer {
  const app = new Hono()
  const faults: VideoFaults = { parts: [] }
  const served = new Map<string, number>()
  const happened: VideoServer['happened'] = new EventEmitter()
  const vodOf = (id: string) => world.vods.find((v) => v.id === id)

  app.post('/gql', async (c) => {
    const { variables } = await c.req.json<{ variables?: { id?: string } }>()
    const vod = vodOf(variables?.id ?? '')
    if (!vod) return c.json({ data: { videoPlaybackAccessToken: null } })
    const value = JSON.stringify({ vod_id: vod.id, expires: Math.floor(world.clock.now() / 1000) + 3600 })
    return c.json({ data: { videoPlaybackAccessToken: { value, signature: signatureOf(value) } } })
  })

  app.get('/vod/v2/:file', (c) => {
    const { sig, token = '' } = c.req.query()
    const vod = vodOf(c.req.param('file').replace('.m3u8', ''))
    if (!vod) return c.json([{ error_code: 'not_found' }], 404)
    if (sig !== signatureOf(token)) return c.json([{ error_code: 'vod_manifest_restricted' }], 403)
    const { width, height, fps } = vod.footage
    const origin = new URL(c.req.url).origin
    const name = vod.mutedParts.size > 0 ? 'index-muted-SANDBOX.m3u8' : 'index-dvr.m3u8'
    const info = `BANDWIDTH=3400000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=${width}x${height},FRAME-RATE=${fps}.000`
    const ids = `STABLE-VARIANT-ID="chunked",IVS-NAME="${height}p",IVS-VARIANT-SOURCE="source"`
    const lines = [
      '#EXTM3U',
      `#EXT-X-STREAM-INF:${info},${ids}`,
      `${origin}/cdn/${folderOf(world, vod)}/chunked/${name}`,
      '',
    ]
    return c.body(lines.join('\n'), 200, { 'content-type': 'application/vnd.apple.mpegurl' })
  })

  app.get('/cdn/:folder/chunked/:file', (c) => {
    const vod = world.vods.find((v) => folderOf(world, v) === c.req.param('folder'))
    const file = c.req.param('file')
    if (!vod) return c.text('AccessDenied', 403)
    if (file.endsWith('.m3u8'))
      return c.body(playlistOf(world, vod), 200, { 'content-type': 'application/vnd.apple.mpegurl' })
    const match = /^(\d+)(-muted)?\.ts$/.exec(file)
    const index = Number(match?.[1] ?? NaN)
    const there =
      match &&
      !vod.goneParts.has(index) &&
      index < world.vodParts(vod).count &&
      Boolean(match[2]) === vod.mutedParts.has(index)
    if (!there) return c.text('AccessDenied', 403)
    const fault = faults.parts.shift()
    if (fault) return c.body('fault', fault as 500)
    served.set(`${vod.id}/${index}`, (served.get(`${vod.id}/${index}`) ?? 0) + 1)
    happened.emit('part')
    return sendFile(c, join(vod.footageDir, `${index}.ts`), 'video/MP2T')
  })

  app.get('/clips/:file', async (c) => {
    const clip = clips.find(c.req.param('file').replace('.mp4', ''))
    return clip ? sendFile(c, await clips.file(clip), 'video/mp4') : c.text('AccessDenied', 403)
  })
  return { app, faults, served, happened }
}

/** A file, whole or the range asked for. */
export function sendFile(c: Context, path: string, type: string) {
  const { size } = statSync(path)
  const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header('range') ?? '')
  const start = range ? Number(range[1]) : 0
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1
  const stream = Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream
  const headers = {
    'content-type': type,
    'content-length': String(end - start + 1),
    'accept-ranges': 'bytes',
  }
  if (!range) return c.body(stream, 200, headers)
  return c.body(stream, 206, { ...headers, 'content-range': `bytes ${start}-${end}/${size}` })
}

function playlistOf(world: TwitchWorld, vod: Vod): string {
  const { count, totalSec, ended } = world.vodParts(vod)
  const written = new Date(vod.createdAtMs + totalSec * 1000 + 15_000).toISOString().slice(0, 19)
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:10',
    `#ID3-EQUIV-TDTG:${written}`,
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-TWITCH-ELAPSED-SECS:0.000',
    `#EXT-X-TWITCH-TOTAL-SECS:${totalSec.toFixed(3)}`,
  ]
  for (let index = 0; index < count; index++) {
    lines.push(`#EXTINF:${(vod.footage.parts[index] ?? 10).toFixed(3)},`)
    lines.push(vod.mutedParts.has(index) ? `${index}-muted.ts` : `${index}.ts`)
  }
  if (ended) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** `<hash>_<login>_<stream id>_<unix time>`, as on Twitch's CDN. */
function folderOf(world: TwitchWorld, vod: Vod): string {
  const login = world.users.get(vod.userId)?.login ?? 'nobody'
  const hash = signatureOf(vod.id).slice(0, 20).padEnd(20, '0')
  return `${hash}_${login}_${vod.streamId}_${Math.floor(vod.createdAtMs / 1000)}`
}

function signatureOf(text: string): string {
  let hash = 0n
  for (const char of text) hash = (hash * 1_099_511_628_211n + BigInt(char.codePointAt(0) ?? 0)) % 2n ** 160n
  return hash.toString(16)
}

// Lenient here: access lasts for ever; there is one quality; nothing is only for subscribers; parts are there from anywhere.
