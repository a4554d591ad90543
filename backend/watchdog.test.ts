import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const WATCHDOG = join(import.meta.dirname, 'watchdog.ts')

const run = (code: string) =>
  spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', `import { startWatchdog } from '${WATCHDOG}'\n${code}`],
    {
      encoding: 'utf8',
      timeout: 30_000,
    },
  )

it('a process whose event loop stands still is ended; one that is busy is left alone', () => {
  const stuck = run('startWatchdog(400); setTimeout(() => { for (;;) { /* spins */ } }, 100)')
  expect([stuck.signal, stuck.stderr]).toEqual(['SIGKILL', expect.stringContaining('stood still')])
  const busy = run(
    'const stop = startWatchdog(400); let n = 0; const t = setInterval(() => { const e = Date.now() + 50; while (Date.now() < e); if (++n > 15) { clearInterval(t); stop() } }, 60)',
  )
  expect([busy.status, busy.stderr]).toEqual([0, ''])
})
