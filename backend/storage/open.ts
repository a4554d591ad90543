/** Storage by its address: a folder, or `s3://bucket/prefix?endpoint=https://…&region=…`. */
import { isAbsolute } from 'node:path'
import type { LookupFunction } from 'node:net'
import { diskStorage } from './disk.ts'
import { judgedStorage } from './judged.ts'
import { movingStorage } from './moving.ts'
import { s3Storage } from './s3.ts'
import type { Storage } from './storage.ts'

export interface StorageKeys {
  accessKeyId: string
  secretAccessKey: string
}

/** @returns why an address is none, or null */
export function storageProblem(url: string, keys: StorageKeys | null): string | null {
  if (!url.startsWith('s3:'))
    return isAbsolute(url) || url.startsWith('.') ? null : 'must be a path or s3://bucket'
  const parsed = URL.parse(url)
  if (!parsed?.hostname) return 'must be s3://bucket, with ?endpoint=https://… for any service but Amazon’s'
  const endpoint = parsed.searchParams.get('endpoint')
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    return 'has an endpoint that is no address'
  return keys ? null : 'needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
}

/** @param localDir where work is done and copies lie, for a bucket */
export function openStorage(
  url: string,
  keys: StorageKeys | null,
  localDir: string,
  lookup?: LookupFunction,
): Storage {
  const problem = storageProblem(url, keys)
  if (problem) throw new Error(`${url} ${problem}`)
  if (!url.startsWith('s3:') || !keys) return diskStorage(url)
  const { hostname, pathname, searchParams } = new URL(url)
  const prefix = pathname.replace(/^\//, '').replace(/\/$/, '')
  return s3Storage({
    bucket: hostname,
    prefix: prefix && `${prefix}/`,
    region: searchParams.get('region') ?? 'us-east-1',
    endpoint: searchParams.get('endpoint') ?? undefined,
    credentials: keys,
    localDir,
    ...(lookup ? { lookup } : {}),
  })
}

/** The storage of an installation; while it moves, with what still lies where it was. */
export function storageOf(
  { url, before, keys }: { url: string; before: string | null; keys: StorageKeys | null },
  localDir: string,
): Storage {
  const opened = (address: string) => {
    const storage = openStorage(address, keys, localDir)
    return address.startsWith('s3:') ? judgedStorage(storage) : storage
  }
  return before ? movingStorage(opened(url), opened(before)) : opened(url)
}

/** Where the objects lie, for browsers; null: nowhere but with us. */
export function storageOrigin(url: string): string | null {
  if (!url.startsWith('s3:')) return null
  const { hostname, searchParams } = new URL(url)
  const endpoint = searchParams.get('endpoint')
  if (endpoint) return new URL(endpoint).origin
  return `https://${hostname}.s3.${searchParams.get('region') ?? 'us-east-1'}.amazonaws.com`
}
