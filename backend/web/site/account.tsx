/** The account page: everything taken home, and everything deleted. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Hono } from 'hono'
import { bytesText } from '../../../shared/bytes-text.ts'
import type { Clock } from '../../../shared/clock.ts'
import { findChannel, type Channel } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import { beginDeparture } from '../../db/departures.ts'
import { clipsOf, deletionsOf, storedBytesOf, type MediaDeletion } from '../../db/media.ts'
import { exportOf } from '../../db/personal-data.ts'
import { recapsOf } from '../../db/recaps.ts'
import { zipOf } from '../../media/by-products.ts'
import type { Storage } from '../../storage/storage.ts'
import { dayText } from '../../../shared/day-text.ts'
import type { Gate } from './gate.ts'
import { Layout, toHtml } from './layout.tsx'
import { Said } from './said.tsx'

export interface AccountOptions {
  db: Database
  clock: Clock
  gate: Gate
  storage: Storage
  /** Somebody wants to leave. */
  onLeaving(): void
}

export function accountRoutes({ db, clock, gate, storage, onLeaving }: AccountOptions): Hono {
  const app = new Hono()

  app.get('/account', async (c) => {
    const { channelId } = await gate.streamer(c)
    const channel = await findChannel(db, channelId)
    if (!channel) return c.redirect('/')
    const [bytes, deletions] = await Promise.all([
      storedBytesOf(db, channelId, storage),
      deletionsOf(db, channelId),
    ])
    const page = <Account channel={channel} bytes={bytes} deletions={deletions} />
    return c.html(toHtml(page), 200, { 'cache-control': 'no-store' })
  })

  app.get('/account/export.zip', async (c) => {
    const { channelId } = await gate.streamer(c)
    const zip = Readable.toWeb(Readable.from(exportZip(db, storage, channelId))) as ReadableStream
    return c.body(zip, 200, {
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="echoes-export.zip"',
      'cache-control': 'no-store',
    })
  })

  app.post('/account/delete', async (c) => {
    const { channelId } = await gate.streamer(c)
    const channel = await findChannel(db, channelId)
    const { name } = await c.req.parseBody()
    if (!channel || typeof name !== 'string' || name.trim().toLowerCase() !== channel.login.toLowerCase()) {
      const sentences = ['The name you typed is not that of your channel. Nothing was deleted.']
      return c.html(toHtml(<Said title="Not deleted" sentences={sentences} />), 422)
    }
    const receipt = await beginDeparture(db, channelId, clock.now())
    onLeaving()
    const sentences = [
      'It is done within minutes; you get a mail when it is. Nothing has to be done for it.',
      `Your receipt is ${receipt}.`,
    ]
    return c.html(toHtml(<Said title="Your account is being deleted" sentences={sentences} />))
  })
  return app
}

/** Each table as JSON, and each video that is here. Made while it is taken. */
async function* exportZip(db: Database, storage: Storage, channelId: string): AsyncGenerator<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'echoes-export-'))
  try {
    const files: { name: string; file: string }[] = []
    for await (const { name, rows } of exportOf(db, channelId)) {
      const file = join(dir, `${name}.json`)
      await writeFile(file, JSON.stringify(rows, null, 2))
      files.push({ name: `data/${name}.json`, file })
    }
    const keys = [
      ...(await recapsOf(db, channelId)).flatMap(({ id, product }) =>
        product ? [{ name: `recaps/${id}.mp4`, key: product.key }] : [],
      ),
      ...(await clipsOf(db, channelId)).map(({ place, key }) => ({ name: `clips/${place}.mp4`, key })),
    ]
    for (const { name, key } of keys)
      if (await storage.has(key)) files.push({ name, file: await storage.localFile(key) })
    yield* zipOf(files)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const REASON: Record<string, string> = {
  'too old': 'its time was over',
  'no longer needed': 'nothing needed it any more',
}

function Account(props: { channel: Channel; bytes: number; deletions: MediaDeletion[] }) {
  const { channel, bytes, deletions } = props
  return (
    <Layout title="Account – Echoes" nav={{ channel: channel.displayName, role: 'streamer' }}>
      <h1>Account</h1>
      <section class="card row">
        <div>
          <strong>Take everything home</strong>
          <div class="muted">
            A zip of what Echoes knows about your channel, table by table as JSON, and of the videos that are
            still here.
          </div>
        </div>
        <a class="button" href="/account/export.zip">
          Download
        </a>
      </section>
      <section class="card" aria-labelledby="storage-title">
        <strong id="storage-title">What lies here</strong>
        <p>{bytes === 0 ? 'No videos at present.' : `${bytesText(bytes)} of videos.`}</p>
        {deletions.length > 0 && (
          <details>
            <summary>Deleted lately</summary>
            <ul>
              {deletions.map(({ what, atMs, reason }) => (
                <li>
                  {what}, {dayText(atMs)}: {REASON[reason] ?? reason}
                </li>
              ))}
            </ul>
          </details>
        )}
      </section>
      <section class="card row">
        <div>
          <strong>Sign out everywhere</strong>
          <div class="muted">On every device and in every browser.</div>
        </div>
        <form method="post" action="/sign-out/everywhere">
          <button>Sign out everywhere</button>
        </form>
      </section>
      <section class="card" aria-labelledby="leave-title">
        <strong id="leave-title">Leave Echoes</strong>
        <p>
          Ends your subscription, gives Echoes’ access to Twitch and YouTube back, and deletes your videos
          here, echoes, settings and lists. Videos on YouTube are yours and stay. It cannot be undone.
        </p>
        <form method="post" action="/account/delete" class="stack">
          <label class="field">
            <span>To confirm, type your channel’s name: {channel.login}</span>
            <input name="name" autocomplete="off" required />
          </label>
          <div>
            <button class="danger">Delete my account</button>
          </div>
        </form>
      </section>
    </Layout>
  )
}
