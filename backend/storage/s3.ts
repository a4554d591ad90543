/**
 * Storage in a bucket of any S3-compatible service. Every body goes out with its MD5, which the service checks
 * (`Content-MD5`: understood by all, unlike the SDK's newer checksums), and comes back checked against its SHA-256. A large
 * file goes in parts, which go on where they were after a crash; a download goes on where it broke off.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import PQueue from 'p-queue'
import pRetry, { AbortError } from 'p-retry'
import { sha256Of } from './disk.ts'
import { checkKey, WORK, type Storage } from './storage.ts'

export interface S3Options {
  bucket: string
  /** In front of every key, with a slash at the end; empty: none. */
  prefix: string
  region: string
  /** Undefined: Amazon's own. */
  endpoint: string | undefined
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** Working folders, copies, and notes of uploads under way. */
  localDir: string
  /** Resolves names, where the address comes from outside. */
  lookup?: LookupFunction
  /** A connection on which nothing moves for so long is given up. */
  silenceMs?: number
  /** Larger files go in parts of this size, at least 5 MiB. */
  partBytes?: number
}

const MIB = 1024 * 1024
const PART_BYTES = 8 * MIB
/** Of S3. */
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 3
const TRIES = 6
/** Twitch allows a cache of its content for at most 24 h; nothing is worked on for longer. */
const WORK_LASTS_MS = 24 * 60 * 60_000
const CONNECT_MS = 10_000
const SILENCE_MS = 120_000

/** Where an upload under way is noted, so that another process goes on with it. */
interface UploadNote {
  uploadId: string
  sha256: string
  partBytes: number
}

