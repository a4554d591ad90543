/** `npm start [-- --role web|bot|worker]`: reads the environment and runs the roles asked for (default: all). */
import { parseArgs } from 'node:util'
import { readConfig, type RoleName } from './config.ts'
import { startEchoes } from './echoes.ts'
import { errorText, makeLog } from './log.ts'
import { startWatchdog } from './watchdog.ts'

const ROLES: RoleName[] = ['web', 'bot', 'worker']

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { role: { type: 'string', multiple: true } } })
  const roles = (values.role ?? ROLES) as RoleName[]
  const unknown = roles.filter((r) => !ROLES.includes(r))
  const read = readConfig(process.env)
  if (!read.ok || unknown.length > 0) {
    const faults = [
      ...(read.ok ? [] : read.reason),
      ...unknown.map((r) => `--role ${r}: the roles are ${ROLES.join(', ')}`),
    ]
    console.error(`Echoes cannot start, ${faults.length} setting${faults.length === 1 ? '' : 's'} to mend:\n`)
    for (const fault of faults) console.error(`  ${fault}`)
    console.error(
      '\nWrite them into a file named .env (.env.example explains each), or try `npm run sandbox`, which needs none.',
    )
    process.exit(1)
  }
  const log = makeLog(read.config.logLevel)
  const echoes = await startEchoes({ config: read.config, roles, log })
  const stopWatching = startWatchdog()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopWatching()
      log.info({ signal }, 'stopping: what is under way goes on at the next start')
      // A recap may take minutes; its run is durable, so we do not wait for it.
      const timeout = setTimeout(() => process.exit(0), 5_000)
      timeout.unref()
      void echoes.stop().then(() => process.exit(0))
    })
  }
}

main().catch((error: unknown) => {
  console.error(`Echoes could not start. ${errorText(error)}`)
  process.exit(1)
})
