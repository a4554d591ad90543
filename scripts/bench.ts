/**
 * `npm run bench -- NAME`: how fast we are, against the least that the same libraries could do, in one run.
 *
 *   panel-api [--seconds 5]   POST /panel/echoes and GET /panel/state against bare Hono handlers
 *   bot                       chat lines through our transport, parser and decision, against bare twurple parsing them
 *   render                    recaps against re-encoding, against cp, and over streams of 1 h, 4 h and 14 h
 *   --json  print the figures as one line of JSON, last
 */
import { parseArgs } from 'node:util'
import { benchBot } from './bench/bot.ts'
import { benchPanelApi } from './bench/panel-api.ts'
import { benchRender } from './bench/render.ts'

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
})

const BENCHES: Record<string, () => Promise<object>> = {
  'panel-api': () => benchPanelApi(Number(args.seconds)),
  bot: benchBot,
  render: () => benchRender((what) => console.log(`  ${what}`)),
}

async function main(): Promise<void> {
  const bench = BENCHES[positionals[0] ?? '']
  if (!bench)
    throw new Error(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--seconds 5] [--json]`)
  const figures = await bench()
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