export function s3Storage(options: S3Options): Storage {
  const { bucket: Bucket, prefix, silenceMs = SILENCE_MS } = options
  const local = resolve(options.localDir)
  const s3 = new S3Client({
    region: options.region,
    ...(options.endpoint ? { endpoint: options.endpoint, forcePathStyle: true } : {}),
    credentials: options.credentials,
    // Not every service knows the SDK's own checksums; ours are sent beside.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      // Not `requestTimeout`, which only warns.
      socketTimeout: silenceMs,
      ...(options.lookup
        ? {
            httpAgent: { keepAlive: true, lookup: options.lookup },
            httpsAgent: { keepAlive: true, lookup: options.lookup },
          }
        : {}),
    },
    maxAttempts: 1,
  })
  const at = (key: string) => ({ Bucket, Key: prefix + checkKey(key) })
  const copyOf = (key: string) => join(local, 'copies', checkKey(key))
  const noteOf = (key: string) => join(local, 'uploads', createHash('sha256').update(key).digest('hex'))

  const head = (key: string) =>
    again(() => s3.send(new HeadObjectCommand(at(key)))).catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })

  /** Who may not look, sends it once more. */
  const isThere = async (key: string, sha256: string) =>
    (await head(key).catch(() => null))?.Metadata?.sha256 === sha256

  async function putWhole(key: string, file: string, sha256: string): Promise<void> {
    const Body = await readFile(file)
    const put = { ...at(key), Body, ContentMD5: md5Of(Body), Metadata: { sha256 } }
    await again(() => s3.send(new PutObjectCommand(put)))
  }

  async function putInParts(key: string, file: string, bytes: number, sha256: string): Promise<void> {
    const { partBytes, uploadId: UploadId } = await uploadFor(key, bytes, sha256)
    const there = await partsOf(key, UploadId)
    const count = Math.ceil(bytes / partBytes)
    const queue = new PQueue({ concurrency: PARTS_AT_ONCE })
    const handle = await open(file)
    try {
      const sendPart = async (n: number) => {
        const length = Math.min(partBytes, bytes - n * partBytes)
        const { buffer: Body } = await handle.read(Buffer.alloc(length), 0, length, n * partBytes)
        const md5 = createHash('md5').update(Body).digest()
        // A part's ETag is its MD5: what came through before a crash is not sent again.
        if (there.get(n + 1) === md5.toString('hex'))
          return { PartNumber: n + 1, ETag: `"${md5.toString('hex')}"` }
        const part = { ...at(key), UploadId, PartNumber: n + 1, Body, ContentMD5: md5.toString('base64') }
        const { ETag } = await again(() => s3.send(new UploadPartCommand(part)))
        return { PartNumber: n + 1, ETag }
      }
      const Parts = await queue.addAll(Array.from({ length: count }, (_, n) => () => sendPart(n)))
      const complete = { ...at(key), UploadId, MultipartUpload: { Parts } }
      await again(async () => {
        try {
          await s3.send(new CompleteMultipartUploadCommand(complete))
        } catch (error) {
          // Its answer may have been lost: then the upload is gone, and the object is there.
          if (!isMissing(error) || !(await isThere(key, sha256))) throw error
        }
      })
    } finally {
      queue.clear()
      await queue.onIdle()
      await handle.close()
    }
    await rm(noteOf(key), { force: true })
  }

  /** The upload of this very content that was begun before, or a new one. */
  async function uploadFor(key: string, bytes: number, sha256: string): Promise<UploadNote> {
    const file = noteOf(key)
    const known = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as UploadNote,
      () => null,
    )
    const open = await openUploads(key)
    if (known?.sha256 === sha256 && open.includes(known.uploadId)) return known
    for (const UploadId of open) await endUpload(key, UploadId)
    const partBytes = Math.max(options.partBytes ?? PART_BYTES, Math.ceil(bytes / MOST_PARTS))
    const create = { ...at(key), Metadata: { sha256 } }
    const { UploadId = '' } = await again(() => s3.send(new CreateMultipartUploadCommand(create)))
    const note = { uploadId: UploadId, sha256, partBytes }
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify(note))
    return note
  }

  async function openUploads(key: string): Promise<string[]> {
    const { Key: Prefix } = at(key)
    const listed = await again(() => s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix })))
    return (listed.Uploads ?? []).flatMap((u) => (u.Key === Prefix && u.UploadId ? [u.UploadId] : []))
  }

  const endUpload = (key: string, UploadId: string) =>
    again(() => s3.send(new AbortMultipartUploadCommand({ ...at(key), UploadId }))).catch(
      (error: unknown) => {
        if (!isMissing(error)) throw error
      },
    )

  async function partsOf(key: string, UploadId: string): Promise<Map<number, string>> {
    const parts = new Map<number, string>()
    let PartNumberMarker: string | undefined
    do {
      const ask = { ...at(key), UploadId, ...(PartNumberMarker ? { PartNumberMarker } : {}) }
      const listed = await again(() => s3.send(new ListPartsCommand(ask)))
      for (const { PartNumber = 0, ETag = '' } of listed.Parts ?? [])
        parts.set(PartNumber, ETag.replaceAll('"', ''))
      PartNumberMarker = listed.IsTruncated ? listed.NextPartNumberMarker : undefined
    } while (PartNumberMarker)
    return parts
  }

  /** Brings the object to `file`, going on where a connection broke. @throws when what came is not what was stored */
  async function bring(key: string, file: string): Promise<void> {
    const there = await head(key)
    if (!there) throw new Error(`there is no ${key} in storage`)
    await mkdir(dirname(file), { recursive: true })
    const whole = there.ContentLength ?? 0
    await again(async () => {
      let have = await stat(file).then(
        (s) => s.size,
        () => 0,
      )
      if (have > whole) {
        await rm(file)
        have = 0
      }
      if (whole === 0) await writeFile(file, '')
      if (have < whole) {
        const range = have > 0 ? { Range: `bytes=${have}-` } : {}
        const { Body } = await s3.send(new GetObjectCommand({ ...at(key), ...range, IfMatch: there.ETag }))
        await pipeline(Body as Readable, createWriteStream(file, { flags: 'a' }))
      }
      const { size } = await stat(file)
      if (size < whole) throw new Error(`${key} broke off`)
      const sha256 = there.Metadata?.sha256
      if (size > whole || (sha256 && (await sha256Of(file)) !== sha256)) {
        await rm(file)
        throw new Error(`${key} came damaged`)
      }
    })
  }

  async function send(key: string, file: string): Promise<void> {
    const [sha256, { size }] = await Promise.all([sha256Of(file), stat(file)])
    if (await isThere(key, sha256)) return
    if (size <= (options.partBytes ?? PART_BYTES)) await putWhole(key, file, sha256)
    else await putInParts(key, file, size, sha256)
  }

  const copiesComing = new Map<string, Promise<string>>()
  async function bringCopy(key: string, copy: string): Promise<string> {
    const coming = `${copy}.${process.pid}.coming`
    await bring(key, coming)
    await rename(coming, copy)
    return copy
  }

  const has = async (key: string) => (await head(key)) !== null

  async function* list(under = ''): AsyncGenerator<{ key: string; bytes: number }> {
    let ContinuationToken: string | undefined
    do {
      const ask = { Bucket, Prefix: prefix + under, ...(ContinuationToken ? { ContinuationToken } : {}) }
      const listed = await again(() => s3.send(new ListObjectsV2Command(ask)))
      for (const { Key = '', Size = 0 } of listed.Contents ?? [])
        yield { key: Key.slice(prefix.length), bytes: Size }
      ContinuationToken = listed.IsTruncated ? listed.NextContinuationToken : undefined
    } while (ContinuationToken)
  }

  return {
    workDir: (key) => join(local, checkKey(key)),
    has,
    list,
    copyIn: send,
    async put(key, file) {
      await send(key, file)
      // It is read again soon, to be published: until then it is a copy.
      const copy = copyOf(key)
      if (resolve(file) === copy) return
      await mkdir(dirname(copy), { recursive: true })
      await rename(file, copy).catch(() => rm(file, { force: true }))
    },
    async localFile(key) {
      const copy = copyOf(key)
      const now = new Date()
      const known = await utimes(copy, now, now).then(
        () => true,
        () => false,
      )
      if (known) return copy
      // Whoever asks for the same meanwhile waits for the same.
      const coming = copiesComing.get(key) ?? bringCopy(key, copy).finally(() => copiesComing.delete(key))
      copiesComing.set(key, coming)
      return coming
    },
    async digest(key) {
      if (!(await has(key))) return null
      return again(async () => {
        const { Body } = await s3.send(new GetObjectCommand(at(key)))
        const hash = createHash('sha256')
        await pipeline(Body as Readable, hash)
        return hash.digest('hex')
      })
    },
    link: (key, { seconds, type, filename }) =>
      getSignedUrl(
        s3,
        new GetObjectCommand({
          ...at(key),
          ResponseContentType: type,
          ...(filename ? { ResponseContentDisposition: `attachment; filename="${filename}"` } : {}),
        }),
        { expiresIn: seconds },
      ),
    async delete(key) {
      await rm(join(local, checkKey(key)), { recursive: true, force: true })
      await rm(copyOf(key), { recursive: true, force: true })
      if (key.startsWith(WORK)) return
      for (const UploadId of await openUploads(key)) await endUpload(key, UploadId)
      const remove = (name: string) => again(() => s3.send(new DeleteObjectCommand(at(name))))
      const queue = new PQueue({ concurrency: 8 })
      await remove(key)
      const failed: unknown[] = []
      for await (const object of list(`${key}/`))
        void queue.add(() => remove(object.key)).catch((error: unknown) => failed.push(error))
      await queue.onIdle()
      // The others are gone all the same; whoever wants them gone asks again.
      if (failed.length > 0) throw failed[0]
    },
    async tidy(unusedMs) {
      await removeOlder(join(local, 'copies'), Date.now() - unusedMs)
      await removeOlder(join(local, WORK), Date.now() - WORK_LASTS_MS)
      await removeOlder(join(local, 'uploads'), Date.now() - 7 * 24 * 60 * 60_000)
    },
  }
}

function md5Of(body: Uint8Array): string {
  return createHash('md5').update(body).digest('base64')
}

function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404
}

/**
 * Once more, with growing pauses, where that can help: the service is busy or broken, a connection was cut, bytes were damaged
 * on the way. What is refused for good is not asked twice.
 */
function again<T>(ask: () => Promise<T>): Promise<T> {
  return pRetry(
    async () => {
      try {
        return await ask()
      } catch (error) {
        const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0
        const damaged = error instanceof S3ServiceException && error.name === 'BadDigest'
        const refused = status >= 400 && status < 500 && ![408, 409, 429].includes(status) && !damaged
        if (refused) throw new AbortError(error as Error)
        throw error instanceof Error ? error : new Error(String(error))
      }
    },
    { retries: TRIES - 1, minTimeout: 100, factor: 2, randomize: true },
  )
}

async function removeOlder(dir: string, beforeMs: number): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) await removeOlder(path, beforeMs)
    else if (((await stat(path).catch(() => null))?.mtimeMs ?? Infinity) < beforeMs)
      await rm(path, { force: true })
  }
}
