/** What axe finds against documents. */
import axe from 'axe-core'
import type { Frame } from 'playwright-core'

/**
 * axe is put into each document once, and looks at it as a page of its own: the usual way, through a page beside it, takes
 * six times as long.
 */
export async function axeFaults(frames: readonly Frame[]): Promise<string[]> {
  const faults: string[] = []
  for (const frame of frames) {
    if (!(await frame.evaluate(() => 'axe' in window))) await frame.evaluate(axe.source)
    const { violations } = await frame.evaluate(() =>
      (window as unknown as { axe: typeof axe }).axe.run({ iframes: false, resultTypes: ['violations'] }),
    )
    for (const { id, nodes } of violations) faults.push(`${id}: ${nodes[0]?.html}`)
  }
  return faults
}
