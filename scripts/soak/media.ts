/** Recaps of recordings of all kinds, in both modes, compared picture by picture and beep by beep with what was asked for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietFfmpeg } from '../../backend/media/av.ts'
import type { CutMode } from '../../backend/media/cut.ts'
import { CATALOGUE, makeSource, type Source } from '../media-catalogue/catalogue.ts'
import { judge } from '../media-catalogue/judge.ts'

export interface MediaReport {
  sources: number
  renders: number
  right: number
  refusedRightly: number
  /** Recaps that do not show what was asked for. */
  wrong: number
  failedThoughCuttable: number
  worstAvMs: number
  /** Of one recap: how much of its sound is silent and was not so in the source. */
  worstSilenceMs: number
  complaints: string[]
}

export async function soakMedia(options: {
  sources?: readonly Source[]
  /** In which modes the source with this index is rendered; in both unless told. */
  cutsOf?: (index: number) => readonly CutMode[]
  /** Text that a source's name must hold. */
  only?: string
  onProgress?: (line: string) => void
}): Promise<MediaReport> {
  quietFfmpeg()
  const { onProgress = () => {}, only = '', cutsOf = () => ['keyframe', 'exact'] } = options
  const sources = (options.sources ?? CATALOGUE).filter((s) => s.name.includes(only))
  const report: MediaReport = {
    sources: sources.length,
    renders: 0,
    right: 0,
    refusedRightly: 0,
    wrong: 0,
    failedThoughCuttable: 0,
    worstAvMs: 0,
    worstSilenceMs: 0,
    complaints: [],
  }
  const dir = mkdtempSync(join(tmpdir(), 'soak-media-'))
  try {
    for (const [n, source] of sources.entries()) {
      const from = makeSource(source, dir)
      for (const cut of cutsOf(n)) {
        const { result, why, worstAvMs, silentMs } = await judge(source, from, cut, join(dir, 'recap'))
        report.renders++
        if (result === 'right') report.right++
        else if (result === 'refused rightly') report.refusedRightly++
        else {
          if (result === 'wrong') report.wrong++
          else report.failedThoughCuttable++
          report.complaints.push(`${source.name}, ${cut}: ${result}: ${why}`)
        }
        report.worstAvMs = Math.max(report.worstAvMs, Math.round(worstAvMs))
        report.worstSilenceMs = Math.max(report.worstSilenceMs, silentMs)
        onProgress(`${source.name}, ${cut}: ${result}${why === '' ? '' : `: ${why}`}`)
      }
      rmSync(join(dir, source.name.replace(/[^\w.-]+/g, '-')), { recursive: true, force: true })
      rmSync(join(dir, 'recap'), { recursive: true, force: true })
    }
    return report
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
