/** Prints how many seconds a file plays. Started by `probe.ts`. */
import { openInput, quietFfmpeg } from './av.ts'

quietFfmpeg()
const { context, video } = openInput(process.argv[2] ?? '')
process.stdout.write(String(video ? Number(context.duration) / 1e6 : 0), () => process.exit(0))
