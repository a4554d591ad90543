/** Prints how many seconds a file plays. Started by `probe.ts`. */
import { kindOf } from '../../shared/fault.ts'
import { openInput, quietFfmpeg } from './av.ts'
import { RenderCrash } from './crash.ts'
import { MACHINE_LACKS } from './probe.ts'

quietFfmpeg()
try {
  const { context, video } = openInput(process.argv[2] ?? '')
  process.stdout.write(String(video ? Number(context.duration) / 1e6 : 0), () => process.exit(0))
} catch (error) {
  // This little process finds memory enough for any file that is whole.
  const isMachine = kindOf(error) === 'transient' && !(error instanceof RenderCrash)
  process.stderr.write(String(error), () => process.exit(isMachine ? MACHINE_LACKS : 1))
}
