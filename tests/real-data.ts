/** Real data that lies beside the project; where it is missing, tests that need it are skipped with a count. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = process.env.ECHOES_REAL_DATA ?? join(import.meta.dirname, '../../shared/data')

export interface RealFile {
  /** Path below the folder of real data. */
  name: string
  path: string
  text(): string
}

/** The files of a folder (and of those in it) whose names end in `extension`; none where there is no real data. */
export function realFiles(folder: string, extension: string): RealFile[] {
  const dir = join(ROOT, folder)
  if (!existsSync(dir)) return []
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => ({ name, path: join(dir, name), text: () => readFileSync(join(dir, name), 'utf8') }))
}
