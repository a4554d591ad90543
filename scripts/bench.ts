/**
 * `npm run bench -- NAME`: how fast we are, against the least that the same libraries could do, in one run.
 *
 *   panel-api [--seconds 5]   POST /panel/echoes and GET /panel/state against bare Hono handlers
 *   --json  print the figures as one line of JSON, last
 */
import { parseArgs } from 'node:util'
import { benchPanelApi } from './bench/panel-api.ts'

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
})

async function main(): Promise<void> {
  if (positionals[0] !== 'panel-api')
    throw new Error('usage: npm run bench -- panel-api [--seconds 5] [--json]')
  const figures = await benchPanelApi(Number(args.seconds))
  console.table(figures)
  if (args.json) console.log(JSON.stringify(figures))
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  },
)
