/**
 * Builds the extension's pages as Twitch wants them: relative addresses, no inline script or style, readable
 * JavaScript under fixed names, everything flat in one folder.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type InlineConfig } from 'vite'
import { CSS_TARGET } from '../browsers.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface ExtensionPage {
  /** Without `.html`. */
  name: 'panel' | 'config' | 'live-config'
  folder: 'extension-panel' | 'extension-config'
}

const PANEL: ExtensionPage = { name: 'panel', folder: 'extension-panel' }

export const PAGES: ExtensionPage[] = [
  PANEL,
  { name: 'config', folder: 'extension-config' },
  { name: 'live-config', folder: 'extension-config' },
]

const JSX = {
  jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment', development: false },
  jsxInject: "import { h, Fragment } from 'preact'",
} as const

export interface BuildOptions {
  /** Address of the back end, without a slash at the end. */
  ebsUrl: string
  /** Emptied first. */
  outDir: string
}

/** Builds all pages into `outDir`. Twitch's mobile view is the panel's page. */
export async function buildExtension({ ebsUrl, outDir }: BuildOptions): Promise<void> {
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(outDir, { recursive: true })
  for (const page of PAGES) {
    // One build a page, so that each loads one script and nothing of the others.
    const parts = `${outDir}.${page.name}`
    await build(configFor(page, parts, ebsUrl))
    cpSync(parts, outDir, { recursive: true })
    rmSync(parts, { recursive: true })
  }
  await build(partFor('panel.de', join(ROOT, 'shared/panel-text.de.ts'), outDir))
  await build(partFor('panel.offline', join(ROOT, 'extension-panel/offline.tsx'), outDir))
  await build(partFor('preact', join(ROOT, 'scripts/extension/preact.ts'), outDir))
  cpSync(join(ROOT, 'LICENSE'), join(outDir, 'LICENSE.txt'))
}

/** A script that pages load, by name, beside their own. */
function partFor(name: string, entry: string, outDir: string): InlineConfig {
  return {
    configFile: false,
    logLevel: 'warn',
    oxc: JSX,
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      cssTarget: CSS_TARGET,
      cssMinify: 'lightningcss',
      // Twitch's reviewers read what is ours; Preact is published minified.
      minify: name === 'preact',
      lib: { entry, formats: ['es'], fileName: () => `${name}.js`, cssFileName: name },
      rolldownOptions: {
        ...(name === 'preact' ? {} : { external: ['preact'] }),
        experimental: { attachDebugInfo: 'none' },
        output: { comments: false, minify: name === 'preact', paths: { preact: './preact.js' } },
      },
    },
  }
}

function configFor({ name, folder }: ExtensionPage, outDir: string, ebsUrl: string): InlineConfig {
  return {
    configFile: false,
    logLevel: 'warn',
    root: join(ROOT, folder),
    base: './',
    // Known to extension-panel/api.ts.
    define: { EBS_URL: JSON.stringify(ebsUrl) },
    oxc: JSX,
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      cssTarget: CSS_TARGET,
      // Twitch's reviewers read what is shipped.
      minify: false,
      cssMinify: 'lightningcss',
      modulePreload: false,
      rolldownOptions: {
        external: ['preact'],
        experimental: { attachDebugInfo: 'none' },
        input: join(ROOT, folder, `${name}.html`),
        output: {
          comments: false,
          paths: { preact: './preact.js' },
          entryFileNames: `${name}.js`,
          codeSplitting: false,
          assetFileNames: `${name}[extname]`,
        },
      },
    },
  }
}

/** A page of the extension whose helper script comes from elsewhere than from Twitch. */
export function withHelper(html: string, helperUrl: string): string {
  return html.replace('https://extension-files.twitch.tv/helper/v1/twitch-ext.min.js', helperUrl)
}
