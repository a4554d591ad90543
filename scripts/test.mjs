// Runs the checks and the tests, and closes with the one line `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const report = join(mkdtempSync(join(tmpdir(), 'echoes-test-')), 'report.json')
const own = process.argv.slice(2)
const steps =
  own.length > 0
    ? []
    : [
        'prettier --check .',
        'eslint .',
        'tsc',
        'depcruise backend shared scripts extension-panel extension-config',
      ]
let [passed, failed] = [0, 0]
for (const step of steps) {
  const [command, ...args] = step.split(' ')
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) passed++
  else {
    failed++
    console.log(`${step} failed:\n${stdout}${stderr}`)
  }
}
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
const vitest = spawnSync('vitest', ['run', ...reporters, ...own], { stdio: 'inherit' })
let skipped = 0
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, success } =
    JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests
  skipped = numPendingTests + numTodoTests
  // A file that cannot be loaded has no tests that could fail.
  if (!success && numFailedTests === 0) failed += Math.max(1, numFailedTestSuites)
} catch {
  failed++
}
if (vitest.status !== 0 && failed === 0) failed++
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
