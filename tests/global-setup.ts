/** Before all tests: a private PostgreSQL server where one is installed, the small VOD with the clock, and the site's scripts. */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** `postgres://…` of a server of our own, or empty where there is none. */
    postgresUrl: string
    /** Folder of the VOD with the clock: 150 s at 30 frames a second. */
    clockVod: string
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), 'echoes-tests-'))
  const postgres = await startPostgres(dir)
  project.provide('postgresUrl', postgres?.url ?? '')
  const clockVod = join(dir, 'clock')
  const make = join(import.meta.dirname, '../scripts/sandbox/footage/make.ts')
  execFileSync('tsx', [make, 'clock', clockVod, '150'], { stdio: 'inherit' })
  project.provide('clockVod', clockVod)
  execFileSync('tsx', [join(import.meta.dirname, '../scripts/site/build.ts')], { stdio: 'inherit' })
  return () => {
    postgres?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function startPostgres(dir: string): Promise<{ url: string; stop(): void } | null> {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root) ? readdirSync(root).sort().at(-1) : undefined
  const bin = version && join(root, version, 'bin')
  if (!bin || !existsSync(join(bin, 'initdb'))) {
    console.log('No PostgreSQL here: its tests are skipped.')
    return null
  }
  const data = join(dir, 'postgres')
  mkdirSync(data)
  // PostgreSQL refuses to run as root; Debian's package brings a user for it.
  const asRoot = userInfo().uid === 0
  if (asRoot) {
    const [uid, gid] = ['-u', '-g'].map((f) =>
      Number(execFileSync('id', [f, 'postgres'], { encoding: 'utf8' })),
    )
    chownSync(dir, uid ?? 0, gid ?? 0)
    chownSync(data, uid ?? 0, gid ?? 0)
  }
  const run = (program: string, args: string[]) => {
    const whole = [join(bin, program), ...args]
    const [command = '', ...rest] = asRoot ? ['runuser', '-u', 'postgres', '--', ...whole] : whole
    execFileSync(command, rest, { stdio: 'ignore', cwd: dir })
  }
  const port = await freePort()
  run('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync'])
  run('pg_ctl', [
    '-D',
    data,
    '-w',
    '-l',
    join(data, 'log'),
    '-o',
    `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c fsync=off`,
    'start',
  ])
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: () => run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']),
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
