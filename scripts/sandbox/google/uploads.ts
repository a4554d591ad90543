/** YouTube's resumable uploads, to the letter of the protocol, and thumbnails. */
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono, type Context } from 'hono'
import { incomplete, problem, resource } from './answers.ts'
import type { GoogleFacts, Session, Video } from './facts.ts'

const CHUNK = 256 * 1024

export function uploadRoutes(google: GoogleFacts): Hono {
  const app = new Hono()
  app.post('/upload/youtube/v3/videos', async (c) => {
    const who = google.who(c.req.header('authorization'))
    if (!who) return problem(c, 401, 'authError', 'Invalid Credentials')
    const status = google.faults.uploadStatuses.shift()
    if (status) return problem(c, status, 'backendError', 'Backend Error')
    if (google.faults.quotaUsedUp)
      return problem(
        c,
        429,
        'rateLimitExceeded',
        "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day'",
      )
    if (!who.scopes.some((s) => s.endsWith('/youtube.upload')))
      return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
    const metadata = await c.req.json<Session['metadata']>()
    const title = metadata.snippet?.title ?? ''
    if (title === '' || [...title].length > 100 || /[<>]/.test(title))
      return problem(c, 400, 'invalidTitle', 'The title is invalid')
    const id = randomBytes(24).toString('base64url')
    const bytes = Number(c.req.header('x-upload-content-length'))
    const file = join(google.dir, `${id}.upload`)
    writeFileSync(file, '')
    google.sessions.set(id, {
      id,
      channelId: who.channelId,
      metadata,
      bytes,
      stored: 0,
      file,
      video: null,
      expired: false,
    })
    google.happened.emit('session')
    const location = new URL(c.req.url)
    location.searchParams.set('upload_id', id)
    return c.body(null, 200, { location: location.href })
  })

  app.put('/upload/youtube/v3/videos', async (c) => {
    if (!google.who(c.req.header('authorization'))) return problem(c, 401, 'authError', 'Invalid Credentials')
    const session = google.sessions.get(c.req.query('upload_id') ?? '')
    if (!session || session.expired) return problem(c, 404, 'notFound', 'Not Found')
    if (session.video) return c.json(resource(session.video), 201)
    const range = /^bytes (?:\*|(\d+)-(\d+))\/(\d+)$/.exec(c.req.header('content-range') ?? '')
    const status = google.faults.uploadStatuses.shift()
    if (status) return problem(c, status, 'backendError', 'Backend Error')
    if (range && range[1] === undefined) return incomplete(c, session)
    const [from, to] = range ? [Number(range[1]), Number(range[2])] : [0, session.bytes - 1]
    // An overlap or a gap: nothing is taken.
    if (from !== session.stored)
      return problem(c, 400, 'badRequest', 'The range does not go on where the upload is')
    const cut = google.faults.cutAfterBytes.shift()
    await receive(c, session, cut, (before) => {
      if (before < session.bytes / 2 && session.stored >= session.bytes / 2) google.happened.emit('half')
      google.happened.emit('bytes', session.stored)
    })
    // Parts that are not the last come in multiples of 256 KiB, and only those are kept.
    if (session.stored < session.bytes) {
      const keep =
        to < session.bytes - 1 || cut !== undefined
          ? Math.floor(session.stored / CHUNK) * CHUNK
          : session.stored
      writeFileSync(session.file, readFileSync(session.file).subarray(0, keep))
      session.stored = keep
      if (cut !== undefined) return problem(c, 503, 'backendError', 'Backend Error')
      return incomplete(c, session)
    }
    session.video = complete(google, session)
    if (google.faults.answersLost > 0) {
      google.faults.answersLost--
      return problem(c, 503, 'backendError', 'Backend Error')
    }
    return c.json(resource(session.video), 201)
  })

  app.post('/upload/youtube/v3/thumbnails/set', async (c) => {
    const video = google.videos.find((v) => v.id === c.req.query('videoId'))
    if (!video) return problem(c, 404, 'videoNotFound', 'The video was not found')
    video.thumbnail = join(google.dir, `${video.id}.jpg`)
    writeFileSync(video.thumbnail, Buffer.from(await c.req.arrayBuffer()))
    return c.json({ kind: 'youtube#thumbnailSetResponse', items: [] })
  })
  return app
}

function complete(google: GoogleFacts, session: Session): Video {
  const { snippet = {}, status = {} } = session.metadata
  const askedPrivacy = status.privacyStatus ?? 'public'
  const video: Video = {
    id: randomBytes(8).toString('base64url'),
    channelId: session.channelId,
    title: snippet.title ?? '',
    description: snippet.description ?? '',
    tags: snippet.tags ?? [],
    askedPrivacy,
    privacy: google.faults.unaudited ? 'private' : askedPrivacy,
    file: session.file,
    bytes: statSync(session.file).size,
    sha256: createHash('sha256').update(readFileSync(session.file)).digest('hex'),
    uploadedAtMs: google.clock.now(),
    thumbnail: null,
    rejection: google.faults.rejects,
    madeForKids: status.selfDeclaredMadeForKids ?? false,
  }
  google.videos.push(video)
  google.happened.emit('video')
  return video
}

async function receive(
  c: Context,
  session: Session,
  cut: number | undefined,
  onStored: (before: number) => void,
): Promise<void> {
  const out = createWriteStream(session.file, { flags: 'a' })
  let left = cut ?? Infinity
  try {
    for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
      const taken = chunk.subarray(0, left)
      left -= taken.length
      const before = session.stored
      session.stored += taken.length
      onStored(before)
      if (!out.write(taken)) await new Promise<void>((resolve) => out.once('drain', () => resolve()))
    }
  } catch {
    // The sender is gone: what came is kept.
  }
  await new Promise<void>((resolve) => out.end(() => resolve()))
}
