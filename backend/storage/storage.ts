/**
 * Where media lies. Keys are paths of letters, digits, `-`, `_`, `.` and `/`. What lies under a key never changes: another
 * video has another key. `storage.contract.ts` says what holds for every kind.
 */
export interface StoredObject {
  key: string
  bytes: number
}

export interface LinkOptions {
  /** How long it is good. */
  seconds: number
  /** Content type with which it is answered. */
  type: string
  /** Saved under this name instead of shown. */
  filename?: string
}

export interface Storage {
  /** A folder on this machine for what is worked on under a key of {@link WORK}. */
  workDir(key: string): string
  /** Puts a finished local file under `key`; the local file is gone afterwards. Safe to repeat after any failure. */
  put(key: string, file: string): Promise<void>
  /** The same, and the local file stays. */
  copyIn(key: string, file: string): Promise<void>
  /** A local file with the content of `key`, to be read and not changed. @throws when there is none */
  localFile(key: string): Promise<string>
  has(key: string): Promise<boolean>
  /** What lies under a prefix, without what is being worked on. */
  list(prefix?: string): AsyncIterable<StoredObject>
  /** SHA-256 (hex) of what really lies there, read anew; null when there is none. */
  digest(key: string): Promise<string | null>
  /** Where a browser may fetch it without us; null where it is we who must send it. */
  link(key: string, options: LinkOptions): Promise<string | null>
  /** Deletes a key and everything under it; deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** Removes local copies that nobody has used for so long; what is stored stays. */
  tidy(unusedMs: number): Promise<void>
}

/** Keys of this prefix are folders on one machine: never listed, never moved. */
export const WORK = 'work/'

/** @throws where `key` could lead elsewhere */
export function checkKey(key: string): string {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(key) || key.split('/').includes('..'))
    throw new Error(`not a storage key: ${key}`)
  return key
}
