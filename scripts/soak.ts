/**
 * `npm run soak -- NAME`: long runs that look for what must never happen, and print figures.
 *
 *   kills [--kills 100] [--seed 1] [--database postgres://…/postgres]   kill -9 anywhere in the main job
 *   bot   [--channels 200] [--seconds 180] [--restarts 10] [--seed 1]   two bots in all rooms, restarted at random
 *   events [--count 10000] [--seed …]   schedules of Twitch’s events in bad weather, on a moved clock
 *   render [--count 500] [--seed …]     recaps from a server whose parts fail, stall, break off and are damaged
 *   upload [--count 200] [--seed 1]     uploads killed at random bytes and moments
 *   billing [--count 500] [--seed …]    browsers that come back and events of Stripe, in all orders, at two processes
 *   move [--count 1000] [--faults 200] [--seed 1]   media moved into a bucket and back while everything fails
 *   weather [--count 300] [--seed 1] [--speed 60]   shows under random faults of every service, while processes are killed
 *   crowd [--channels 130]   130 channels, 60 of them live at once, three rounds of reconciliation
 *   media [--only TEXT]      recaps of recordings of all kinds (scripts/media-catalogue), watched by the system’s ffmpeg
 *   --json  print the figures as one line of JSON, last
 *
 * Exit code 1 when something was lost or doubled.
 */
import { parseArgs } from 'node:util'
import { errorText } from '../backend/log.ts'
import { keptFootage } from './sandbox/footage/kept.ts'
import { freshDatabase } from './soak/database.ts'
import { soakBot } from './soak/bot.ts'
import { soakCrowd } from './soak/crowd.ts'
import { inventedTiming, realTiming } from './soak/chat-timing.ts'
import { soakBilling } from './soak/billing.ts'
import { soakEvents } from './soak/events.ts'
import { POINTS, soakKills, type Point } from './soak/kills.ts'
import { soakMedia } from './soak/media.ts'
import { soakMove } from './soak/move.ts'
import { soakRender } from './soak/render.ts'
import { soakUpload } from './soak/upload.ts'
import { seeded } from './soak/seeded.ts'
import { soakWeather, SOURCES } from './soak/weather.ts'

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string' },
    count: { type: 'string' },
    faults: { type: 'string', default: '200' },
    database: { type: 'string' },
    channels: { type: 'string' },
    seconds: { type: 'string', default: '180' },
    restarts: { type: 'string', default: '10' },
    speed: { type: 'string', default: '60' },
    only: { type: 'string' },
  },
})
/** Points planned for each instance. Some pass while it still recovers from the kill before: about 3 or 4 become kills. */
const POINTS_PER_INSTANCE = 5
const KILLS_PER_INSTANCE = 3.3

const SOAKS: Record<string, () => Promise<boolean>> = {
  kills,
  bot,
  events,
  render,
  upload,
  billing,
  move,
  weather,
  crowd,
  media,
}

async function main(): Promise<boolean> {
  const soak = SOAKS[positionals[0] ?? '']
  if (!soak) throw new Error(`usage: npm run soak -- ${Object.keys(SOAKS).join('|')} [--seed 1] [--json]`)
  return soak()
}

async function bot(): Promise<boolean> {
  const random = seeded(Number(args.seed ?? 1))
  const real = realTiming()
  if (!real) console.log('No real chat beside the project: its rhythm is invented.')
  const report = await soakBot({
    channels: Number(args.channels ?? 200),
    seconds: Number(args.seconds),
    restarts: Number(args.restarts),
    timing: real ?? inventedTiming(3_600, random),
    random,
    footageDir: await keptFootage({ kind: 'clock', seconds: 150 }),
    onProgress: (what) => console.log(`  ${what}`),
  })
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  const { lost, doubled, answeredTwice, repliesTooSoon } = report
  return lost + doubled + answeredTwice + repliesTooSoon === 0
}

async function events(): Promise<boolean> {
  const report = await soakEvents(
    Number(args.count ?? 10_000),
    args.seed === undefined ? undefined : Number(args.seed),
  )
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  return report.different === 0
}

async function render(): Promise<boolean> {
  const footageDir = await keptFootage({ kind: 'clock', seconds: 150 })
  const seed = args.seed === undefined ? undefined : Number(args.seed)
  const report = await soakRender(footageDir, Number(args.count ?? 500), seed)
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  return report.wrong + report.leftovers === 0
}

