/**
 * `npm run sandbox`: the outside world on loopback, Echoes on it, and a control page to act in that world: go live,
 * drop the connection, change the game, end; type in chat as anybody; look at chat, mails and uploaded videos.
 *
 *   --json   print all addresses and secrets as one line of JSON as soon as everything is up
 *   --fresh  begin with an empty database, and leave signing in and connecting to you
 *   --weather SEED  random faults of every service, a second to an hour long; the same seed, the same weather
 *   --billing  with plans, and a Stripe whose clock moves
 *   --port   port of the control page (4300)
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { controlRoutes } from './sandbox/control/routes.tsx'
import { FAULTS, SERVICES } from './sandbox/faults.ts'
import { keptFootage } from './sandbox/footage/kept.ts'
import { listen } from './sandbox/http.ts'
import { buildForRig } from './sandbox/rig/build.ts'
import { freePort, startProcess, until } from './sandbox/process.ts'
import { PEOPLE, startSandbox } from './sandbox/sandbox.ts'
import { approve, setUpStreamer } from './sandbox/visitor.ts'
import { playWeather } from './sandbox/weather.ts'
import { seeded } from './soak/seeded.ts'

const { values: args } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    billing: { type: 'boolean', default: false },
    weather: { type: 'string' },
    port: { type: 'string', default: '4300' },
  },
})
const MINUTES = 20
const dataDir = join(import.meta.dirname, '../.echoes/sandbox')

async function main(): Promise<void> {
  const footageDir = await keptFootage({ kind: 'film', minutes: MINUTES }, () =>
    console.error(`Making a VOD of ${MINUTES} minutes out of real footage (once; half a minute or so) …`),
  )
  // The sandbox's people and tokens are new at each start, so what Echoes knew of them is of no use.
  rmSync(dataDir, { recursive: true, force: true })
  const sandbox = await startSandbox({ footageDir })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const environment = sandbox.environment({ port, dataDir, billing: args.billing })
  const echoes = startProcess({ ...environment, LOG_LEVEL: args.json ? 'fatal' : 'warn' })
  await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
  if (!args.fresh) {
    await setUpStreamer(site, PEOPLE.streamer)
    await approve(sandbox, join(dataDir, 'echoes.sqlite'))
  }
  await buildForRig(sandbox, site, [{ text: 'Control page', url: `http://127.0.0.1:${args.port}/` }])
  const control = await listen(controlRoutes({ sandbox, site }), Number(args.port)).catch(
    (error: unknown) => {
      echoes.stop()
      throw error
    },
  )
  const weather =
    args.weather === undefined
      ? null
      : playWeather({
          faults: sandbox.faults,
          clock: sandbox.clock,
          random: seeded(Number(args.weather)),
          everyMs: 2 * 60_000,
          onFault: ({ service, fault, untilMs }) =>
            console.error(
              `Weather: ${SERVICES[service]}: ${FAULTS[fault]}, for ${Math.ceil((untilMs - sandbox.clock.now()) / 1000)} s`,
            ),
        })
  const addresses = { control: control.url, echoes: site, ...sandbox.addresses }
  if (args.json) console.log(JSON.stringify({ addresses, people: PEOPLE, environment }))
  else {
    console.log(`The rig (Twitch):   ${sandbox.rig.url}/`)
    console.log(`The control page:   ${control.url}/`)
    console.log(`Echoes:             ${site}/`)
    for (const [name, address] of Object.entries(sandbox.addresses))
      console.log(`Sandbox ${`${name}:`.padEnd(12)}${address}`)
    console.log(
      args.fresh
        ? `Nobody has signed in yet: begin at ${site}/`
        : `${PEOPLE.streamer} is signed in and has connected YouTube; ${PEOPLE.moderator} is a moderator, ${PEOPLE.approved} approved.`,
    )
    console.log('Ctrl-C ends it.')
  }
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
    void echoes.ended.then(resolve)
  })
  echoes.stop()
  weather?.stop()
  await Promise.all([control.close(), sandbox.close()])
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const inUse = (error as { code?: string }).code === 'EADDRINUSE'
    const why = error instanceof Error ? error.message : String(error)
    console.error(
      inUse
        ? `Port ${args.port} is in use; choose another with \`npm run sandbox -- --port 4310\`.`
        : `The sandbox could not start: ${why}`,
    )
    process.exit(1)
  },
)
