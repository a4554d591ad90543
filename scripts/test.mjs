// Runs the checks and the tests, and closes with the one line `N passed, N failed, N skipped`.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dir = mkdtempSync(join(tmpdir(), 'echoes-test-'))
const own = process.argv.slice(2)
const CHECKS = [
  'prettier --check .',
  'eslint .',
  'tsc',
  'depcruise backend shared scripts extension-panel extension-config',
]
// Files run one after the other. Only those that mostly wait for leases to run out run beside others: those that compute
// and have no clock to keep.
const WAITING = [
  'tests/kills.test.ts',
  'tests/backup.test.ts',
  'tests/billing-race.test.ts',
  'tests/move-soak.test.ts',
]
const COMPUTING = ['tests/upload-soak.test.ts', 'tests/render-soak.test.ts', 'tests/events-soak.test.ts']
// Those with a browser beside those without: neither uses a core of its own for long.
const BROWSER = [
  'tests/extension.test.ts',
  'tests/site.test.ts',
  'tests/desk-states.test.ts',
  'tests/plan-walk.test.ts',
  'tests/playback.test.ts',
]
// Last: it looks at what all the others asked of the services, and were answered.
const CONTRACT = ['tests/contract.test.ts']
const REST = [...WAITING, ...COMPUTING, ...BROWSER, ...CONTRACT].map((file) => `--exclude=${file}`)
const ROUNDS = [
  [WAITING, ['backend/', 'shared/', 'extension-', ...COMPUTING]],
  [BROWSER, ['tests/', 'scripts/', ...REST]],
  [CONTRACT],
]
const total = { passed: 0, failed: 0, skipped: 0 }
// Named again at the end, where whoever sees only the last lines finds them.
const failures = []

for (const check of own.length > 0 ? [] : CHECKS) {
  const [command, ...args] = check.split(' ')
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) total.passed++
  else {
    total.failed++
    console.log(`${check} failed:\n${stdout}${stderr}`)
    failures.push(check)
  }
}
let runs = 0
for (const round of own.length > 0 ? [[own]] : ROUNDS) await Promise.all(round.map(vitest))
for (const failure of failures) console.log(`Failed: ${failure}`)
const { passed, failed, skipped } = total
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)

async function vitest(args) {
  const report = join(dir, `report-${runs++}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn('vitest', ['run', ...reporters, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ECHOES_CONTRACT_LOG: join(dir, 'asked') },
  })
  const status = await new Promise((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(1))
  })
  let bad = 1
  try {
    const read = JSON.parse(readFileSync(report, 'utf8'))
    total.passed += read.numPassedTests
    total.skipped += read.numPendingTests + read.numTodoTests
    bad = read.numFailedTests
    for (const file of read.testResults) {
      if (file.status === 'failed' && file.message) failures.push(`${file.name}: ${file.message}`)
      for (const test of file.assertionResults.filter((each) => each.status === 'failed'))
        failures.push(`${file.name}, ${test.fullName}: ${test.failureMessages.join('\n')}`)
    }
    // A file that cannot be loaded has no tests that could fail.
    if (!read.success && bad === 0) bad = Math.max(1, read.numFailedTestSuites)
  } catch {
    // Without a report nothing is known to be well.
  }
  total.failed += status !== 0 && bad === 0 ? 1 : bad
}
