/**
 * Builds the extension's pages as Twitch wants them: relative addresses, no inline script or style, readable
 * JavaScript under fixed names, everything flat in one folder.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type InlineConfig } from 'vite'

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
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: false,
      minify: false,
      lib: { entry: join(ROOT, 'shared/panel-text.de.ts'), formats: ['es'], fileName: () => 'panel.de.js' },
    },
  })
  cpSync(join(ROOT, 'LICENSE'), join(outDir, 'LICENSE.txt'))
}

function configFor({ name, folder }: ExtensionPage, outDir: string, ebsUrl: string): InlineConfig {
  return {
    configFile: false,
    logLevel: 'warn',
    root: join(ROOT, folder),
    base: './',
    // Read into the page's <meta name="echoes-ebs">.
    plugins: [
      {
        name: 'ebs-url',
        transformIndexHtml: (html) => html.replaceAll('__EBS_URL__', ebsUrl),
      },
    ],
    oxc: {
      jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment', development: false },
      jsxInject: "import { h, Fragment } from 'preact'",
    },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // light-dark() for the two themes: in all browsers since May 2024.
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      // Twitch's reviewers read what is shipped.
      minify: false,
      cssMinify: 'lightningcss',
      modulePreload: false,
      rolldownOptions: {
        experimental: { attachDebugInfo: 'none' },
        input: join(ROOT, folder, `${name}.html`),
        output: {
          comments: false,
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
