/**
 * YouTube's resumable upload, to the letter (developers.google.com/youtube/v3/guides/using_resumable_upload_protocol).
 *
 * The address of the upload session is stored before the first byte goes out. Whoever takes over, after whatever
 * crash, first asks the session what it has: bytes are sent on from there, and if the video was complete already, the
 * session repeats its answer. So there is one video.
 */
import { openAsBlob } from 'node:fs'
import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import { youtubeFault } from './errors.ts'

export interface VideoMetadata {
  title: string
  description: string
  tags: string[]
  privacy: 'public' | 'unlisted' | 'private'
  madeForKids: boolean
}

/** Where the upload's state is kept between attempts and processes. A session's address is as good as a key. */
export interface SessionStore {
  /** The session's address; or the video, when another process was through with it. */
  load(): Promise<{ url: string | null; videoId: string | null }>
  /**
   * Puts `next` in the place of `before`, and says whether it could: not when another process has put its own there
   * meanwhile, or has the video, and not when the streamer has dropped it or taken their consent back. A worker that was
   * frozen and wakes up so cannot begin a second video.
   */
  replace(before: string | null, next: string | null): Promise<boolean>
}

export interface UploadOptions {
  /** Root of the API, with a slash at the end. */
  api: string
  /** The access token; `force` after the server refused the one before. */
  token(force: boolean): Promise<string>
  session: SessionStore
  /** Looks whether the video is there already, where no session can say so. */
  findUploaded(): Promise<string | null>
  /** Called with the bytes that YouTube has. */
  onProgress?: (bytes: number) => void
  wait(ms: number): Promise<void>
  attempts?: number
}

const GAME_CATEGORY = '20'
const REQUEST_TIMEOUT_MS = 30_000
/** One request carries the whole file. */
const TRANSFER_TIMEOUT_MS = 2 * 60 * 60_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 60_000
const VIDEO = z.object({ id: z.string() })

type Step =
  | { kind: 'done'; videoId: string }
  | { kind: 'opened'; url: string }
  | { kind: 'at'; offset: number }
  | { kind: 'expired' }
  | { kind: 'again'; force: boolean }

/**
 * Uploads `file` and returns the id of the one video.
 * @throws {Fault} `transient` when the attempts are used up, `quota`, `person`, or `bug`
 */
export async function uploadVideo(
  file: string,
  metadata: VideoMetadata,
  options: UploadOptions,
): Promise<string> {
  const blob = await openAsBlob(file, { type: 'video/mp4' })
  const { attempts = 10, wait, session } = options
  let force = false
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0)
      await wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2))
    const { url, videoId: known } = await session.load()
    if (known) return known
    const step: Step = url
      ? await askSession(url, blob.size, options, force)
      : await begin(blob.size, metadata, options, force)
    force = step.kind === 'again' && step.force
    if (step.kind === 'done') return step.videoId
    if (step.kind === 'expired') {
      const videoId = await options.findUploaded()
      if (videoId) return videoId
      await session.replace(url, null)
    }
    if (step.kind === 'opened' && !(await session.replace(null, step.url))) {
      const now = await session.load()
      if (now.url === null && now.videoId === null)
        throw new Fault('the upload may not begin any more', 'bug')
      continue
    }
    const target = step.kind === 'opened' ? step.url : url
    if (!target || (step.kind !== 'at' && step.kind !== 'opened')) continue
    const offset = step.kind === 'at' ? step.offset : 0
    options.onProgress?.(offset)
    const sent = await sendFrom(target, blob, offset, options)
    if (sent.kind === 'done') return sent.videoId
    force = sent.kind === 'again' && sent.force
  }
  throw new Fault(`YouTube did not take the video in ${attempts} attempts`, 'transient')
}

/** A database that was restored from a backup may not know that the video went up meanwhile. */
async function begin(
  bytes: number,
  metadata: VideoMetadata,
  options: UploadOptions,
  force: boolean,
): Promise<Step> {
  const videoId = force ? null : await options.findUploaded()
  return videoId ? { kind: 'done', videoId } : openSession(bytes, metadata, options, force)
}

async function openSession(
  bytes: number,
  metadata: VideoMetadata,
  options: UploadOptions,
  force: boolean,
): Promise<Step> {
  const url = new URL('upload/youtube/v3/videos?uploadType=resumable&part=snippet,status', options.api)
  const body = {
    snippet: {
      title: metadata.title,
      description: metadata.description,
      tags: metadata.tags,
      categoryId: GAME_CATEGORY,
    },
    status: {
      privacyStatus: metadata.privacy,
      selfDeclaredMadeForKids: metadata.madeForKids,
      embeddable: true,
    },
  }
  const answer = await request(url.href, options, force, {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'x-upload-content-length': String(bytes),
      'x-upload-content-type': 'video/mp4',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  if (!answer) return { kind: 'again', force: false }
  const location = answer.headers.get('location')
  if (answer.status === 200 && location) return { kind: 'opened', url: location }
  return classify(answer, 'to begin an upload')
}

async function askSession(url: string, bytes: number, options: UploadOptions, force: boolean): Promise<Step> {
  const answer = await request(url, options, force, {
    method: 'PUT',
    headers: { 'content-range': `bytes */${bytes}` },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  return answer ? classify(answer, 'how far an upload is') : { kind: 'again', force: false }
}

async function sendFrom(url: string, blob: Blob, offset: number, options: UploadOptions): Promise<Step> {
  const rest = blob.slice(offset, blob.size, 'video/mp4')
  const answer = await request(url, options, false, {
    method: 'PUT',
    headers: offset > 0 ? { 'content-range': `bytes ${offset}-${blob.size - 1}/${blob.size}` } : {},
    body: rest,
    signal: AbortSignal.timeout(TRANSFER_TIMEOUT_MS),
  })
  return answer ? classify(answer, 'to take the video') : { kind: 'again', force: false }
}

/** Null when the connection broke: then nobody knows what arrived, and the session is asked next. */
async function request(
  url: string,
  options: UploadOptions,
  force: boolean,
  init: RequestInit,
): Promise<Response | null> {
  const token = await options.token(force)
  try {
    return await fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })
  } catch {
    return null
  }
}

async function classify(answer: Response, what: string): Promise<Step> {
  if (answer.status === 308) {
    await answer.body?.cancel()
    // No Range header: nothing is stored.
    const last = /bytes=0-(\d+)/.exec(answer.headers.get('range') ?? '')?.[1]
    return { kind: 'at', offset: last === undefined ? 0 : Number(last) + 1 }
  }
  const body: unknown = await answer.json().catch(() => null)
  if (answer.status === 200 || answer.status === 201) {
    const video = VIDEO.safeParse(body)
    if (video.success) return { kind: 'done', videoId: video.data.id }
    return { kind: 'again', force: false }
  }
  if (answer.status === 404 || answer.status === 410) return { kind: 'expired' }
  const fault = youtubeFault(what, answer.status, body, Date.now())
  // An account without a channel is refused with the same status as a token that has run out.
  if (answer.status === 401 && fault.kind === 'transient') return { kind: 'again', force: true }
  if (fault.kind === 'transient') return { kind: 'again', force: false }
  throw fault
}
