/** What the streamer can take home of a recap: the video, its moments, and edit lists for an editor. */
import { Hono } from 'hono'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import type { Database } from '../../db/database.ts'
import { findRecap, type Product } from '../../db/recaps.ts'
import { momentTitle } from '../../domain/description.ts'
import { csvOf, edlOf, otioOf } from '../../domain/edit-lists.ts'
import { cutMoments, zipOf } from '../../media/by-products.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Sessions } from '../session.ts'

export interface DownloadOptions {
  db: Database
  sessions: Sessions
  storage: Storage
}

const LISTS = {
  edl: { type: 'text/plain; charset=utf-8', of: (title: string, p: Product) => edlOf(title, p.moments) },
  csv: { type: 'text/csv; charset=utf-8', of: (_: string, p: Product) => csvOf(p.moments) },
  otio: { type: 'application/json', of: (title: string, p: Product) => otioOf(title, p.moments) },
}

export function downloadRoutes({ db, sessions, storage }: DownloadOptions): Hono {
  const app = new Hono()
  const productOf = async (c: Parameters<Sessions['channelOf']>[0], recapId: string) => {
    const channelId = await sessions.channelOf(c)
    const recap = channelId && (await findRecap(db, recapId))
    return recap && recap.channelId === channelId && recap.product ? { recap, product: recap.product } : null
  }
  const attached = (name: string, type: string) => ({
    'content-type': type,
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  })

  app.get('/recaps/:id/:list{moments\\.(edl|csv|otio)}', async (c) => {
    const found = await productOf(c, c.req.param('id'))
    if (!found) return c.notFound()
    const kind = c.req.param('list').split('.')[1] as keyof typeof LISTS
    const { type, of } = LISTS[kind]
    return c.body(of(found.recap.title ?? 'Recap', found.product), 200, attached(`recap.${kind}`, type))
  })

  app.get('/recaps/:id/recap.mp4', async (c) => {
    const found = await productOf(c, c.req.param('id'))
    if (!found || !(await storage.has(found.product.key))) return c.notFound()
    const file = await storage.localFile(found.product.key)
    const { size } = await stat(file)
    const headers = { ...attached('recap.mp4', 'video/mp4'), 'content-length': String(size) }
    return c.body(Readable.toWeb(createReadStream(file)) as ReadableStream, 200, headers)
  })

  app.get('/recaps/:id/moments.zip', async (c) => {
    const found = await productOf(c, c.req.param('id'))
    if (!found || !(await storage.has(found.product.key))) return c.notFound()
    const recap = await storage.localFile(found.product.key)
    const zip = momentsZip(recap, found.product)
    return c.body(
      Readable.toWeb(Readable.from(zip)) as ReadableStream,
      200,
      attached('moments.zip', 'application/zip'),
    )
  })
  return app
}

/** The moments are cut when they are asked for, and go when the last byte is taken or nobody takes any more. */
async function* momentsZip(recap: string, { moments }: Product): AsyncGenerator<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'echoes-zip-'))
  try {
    const files = await cutMoments(
      recap,
      moments.map((m) => ({ ...m, title: momentTitle(m) })),
      dir,
    )
    yield* zipOf(files.map((file) => ({ name: basename(file), file })))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
