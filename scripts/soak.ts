/**
 * `npm run soak -- NAME`: long runs that look for what must never happen, and print figures.
 *
 *   kills [--kills 100] [--seed 1] [--database postgres://…/postgres]   kill -9 anywhere in the main job
 *   --json  print the figures as one line of JSON, last
 *
 * Exit code 1 when something was lost or doubled.
 */
import { parseArgs } from 'node:util'
import { keptFootage } from './sandbox/footage/kept.ts'
import { freshDatabase } from './soak/database.ts'
import { POINTS, soakKills, type Point } from './soak/kills.ts'

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string' },
  },
})
/** Points planned for each instance. Some pass while it still recovers from the kill before: about 3 or 4 become kills. */
const POINTS_PER_INSTANCE = 5
const KILLS_PER_INSTANCE = 3.3

async function main(): Promise<boolean> {
  if (positionals[0] !== 'kills')
    throw new Error('usage: npm run soak -- kills [--kills 100] [--seed 1] [--json]')
  const footageDir = await keptFootage({ kind: 'clock', seconds: 150 })
  const random = seeded(Number(args.seed))
  const instances = Math.ceil(Number(args.kills) / KILLS_PER_INSTANCE)
  const plans = Array.from({ length: instances }, () => pick(POINTS_PER_INSTANCE, random))
  console.log(
    `${instances} instances, up to ${POINTS_PER_INSTANCE} kills each, seed ${args.seed}; some minutes …`,
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

/** `count` points in the order in which a show meets them. */
function pick(count: number, random: () => number): Point[] {
  const left = [...POINTS]
  while (left.length > count) left.splice(Math.floor(random() * left.length), 1)
  return left
}

/** Mulberry32: a small generator of numbers from 0 to 1, so that a run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

main().then(
  (right) => process.exit(right ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  },
)
