/**
 * `npm run storage -- move --from ADDRESS --to ADDRESS`: moves all media from one storage to another, each object copied, read
 * back and compared before it is removed from where it was. Can be ended and repeated at any time, while the service runs.
 * `npm run storage -- list [--from ADDRESS]`: what lies there.
 *
 *   ADDRESS   a folder, or s3://bucket/prefix?endpoint=https://…&region=…
 *   Keys      AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; where the two differ, with FROM_ or TO_ in front
 *   --json    print the figures as one line of JSON, last
 *
 * So that nothing is lost: 1. start Echoes with STORAGE_URL of the new storage and STORAGE_URL_BEFORE of the old one. 2. Move.
 * 3. Take STORAGE_URL_BEFORE away.
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { moveObjects } from '../backend/storage/moving.ts'
import { openStorage, type StorageKeys } from '../backend/storage/open.ts'

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, to: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const USAGE = 'usage: npm run storage -- move --from ADDRESS --to ADDRESS | list --from ADDRESS'
const TOLD_EVERY = 100

async function main(): Promise<void> {
  const [command] = positionals
  if (!args.from || (command === 'move' ? !args.to : command !== 'list')) throw new Error(USAGE)
  const local = mkdtempSync(join(tmpdir(), 'echoes-storage-'))
  try {
    const from = openStorage(args.from, keys('FROM_'), join(local, 'from'))
    if (command === 'list') {
      let [count, bytes] = [0, 0]
      for await (const object of from.list()) {
        if (!args.json) console.log(`${String(object.bytes).padStart(12)}  ${object.key}`)
        count++
        bytes += object.bytes
      }
      console.log(args.json ? JSON.stringify({ count, bytes }) : `${count} objects, ${bytes} bytes`)
      return
    }
    const to = openStorage(args.to ?? '', keys('TO_'), join(local, 'to'))
    let count = 0
    const report = await moveObjects(from, to, () => {
      if (++count % TOLD_EVERY === 0 && !args.json) console.log(`  ${count} objects …`)
    })
    if (args.json) console.log(JSON.stringify(report))
    else
      console.log(
        `${report.moved} objects moved, ${report.bytes} bytes; ${report.deleted} were deleted by the service meanwhile.`,
      )
  } finally {
    await rm(local, { recursive: true, force: true })
  }
}

function keys(side: string): StorageKeys | null {
  const of = (name: string) => process.env[side + name] ?? process.env[name]
  const [accessKeyId, secretAccessKey] = [of('AWS_ACCESS_KEY_ID'), of('AWS_SECRET_ACCESS_KEY')]
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
