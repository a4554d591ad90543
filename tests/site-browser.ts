/** The companion site in a real Chromium: looked at in both themes and two widths, with axe. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeFaults } from './axe.ts'
import type { Visitor } from '../scripts/sandbox/visitor.ts'

const PICTURES = join(import.meta.dirname, '../.echoes/screens')
const WIDTHS = [360, 1440]

export interface SitePage {
  page: Page
  /** Violations of the Content-Security-Policy, and errors of scripts. */
  faults: string[]
  /** Pictures under `.echoes/screens`; axe finds nothing, and nothing is wider than the window. */
  look(name: string): Promise<void>
  close(): Promise<void>
}

/** @param visitor whose session the browser takes over */
export async function openSite(browser: Browser, url: string, visitor?: Visitor): Promise<SitePage> {
  mkdirSync(PICTURES, { recursive: true })
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
  })
  if (visitor) {
    const { origin } = new URL(url)
    await context.addCookies(visitor.cookies.map((cookie) => ({ ...cookie, url: origin })))
  }
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text())
  })
  await page.goto(url)
  return {
    page,
    faults,
    async look(name) {
      for (const width of WIDTHS)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize({ width, height: 900 })
          await page.emulateMedia({ colorScheme })
          const where = `${name}-${width}-${colorScheme}`
          await page.screenshot({ path: join(PICTURES, `${where}.png`), fullPage: true })
          expect(await axeFaults(page.frames()), where).toEqual([])
          const wider = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          )
          expect(wider, `${where} is wider than the window`).toBe(0)
        }
      await page.setViewportSize({ width: 1440, height: 900 })
    },
    close: () => context.close(),
  }
}