async function upload(): Promise<boolean> {
  const report = await soakUpload(Number(args.count ?? 200), seeded(Number(args.seed ?? 1)), (what) =>
    console.log(`  ${what}`),
  )
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  return report.lost + report.doubled + report.damaged === 0
}

async function billing(): Promise<boolean> {
  const footageDir = await keptFootage({ kind: 'clock', seconds: 150 })
  const seed = args.seed === undefined ? undefined : Number(args.seed)
  const report = await soakBilling(footageDir, Number(args.count ?? 500), seed)
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  return report.customers === report.schedules && report.subscriptions === report.schedules
}

async function move(): Promise<boolean> {
  const random = seeded(Number(args.seed ?? 1))
  const report = await soakMove(
    { objects: Number(args.count ?? 1_000), faults: Number(args.faults), random },
    (what) => console.log(`  ${what}`),
  )
  if (!report) throw new Error('No S3 service here: `npm test` installs one on Debian, as root.')
  const { byKind, ...figures } = report
  console.table(byKind)
  console.table(figures)
  if (args.json) console.log(JSON.stringify(report))
  return report.lost + report.doubled + report.damaged === 0
}

async function kills(): Promise<boolean> {
  const footageDir = await keptFootage({ kind: 'clock', seconds: 150 })
  const random = seeded(Number(args.seed ?? 1))
  const instances = Math.ceil(Number(args.kills) / KILLS_PER_INSTANCE)
  const plans = Array.from({ length: instances }, () => pick(POINTS_PER_INSTANCE, random))
  console.log(
    `${instances} instances, up to ${POINTS_PER_INSTANCE} kills each, seed ${args.seed ?? 1}; some minutes …`,
  )
  let kills = 0
  const report = await soakKills({
    plans,
    footageDir,
    // Every other kill is exact; the rest come up to a second after the point.
    jitterMs: (kill) => (kill % 2 === 0 ? 0 : Math.floor(random() * 1000)),
    databaseUrl: (n) => (args.database ? freshDatabase(args.database, `kills_${n}`) : Promise.resolve(null)),
    onKill: (instance, point) => console.log(`  kill ${++kills}: instance ${instance}, ${point}`),
  })
  const { killedAt, ...figures } = report
  console.table(killedAt)
  console.table(figures)
  if (args.json) console.log(JSON.stringify(report))
  return report.lost === 0 && report.doubled === 0 && report.different === 0
}

async function weather(): Promise<boolean> {
  const report = await soakWeather({
    shows: Number(args.count ?? 300),
    streamers: 4,
    sources: SOURCES,
    random: seeded(Number(args.seed ?? 1)),
    speed: Number(args.speed),
    footageDir: await keptFootage({ kind: 'clock', seconds: 150 }),
    onProgress: (what) => console.log(`  ${what}`),
  })
  const { complaints, ...figures } = report
  for (const complaint of complaints) console.log(complaint)
  console.table(figures)
  if (args.json) console.log(JSON.stringify(report))
  const { lost, doubled, publicWithoutConsent, crashes } = report
  return lost + doubled + publicWithoutConsent + crashes === 0
}

async function crowd(): Promise<boolean> {
  const live = 60
  const report = await soakCrowd({
    channels: Number(args.channels ?? 130),
    live,
    rounds: 3,
    ending: live,
    speed: 20,
    footageDir: await keptFootage({ kind: 'clock', seconds: 150 }),
    onProgress: (what) => console.log(`  ${what}`),
  })
  console.table(report)
  if (args.json) console.log(JSON.stringify(report))
  const { refusedWrongly, endedWrongly, recaps, published, doubled, tooMany } = report
  return refusedWrongly + endedWrongly + doubled + tooMany === 0 && recaps === live && published === live
}

async function media(): Promise<boolean> {
  const { complaints, ...report } = await soakMedia({
    only: args.only ?? '',
    onProgress: (line) => console.log(`  ${line}`),
  })
  console.table(report)
  for (const complaint of complaints) console.log(complaint)
  if (args.json) console.log(JSON.stringify({ ...report, complaints }))
  return report.wrong + report.failedThoughCuttable === 0
}

/** `count` points in the order in which a show meets them. */
function pick(count: number, random: () => number): Point[] {
  const left = [...POINTS]
  while (left.length > count) left.splice(Math.floor(random() * left.length), 1)
  return left
}

main().then(
  (right) => process.exit(right ? 0 : 1),
  (error: unknown) => {
    console.error(errorText(error))
    process.exit(1)
  },
)
