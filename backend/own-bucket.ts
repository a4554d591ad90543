/** A streamer's own bucket: recaps are copied there once they are published. Its address and keys come from outside. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../shared/fault.ts'
import type { Database } from './db/database.ts'
import { faultOf } from './domain/failures.ts'
import { hookPurpose, hooksOf, type HookTarget } from './db/hooks.ts'
import type { QueuedMessage } from './db/outbox.ts'
import { findRecap } from './db/recaps.ts'
import { isPublicName, lookupOutside } from './notify/inside.ts'
import { openStorage, storageProblem, type StorageKeys } from './storage/open.ts'
import type { Storage } from './storage/storage.ts'
import type { TokenBox } from './token-box.ts'

export interface BucketOptions {
  /** For the sandbox: addresses on this machine are allowed. */
  allowLocal: boolean
}

const PROBE = 'echoes-was-here.txt'

/** Why an address is not taken, as a sentence; null when it can be tried. */
export function bucketProblem(url: string, keys: StorageKeys, { allowLocal }: BucketOptions): string | null {
  if (!url.startsWith('s3://')) return 'A bucket’s address begins with s3://, as in s3://my-bucket/recaps.'
  if (!keys.accessKeyId || !keys.secretAccessKey) return 'Please enter both parts of the key.'
  const problem = storageProblem(url, keys)
  if (problem) return `The address ${problem}.`
  const endpoint = new URL(url).searchParams.get('endpoint')
  if (!endpoint || allowLocal) return null
  const { protocol, hostname } = new URL(endpoint)
  return protocol === 'https:' && isPublicName(hostname)
    ? null
    : 'The endpoint must be an https:// address on the public Internet.'
}

/** Writes something small there and takes it away. @returns why that does not work, as a sentence, or null */
export async function tryBucket(
  url: string,
  keys: StorageKeys,
  options: BucketOptions,
): Promise<string | null> {
  const problem = bucketProblem(url, keys, options)
  if (problem) return problem
  return inBucket(url, keys, options, async (bucket, dir) => {
    const file = join(dir, PROBE)
    await writeFile(file, 'Echoes looked whether it may write here.\n')
    await bucket.copyIn(PROBE, file)
    // Keys that may only write are good enough.
    await bucket.delete(PROBE).catch(() => undefined)
    return null
  }).catch((error: unknown) => `The bucket did not take a small file: ${whyOf(error)}.`)
}

export interface BucketContext extends BucketOptions {
  db: Database
  box: TokenBox
  storage: Storage
}

/** Copies the recap that a message is about. @throws {Fault} */
export function bucketSender({ db, box, storage, allowLocal }: BucketContext) {
  return async ({ channelId, payload }: QueuedMessage): Promise<void> => {
    const { recapId } = (payload as { data: { recapId: string } }).data
    const hook = (await hooksOf(db, channelId)).find((each) => each.kind === 'bucket')
    if (!hook) throw new Fault('the bucket was taken away meanwhile', 'damaged')
    const product = (await findRecap(db, recapId))?.product
    if (!product || !(await storage.has(product.key)))
      throw new Fault('the video is deleted here already', 'damaged')
    const target = JSON.parse(await box.open(hook.target, hookPurpose(channelId, 'bucket'))) as HookTarget
    const keys = JSON.parse(target.secret) as StorageKeys
    const file = await storage.localFile(product.key)
    await inBucket(target.url, keys, { allowLocal }, (bucket) => bucket.copyIn(`${recapId}.mp4`, file)).catch(
      (error: unknown) => {
        const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
        const answer = { status: $metadata?.httpStatusCode ?? null, reason: name }
        throw faultOf('ownBucket', 'to take a recap', answer, Date.now())
      },
    )
  }
}

async function inBucket<T>(
  url: string,
  keys: StorageKeys,
  { allowLocal }: BucketOptions,
  work: (bucket: Storage, dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'echoes-bucket-'))
  try {
    return await work(openStorage(url, keys, dir, allowLocal ? undefined : lookupOutside), dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** The kind of error and nothing of its words, which may name keys. */
function whyOf(error: unknown): string {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  return status ? `${name ?? 'it'} (${status})` : 'it could not be reached'
}
