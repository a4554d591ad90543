/** `npm run failures`: prints the failure policy of the code into docs/failures.md. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { failuresPage } from '../backend/domain/failures-doc.ts'

const path = join(import.meta.dirname, '../docs/failures.md')
writeFileSync(path, await format(failuresPage(), { ...(await resolveConfig(path)), filepath: path }))
