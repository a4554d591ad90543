/** A file as an answer, whole or the range that a player asks for (RFC 9110, 14.1: one range of bytes). */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import type { Storage } from '../../storage/storage.ts'

/** A player asks again for each range of a long video. */
const LINK_SEC = 60 * 60

/** Something in storage: by a link, which is good for minutes, where the storage gives links; else by us. */
export async function sendStored(
  c: Context,
  storage: Pick<Storage, 'link' | 'localFile'>,
  key: string,
  { type, filename }: { type: string; filename?: string },
): Promise<Response> {
  const link = await storage.link(key, { seconds: LINK_SEC, type, ...(filename ? { filename } : {}) })
  if (link) {
    c.header('cache-control', 'no-store')
    return c.redirect(link, 302)
  }
  const attached = {
    'content-disposition': `attachment; filename="${filename}"`,
    'cache-control': 'no-store',
  }
  return sendFile(c, await storage.localFile(key), type, filename ? attached : {})
}

async function sendFile(
  c: Context,
  file: string,
  type: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { size } = await stat(file)
  const all = {
    'content-type': type,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=600',
    ...headers,
  }
  const asked = /^bytes=(\d*)-(\d*)$/.exec(c.req.header('range') ?? '')
  if (!asked || (asked[1] === '' && asked[2] === ''))
    return c.body(streamOf(file, 0, size - 1), 200, { ...all, 'content-length': String(size) })
  const start = asked[1] === '' ? Math.max(0, size - Number(asked[2])) : Number(asked[1])
  const end = asked[1] === '' || asked[2] === '' ? size - 1 : Math.min(size - 1, Number(asked[2]))
  if (start > end) return c.body(null, 416, { 'content-range': `bytes */${size}` })
  return c.body(streamOf(file, start, end), 206, {
    ...all,
    'content-range': `bytes ${start}-${end}/${size}`,
    'content-length': String(end - start + 1),
  })
}

function streamOf(file: string, start: number, end: number): ReadableStream {
  return Readable.toWeb(createReadStream(file, { start, end })) as ReadableStream
}
