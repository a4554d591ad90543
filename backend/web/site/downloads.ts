/** What the streamer can take home of a recap: the video, its moments, an upright short, and edit lists for an editor. */
import { Hono, type Context } from 'hono'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import type { Product, RecapMoment } from '../../db/recaps.ts'
import { momentTitle } from '../../domain/description.ts'
import { csvOf, edlOf, otioOf } from '../../domain/edit-lists.ts'
import { cutMoments, cutShort, zipOf } from '../../media/by-products.ts'
import type { Storage } from '../../storage/storage.ts'
import { stop, type Gate } from './gate.ts'
import { sendStored } from './send-file.ts'

export interface DownloadOptions {
  gate: Gate
  storage: Storage
}

const LISTS = {
  edl: { type: 'text/plain; charset=utf-8', of: (title: string, p: Product) => edlOf(title, p.moments) },
  csv: { type: 'text/csv; charset=utf-8', of: (_: string, p: Product) => csvOf(p.moments) },
  otio: { type: 'application/json', of: (title: string, p: Product) => otioOf(title, p.moments) },
}

export function downloadRoutes({ gate, storage }: DownloadOptions): Hono {
  const app = new Hono()
  const productOf = async (c: Context) => {
    const { recap } = await gate.recap(c)
    return recap.product ? { recap, product: recap.product } : stop(c, 404, 'There is no video yet.')
  }
  const videoOf = async (c: Context) => {
    const { product } = await productOf(c)
    if (!(await storage.has(product.key))) stop(c, 404, 'The video has been deleted: its time was over.')
    return { product, file: () => storage.localFile(product.key) }
  }
  const attached = (name: string, type: string) => ({
    'content-type': type,
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  })

  app.get('/recaps/:id/:list{moments\\.(edl|csv|otio)}', async (c) => {
    const { recap, product } = await productOf(c)
    const kind = c.req.param('list').split('.')[1] as keyof typeof LISTS
    const { type, of } = LISTS[kind]
    return c.body(of(recap.title ?? 'Recap', product), 200, attached(`recap.${kind}`, type))
  })

  app.get('/recaps/:id/recap.mp4', async (c) => {
    const { product } = await videoOf(c)
    // To look at on the desk, or to take home.
    const filename = c.req.query('look') === undefined ? { filename: 'recap.mp4' } : {}
    return sendStored(c, storage, product.key, { type: 'video/mp4', ...filename })
  })

  app.get('/recaps/:id/moments.zip', async (c) => {
    const { product, file } = await videoOf(c)
    const zip = Readable.toWeb(Readable.from(momentsZip(await file(), product))) as ReadableStream
    return c.body(zip, 200, attached('moments.zip', 'application/zip'))
  })

  app.get('/recaps/:id/short.mp4', async (c) => {
    const { product, file } = await videoOf(c)
    const fill = c.req.query('fill') === 'blur' ? 'blur' : 'crop'
    const dir = await mkdtemp(join(tmpdir(), 'echoes-short-'))
    const out = join(dir, 'short.mp4')
    try {
      const best = [...product.moments].sort((a, b) => peopleOf(b) - peopleOf(a))
      if (!(await cutShort(await file(), best.map(named), { dir, out, fill })))
        return stop(c, 404, 'No moment is long enough for a short.')
      const { size } = await stat(out)
      // The open file outlives its name.
      const bytes = createReadStream(out)
      await new Promise((ready, broken) => bytes.once('open', ready).once('error', broken))
      const headers = { ...attached('short.mp4', 'video/mp4'), 'content-length': String(size) }
      return c.body(Readable.toWeb(bytes) as ReadableStream, 200, headers)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })
  return app
}

const peopleOf = (moment: RecapMoment) => moment.people.length + moment.unnamed
/** The moment itself, without what is in front of it. */
const named = (moment: RecapMoment) => {
  const { atSec, durationSec, leadSec = 0 } = moment
  return { atSec: atSec + leadSec, durationSec: durationSec - leadSec, title: momentTitle(moment) }
}

/** The moments are cut when they are asked for, and go when the last byte is taken or nobody takes any more. */
async function* momentsZip(recap: string, { moments }: Product): AsyncGenerator<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'echoes-zip-'))
  try {
    const files = await cutMoments(recap, moments.map(named), dir)
    yield* zipOf(files.map((file) => ({ name: basename(file), file })))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
