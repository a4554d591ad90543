/** Where media lies. Keys are paths of letters, digits, `-`, `_`, `.` and `/`; `storage.contract.ts` says what holds for every kind. */
export interface Storage {
  /** A folder on this machine in which the files of one key prefix can be worked on. */
  workDir(key: string): string
  /** Puts a finished local file under `key`; the local file is gone afterwards. */
  put(key: string, file: string): Promise<void>
  /** A local file with the content of `key`. @throws when there is none */
  localFile(key: string): Promise<string>
  has(key: string): Promise<boolean>
  /** Deletes a key and everything under it; deleting what is not there is no error. */
  delete(key: string): Promise<void>
}
