import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildExtension } from './build.ts'
import { checkPackage, readPackage, type PackageFiles } from './check.ts'

const EBS = 'https://echoes.example'
/** Where .size-limit.json looks. */
const outDir = join(import.meta.dirname, '../../dist/extension')
let files: PackageFiles

beforeAll(async () => {
  await buildExtension({ ebsUrl: EBS, outDir })
  files = readPackage(outDir)
})

describe('the extension’s package', () => {
  it('keeps to Twitch’s rules as it is built', () => {
    expect(checkPackage(files, EBS)).toEqual([])
  })

  it('is as small as .size-limit.json says', () => {
    const { status, stdout } = spawnSync('size-limit', ['--json'], { encoding: 'utf8' })
    const sizes = JSON.parse(stdout) as { name: string; size: number; passed: boolean }[]
    expect(sizes).toHaveLength(7)
    expect([status, sizes.filter((s) => !s.passed)]).toEqual([0, []])
  })

  it.each([
    [
      'an inline script',
      'panel.html',
      (t: string) => t.replace('</body>', '<script>go()</script></body>'),
      'inline script',
    ],
    ['an inline style', 'config.html', (t: string) => t.replace('<body', '<body style="x"'), 'inline style'],
    [
      'a script from elsewhere',
      'panel.html',
      (t: string) => t.replace('./panel.js', 'https://x.example/a.js'),
      'loads https',
    ],
    ['another back end', 'panel.js', (t: string) => t.replace(EBS, 'https://other.example'), 'address'],
    ['code out of text', 'panel.js', (t: string) => `${t}\neval('1')`, 'out of text'],
    ['minified code', 'config.js', (t: string) => t.replaceAll('\n', ' '), 'minified'],
    ['a name with a hash', 'panel-a1b2c3d4.js', () => '', 'hash'],
  ])('is refused with %s', (_what, name, change, says) => {
    const text = new TextDecoder().decode(files[name] ?? new Uint8Array())
    const changed = { ...files, [name]: new TextEncoder().encode(change(text)) }
    expect(checkPackage(changed, EBS).join()).toContain(says)
  })
})
