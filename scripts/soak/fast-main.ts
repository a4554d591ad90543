/** Echoes as `backend/main.ts` starts it, but on a clock that runs faster: for runs that play days in minutes. */
import { parseArgs } from 'node:util'
import { readConfig, type RoleName } from '../../backend/config.ts'
import { startEchoes } from '../../backend/echoes.ts'
import { errorText, makeLog } from '../../backend/log.ts'
import { MovableClock } from '../sandbox/clock.ts'

const { values } = parseArgs({ options: { role: { type: 'string', multiple: true } } })
const read = readConfig(process.env)
if (!read.ok) throw new Error(read.reason.join('\n'))
const clock = new MovableClock({
  sinceMs: Number(process.env.CLOCK_SINCE_MS),
  speed: Number(process.env.CLOCK_SPEED),
})
const roles = (values.role ?? ['web', 'bot', 'worker']) as RoleName[]
startEchoes({ config: read.config, roles, log: makeLog(read.config.logLevel), clock }).catch(
  (error: unknown) => {
    console.error(`Echoes could not start. ${errorText(error)}`)
    process.exit(1)
  },
)
