/** How much room there is, before something large is begun. */
import { mkdir, statfs } from 'node:fs/promises'

/** Bytes that may still be written to the file system of `dir`. */
export async function freeBytes(dir: string): Promise<number> {
  await mkdir(dir, { recursive: true })
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}
