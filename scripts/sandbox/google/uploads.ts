/** YouTube's resumable uploads, to the letter of the protocol, and thumbnails. */
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono, type Context } from 'hono'
import { nextPacificMidnight } from '../../../backend/domain/pacific.ts'
import { incomplete, problem, resource } from './answers.ts'
import type { GoogleFacts, Session, Video } from './facts.ts'

const CHUNK = 256 * 1024

export function uploadRoutes(google: GoogleFacts): Hono {
  const app = new Hono()
  let [resetsAtMs, begun] = [0, 0]
  app.post('/upload/youtube/v3/videos', async (c) => {
    const channelId = google.who(c.req.header('authorization'))?.channelId ?? ''
    const status = google.faults.uploadStatuses.shift()
    if (status) return problem(c, status, 'backendError', 'Backend Error')
    const now = google.clock.now()
    if (now >= resetsAtMs) [resetsAtMs, begun] = [nextPacificMidnight(now), 0]
    if (google.faults.quotaUsedUp || ++begun > google.quota.uploads)
      return problem(
        c,
        429,
        'rateLimitExceeded',
        "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day'",
      )
    if (google.faults.channelLimit)
      return problem(
        c,
        400,
        'uploadLimitExceeded',
        'The user has exceeded the number of videos they may upload.',
      )
    if (c.req.query('uploadType') !== 'resumable')
      return problem(c, 400, 'badRequest', 'uploadType must be resumable here')
    const metadata = await c.req.json<Session['metadata']>().catch(() => ({}) as Session['metadata'])
    const title = metadata.snippet?.title ?? ''
    if (title === '' || [...title].length > 100 || /[<>]/.test(title))
      return problem(c, 400, 'invalidTitle', 'The title is invalid')
    const { description = '', tags = [] } = metadata.snippet ?? {}
    if (Buffer.byteLength(description) > 5_000 || /[<>]/.test(description))
      return problem(c, 400, 'invalidDescription', 'The description is invalid')
    // Tags with a space are quoted, and the quotes count.
    if (tags.join(',').length + 2 * tags.filter((t) => t.includes(' ')).length > 500)
      return problem(c, 400, 'invalidTags', 'The tags are invalid')
    if (!['public', 'unlisted', 'private', undefined].includes(metadata.status?.privacyStatus))
      return problem(c, 400, 'invalidVideoMetadata', 'privacyStatus is invalid')
    const id = randomBytes(24).toString('base64url')
    const bytes = Number(c.req.header('x-upload-content-length'))
    const file = join(google.dir, `${id}.upload`)
    writeFileSync(file, '')
    google.sessions.set(id, {
      id,
      openedAtMs: now,
      channelId,
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
    const status = google.faults.thumbnailStatuses.shift()
    if (status) return problem(c, status, 'backendError', 'Backend Error')
    const video = google.videos.find((v) => v.id === c.req.query('videoId'))
    if (!video) return problem(c, 404, 'videoNotFound', 'The video was not found')
    if (video.channelId !== google.who(c.req.header('authorization'))?.channelId)
      return problem(c, 403, 'forbidden', 'The thumbnail of somebody else’s video')
    const picture = Buffer.from(await c.req.arrayBuffer())
    if (picture.length > 2 * 1024 * 1024) return problem(c, 413, 'mediaBodyTooLarge', 'At most 2 MB')
    video.thumbnail = join(google.dir, `${video.id}.jpg`)
    writeFileSync(video.thumbnail, picture)
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
    privacy: google.faults.keptPrivate ? 'private' : askedPrivacy,
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

// Lenient here: any bytes are a video; categories and languages are not looked at; a channel may set thumbnails unverified.
