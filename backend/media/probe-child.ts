/** Prints how many seconds a file plays. Started by `probe.ts`. */
import { kindOf } from '../../shared/fault.ts'
import { openInput, quietFfmpeg } from './av.ts'
import { MACHINE_LACKS } from './probe.ts'

quietFfmpeg()
try {
  const { context, video } = openInput(process.argv[2] ?? '')
  process.stdout.write(String(video ? Number(context.duration) / 1e6 : 0), () => process.exit(0))
} catch (error) {
  process.stderr.write(String(error), () => process.exit(kindOf(error) === 'transient' ? MACHINE_LACKS : 1))
}
