/** A real Chromium for tests of pages, and the extension's views in it as the rig shows them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeFaults } from './axe.ts'

const PICTURES = join(import.meta.dirname, '../.echoes/screens')

export interface View {
  page: Page
  /** The extension's page inside its frame. */
  frame: FrameLocator
  /** Violations of the Content-Security-Policy, and errors of scripts. */
  faults: string[]
  set(name: 'network' | 'person' | 'theme', value: string): Promise<void>
  /** A picture of the frame in both themes under `.echoes/screens`, and axe's findings: none. */
  look(name: string): Promise<void>
  close(): Promise<void>
}

/** @param query what the rig's address takes: view, person, theme, network, shared, language, latency */
export async function openView(
  browser: Browser,
  rigUrl: string,
  query: Record<string, string>,
): Promise<View> {
  mkdirSync(PICTURES, { recursive: true })
  const context = await browser.newContext({
    viewport: { width: 800, height: 1100 },
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text())
  })
  await page.goto(`${rigUrl}/?${new URLSearchParams(query)}`)
  const set: View['set'] = async (name, value) => void (await page.selectOption(`[name=${name}]`, value))
  return {
    page,
    frame: page.frameLocator('iframe'),
    faults,
    set,
    async look(name) {
      for (const theme of ['light', 'dark']) {
        await set('theme', theme)
        await page.frameLocator('iframe').locator(`html[style*='color-scheme: ${theme}']`).waitFor()
        await page.locator('iframe').screenshot({ path: join(PICTURES, `${name}-${theme}.png`) })
        const framed = page.frames().filter((frame) => frame.parentFrame() !== null)
        expect(framed).toHaveLength(1)
        expect(await axeFaults(framed), `${name} ${theme}`).toEqual([])
      }
      const box = await page
        .frameLocator('iframe')
        .locator('html')
        .evaluate((html) => [html.scrollWidth - html.clientWidth, html.scrollHeight - html.clientHeight])
      if (query.view === 'panel') expect(box).toEqual([0, 0])
    },
    close: () => context.close(),
  }
}
