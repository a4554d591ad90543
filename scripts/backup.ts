/**
 * `npm run backup -- --to FOLDER` and `npm run restore -- --from FOLDER`, for SQLite; both read the settings of `npm start`.
 * A backup is taken while Echoes runs. Restored elsewhere, it goes on with what was under way: uploads ask YouTube first.
 *
 *   --to FOLDER     a new folder for the backup: both databases, and recaps that wait (`--media no` leaves those out; they
 *                   are then made anew from Twitch's recordings, as long as those are there). What lies in a bucket stays
 *                   there, and is the bucket's to back up
 *   --from FOLDER   what a backup wrote; DATA_DIR must hold no database yet
 */
import BetterSqlite3 from 'better-sqlite3'
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig, type Config } from '../backend/config.ts'
import { isPostgres } from '../backend/db/database.ts'
import { diskStorage } from '../backend/storage/disk.ts'
import { storageOf } from '../backend/storage/open.ts'

/**
 * The engine's first: what it holds for done is then recorded in the facts for sure, and a step that is repeated does no
 * harm. The other way round, it might believe in a result that the facts do not have.
 */
const DATABASES = ['jobs.sqlite', 'echoes.sqlite']
const ABOUT = 'about.json'
const MEDIA = 'storage'

export async function backUp(
  config: Config,
  to: string,
  media = true,
): Promise<{ bytes: number; files: number }> {
  if (isPostgres(config.databaseUrl))
    throw new Error(
      'The facts lie in PostgreSQL: back them up with pg_dump, which brings a consistent copy while all runs.',
    )
  if (existsSync(to) && (await readdir(to)).length > 0) throw new Error(`${to} is not empty.`)
  const unfinished = `${to}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  for (const name of DATABASES) {
    const file = new BetterSqlite3(join(config.dataDir, name), { fileMustExist: true, readonly: true })
    try {
      // SQLite's own online backup: a copy of one instant, whoever writes meanwhile.
      await file.backup(join(unfinished, name))
    } finally {
      file.close()
    }
  }
  const facts = new BetterSqlite3(join(unfinished, 'echoes.sqlite'))
  const check = facts.pragma('integrity_check', { simple: true })
  if (check !== 'ok') throw new Error(`The copy is damaged: ${String(check)}`)
  const waiting = facts
    .prepare<[], { key: string }>(
      `select m.key from media m left join recaps r on r.id = m.recap_id
       where m.deleted_at is null and (m.kind = 'clip' or (m.kind = 'recap' and r.state = 'rendered'))`,
    )
    .all()
  facts.close()
  const { size: bytes } = await stat(join(unfinished, 'echoes.sqlite'))
  const [storage, copies] = [storageIn(config), diskStorage(join(unfinished, MEDIA))]
  let files = 0
  for (const { key } of media && !isBucket(config) ? waiting : []) {
    for await (const object of storage.list(key)) {
      await copies.copyIn(object.key, await storage.localFile(object.key))
      files++
    }
  }
  await writeFile(
    join(unfinished, ABOUT),
    JSON.stringify({ at: new Date().toISOString(), databases: DATABASES }),
  )
  // Under its name only when it is whole.
  await rm(to, { recursive: true, force: true })
  await rename(unfinished, to)
  return { bytes, files }
}

const isBucket = ({ storage }: Config) => storage.url.startsWith('s3:')
const storageIn = ({ storage, dataDir }: Config) => storageOf(storage, join(dataDir, 'storage'))

export async function restore(config: Config, from: string): Promise<void> {
  if (!existsSync(join(from, ABOUT))) throw new Error(`${from} holds no whole backup.`)
  const there = DATABASES.filter((name) => existsSync(join(config.dataDir, name)))
  if (there.length > 0)
    throw new Error(
      `${config.dataDir} holds ${there.join(' and ')} already. Nothing is overwritten: move it away first.`,
    )
  await mkdir(config.dataDir, { recursive: true })
  const [copies, storage] = [diskStorage(join(from, MEDIA)), storageIn(config)]
  for await (const { key } of copies.list()) await storage.copyIn(key, await copies.localFile(key))
  for (const name of DATABASES) await cp(join(from, name), join(config.dataDir, name))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { to: { type: 'string' }, from: { type: 'string' }, media: { type: 'string', default: 'yes' } },
  })
  const read = readConfig(process.env)
  if (!read.ok) throw new Error(`The settings are not whole:\n  ${read.reason.join('\n  ')}`)
  if (values.to) {
    const { bytes, files } = await backUp(read.config, values.to, values.media !== 'no')
    console.log(
      `Backed up to ${values.to}: ${(bytes / 1e6).toFixed(1)} MB of facts, ${files} files of media.`,
    )
    if (isBucket(read.config))
      console.log('Media lies in a bucket and is not in it: back the bucket up by its own means.')
    console.log(
      'The keys of TOKEN_KEYS are not in it. Without them its tokens cannot be read: keep them elsewhere.',
    )
  } else if (values.from) {
    await restore(read.config, values.from)
    console.log(`Restored to ${read.config.dataDir}. \`npm start\` goes on from there.`)
  } else throw new Error('usage: npm run backup -- --to FOLDER · npm run restore -- --from FOLDER')
}

if (process.argv[1] === import.meta.filename)
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  })
