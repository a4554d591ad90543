/** Several services of one folder start at once, as under systemd. */
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

/** A folder whose `npm` takes a while, and notes when it begins and ends. */
function folder() {
  const dir = mkdtempSync(join(tmpdir(), 'setup-'))
  for (const each of ['bin', 'scripts', 'dist/site']) mkdirSync(join(dir, each), { recursive: true })
  for (const each of [
    'backend/web/site/browser',
    'extension-config',
    'extension-panel',
    'shared',
    'scripts/site',
  ])
    mkdirSync(join(dir, each), { recursive: true })
  copyFileSync('scripts/setup.mjs', join(dir, 'scripts/setup.mjs'))
  writeFileSync(join(dir, 'package-lock.json'), '{}')
  writeFileSync(join(dir, 'shared/a.ts'), '')
  writeFileSync(join(dir, 'dist/site/settings.js'), '')
  const npm = [
    '#!/bin/sh',
    'echo begins >> npm.log',
    'sleep 0.5',
    'mkdir -p node_modules/.bin',
    'touch node_modules/.bin/tsx',
    'echo ends >> npm.log',
  ]
  writeFileSync(join(dir, 'bin/npm'), npm.join('\n'), { mode: 0o755 })
  const env = { ...process.env, PATH: `${join(dir, 'bin')}:${process.env.PATH}` }
  const setUp = () => run(process.execPath, ['scripts/setup.mjs', '--quiet'], { cwd: dir, env })
  const installs = () => readFileSync(join(dir, 'npm.log'), 'utf8').trim().split('\n')
  return { dir, setUp, installs }
}

it('one of them installs, and the others wait for it', async () => {
  const { dir, setUp, installs } = folder()
  await Promise.all([setUp(), setUp(), setUp()])
  expect(installs()).toEqual(['begins', 'ends'])
  expect(existsSync(join(dir, '.echoes-setup'))).toBe(false)
})

it('what one that was killed has left behind holds up nobody', async () => {
  const { dir, setUp, installs } = folder()
  mkdirSync(join(dir, '.echoes-setup'))
  // No process has this number: it is above the most that Linux gives.
  writeFileSync(join(dir, '.echoes-setup/pid'), '4194999')
  await setUp()
  expect(installs()).toEqual(['begins', 'ends'])
})
