// Makes a fresh clone ready: npm packages, and for the tests what Debian offers. Runs on Node 18 and later, with
// nothing installed, so it is plain JavaScript.
//   --quiet  say nothing when there is nothing to do     --test  also what the tests can use
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'

const quiet = process.argv.includes('--quiet')
const STAMP = 'node_modules/.echoes-installed'
const lock = readFileSync('package-lock.json', 'utf8').length + ':' + statSync('package-lock.json').mtimeMs

if (Number(process.versions.node.split('.')[0]) < 18) {
  console.error(
    `Echoes needs Node 18 or later to set itself up; this is ${process.version}. See https://nodejs.org`,
  )
  process.exit(1)
}

// Several services may start at once in one folder: one sets it up, the others wait for it.
const LOCK = '.echoes-setup'
const release = takeLock()
const installed =
  existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock && existsSync('node_modules/.bin/tsx')
if (!installed) {
  console.log('Installing the npm packages (half a minute or so) …')
  // SKIP_FFMPEG: node-av would fetch an ffmpeg program of its own; only its library is used.
  const env = { ...process.env, SKIP_FFMPEG: 'true' }
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
    env,
  })
  if (npm.status !== 0) {
    console.error('`npm ci` failed. Is the npm registry reachable? Nothing else is missing so far.')
    process.exit(1)
  }
  writeFileSync(STAMP, lock)
} else if (!quiet) console.log('The npm packages are there.')

// What browsers load of the companion site is built where its sources are newer.
const SOURCES = ['backend/web/site/browser', 'extension-config', 'extension-panel', 'shared', 'scripts/site']
const newest = (dir) =>
  Math.max(
    ...readdirSync(dir, { withFileTypes: true }).map((entry) => {
      const path = `${dir}/${entry.name}`
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs
    }),
  )
const built = existsSync('dist/site/settings.js') ? statSync('dist/site/settings.js').mtimeMs : 0
if (Math.max(...SOURCES.map(newest)) > built) {
  if (!quiet) console.log('Building the pages …')
  const vite = spawnSync('node_modules/.bin/tsx', ['scripts/site/build.ts'], { stdio: 'inherit' })
  if (vite.status !== 0) {
    console.error('The pages of the companion site could not be built; the reason stands above.')
    process.exit(1)
  }
}

release()

if (process.argv.includes('--test')) {
  const wanted = [
    {
      package: 'postgresql',
      file: () => existsSync('/usr/lib/postgresql'),
      use: 'the database tests on PostgreSQL',
    },
    ...['swift-proxy', 'swift-account', 'swift-container', 'swift-object'].map((name) => ({
      package: name,
      file: () => existsSync(`/usr/bin/${name}-server`),
      use: 'object storage on a real S3 service',
    })),
    {
      package: 'ffmpeg',
      file: () => existsSync('/usr/bin/ffmpeg'),
      use: 'decoding recaps with a second program',
    },
    {
      package: 'chromium',
      file: () => existsSync('/usr/bin/chromium'),
      use: 'the pages in a real browser',
    },
  ]
  const missing = wanted.filter((w) => !w.file())
  const root = typeof process.getuid === 'function' && process.getuid() === 0
  if (missing.length > 0 && root && existsSync('/usr/bin/apt-get')) {
    const names = missing.map((w) => w.package)
    console.log(`Installing Debian's ${names.join(', ')} for the tests …`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
      stdio: 'ignore',
      env,
    })
  }
  for (const w of wanted.filter((each) => !each.file()))
    console.log(
      `Not here: ${w.package} (for ${w.use}). Those tests are skipped; \`apt-get install ${w.package}\` brings it.`,
    )
}

/** A folder can be made by one only. One that was left by a process that is no more is taken over. */
function takeLock() {
  for (;;) {
    try {
      mkdirSync(LOCK)
      writeFileSync(`${LOCK}/pid`, String(process.pid))
      let held = true
      const done = () => {
        if (held) rmSync(LOCK, { recursive: true, force: true })
        held = false
      }
      process.once('exit', done)
      return done
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isLeftBehind()) rmSync(LOCK, { recursive: true, force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

function isLeftBehind() {
  try {
    process.kill(Number(readFileSync(`${LOCK}/pid`, 'utf8')), 0)
    return false
  } catch (error) {
    if (error.code === 'EPERM') return false
    // Made a moment ago, its number not written yet.
    if (error.code === 'ENOENT')
      return Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 10_000
    return true
  }
}
