/**
 * Builds what browsers load of the companion site: one script and one style sheet for each page that needs them. Run by the
 * set-up where the sources are newer than the result.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { CSS_TARGET } from '../browsers.ts'

const ROOT = join(import.meta.dirname, '../..')
export const SITE_FILES = join(ROOT, 'dist/site')
const PAGES = ['desk', 'settings'] as const

/** Several may build at a time, as when all roles are started at once: each in a folder of its own, and the last one stays. */
export async function buildSite(target = SITE_FILES): Promise<void> {
  const outDir = `${target}.${process.pid}`
  mkdirSync(outDir, { recursive: true })
  for (const page of PAGES)
    await build({
      configFile: false,
      logLevel: 'warn',
      root: join(ROOT, 'backend/web/site/browser'),
      // The settings' parts are the extension's; here they ask our own address.
      define: { EBS_URL: JSON.stringify('/site') },
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2022',
        cssTarget: CSS_TARGET,
        cssMinify: 'lightningcss',
        minify: true,
        lib: {
          entry: join(ROOT, `backend/web/site/browser/${page}.tsx`),
          formats: ['es'],
          fileName: () => `${page}.js`,
          cssFileName: page,
        },
        rolldownOptions: { output: { codeSplitting: false, comments: false, minify: true } },
      },
    })
  rmSync(target, { recursive: true, force: true })
  try {
    renameSync(outDir, target)
  } catch {
    // Another was faster with the same.
    rmSync(outDir, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) await buildSite()
