/**
 * A real S3-compatible service on loopback: OpenStack Swift with its S3 API, out of Debian's packages, on one folder. Null where
 * it is not installed.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort, until } from '../process.ts'

export interface S3Server {
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** Makes a bucket. */
  bucket(name: string): Promise<void>
  stop(): Promise<void>
}

const RINGS = ['account', 'container', 'object'] as const
/** Debian's own Python, for which Swift is installed; another one may come first on the PATH. */
const PATH = '/usr/bin:/bin:/usr/sbin:/sbin'

export function hasSwift(): boolean {
  return existsSync('/usr/bin/swift-proxy-server') && existsSync('/etc/swift/swift.conf')
}

export async function startSwift(): Promise<S3Server | null> {
  if (!hasSwift()) return null
  const dir = mkdtempSync(join(tmpdir(), 'swift-'))
  mkdirSync(join(dir, 'devices/d1'), { recursive: true })
  const env = { ...process.env, PATH }
  const run = (...args: string[]) => execFileSync('swift-ring-builder', args, { env, stdio: 'ignore' })
  const servers: ChildProcess[] = []
  const start = (name: string) =>
    servers.push(spawn(`swift-${name}-server`, [join(dir, `${name}.conf`)], { env, stdio: 'ignore' }))
  const ports = await Promise.all(RINGS.map(freePort))
  for (const [n, name] of RINGS.entries()) {
    const builder = join(dir, `${name}.builder`)
    run(builder, 'create', '4', '1', '0')
    run(builder, 'add', `r1z1-127.0.0.1:${ports[n]}/d1`, '1')
    run(builder, 'rebalance')
    writeFileSync(join(dir, `${name}.conf`), serverConf(dir, name, ports[n] ?? 0))
    start(name)
  }
  const port = await freePort()
  writeFileSync(join(dir, 'proxy.conf'), proxyConf(dir, port))
  start('proxy')
  const endpoint = `http://127.0.0.1:${port}`
  const answers = async () => (await fetch(`${endpoint}/healthcheck`).catch(() => null))?.ok
  await until('Swift answers', answers, 60_000)
  const credentials = { accessKeyId: 'test:tester', secretAccessKey: 'testing' }
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  return {
    endpoint,
    credentials,
    bucket: async (Bucket) => void (await s3.send(new CreateBucketCommand({ Bucket }))),
    async stop() {
      for (const server of servers) server.kill('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const common = (dir: string, port: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
swift_dir = ${dir}
user = ${process.env.USER ?? 'root'}
log_level = ERROR
`

function serverConf(dir: string, name: (typeof RINGS)[number], port: number): string {
  return `${common(dir, port)}devices = ${dir}/devices
mount_check = false
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`
}

/** The S3 API wants a cache to be configured; where none answers it does without. */
function proxyConf(dir: string, port: number): string {
  const filters = ['catch_errors', 'gatekeeper', 'healthcheck', 'listing_formats', 'slo', 'dlo']
  return `${common(dir, port)}[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
error_suppression_limit = 1
error_suppression_interval = 1000000
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`).join('')}`
}
