/**
 * `npm run package-extension -- --ebs https://echoes.example.org`: the extension as Twitch wants it, in
 * `dist/echoes-extension-<version>.zip`, checked; and what to enter in the developer console.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { zipSync } from 'fflate'
import { buildExtension } from './extension/build.ts'
import { checkPackage, readPackage } from './extension/check.ts'
import { drawListing } from './extension/listing.ts'
import { MARK_SVG, markPng } from './extension/mark.ts'
import { chromiumPath } from './sandbox/chromium.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ebs: { type: 'string' } } })
  const ebs = values.ebs?.replace(/\/$/, '') ?? ''
  if (!URL.canParse(ebs) || new URL(ebs).protocol !== 'https:' || new URL(ebs).pathname !== '/')
    throw new Error(
      'Tell the address of your Echoes, as in: npm run package-extension -- --ebs https://echoes.example.org',
    )
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const folder = join(DIST, 'extension')
  await buildExtension({ ebsUrl: ebs, outDir: folder })
  const files = readPackage(folder)
  const faults = checkPackage(files, ebs)
  if (faults.length > 0) throw new Error(`The package breaks Twitch’s rules:\n  ${faults.join('\n  ')}`)
  const zip = join(DIST, `echoes-extension-${version}.zip`)
  writeFileSync(zip, zipSync(files, { mtime: new Date('2020-01-01T00:00:00Z') }))
  const listing = join(DIST, 'listing')
  mkdirSync(listing, { recursive: true })
  writeFileSync(join(listing, 'mark.svg'), MARK_SVG)
  for (const size of [24, 100]) writeFileSync(join(listing, `icon-${size}.png`), await markPng(size))

  console.log(`${zip}: ${Object.keys(files).length} files, checked`)
  console.log(`${listing}: icons of 24 and 100 pixels`)
  if (chromiumPath) {
    console.log('Drawing the store’s pictures in the sandbox (a minute or so) …')
    console.log(`${listing}: ${(await drawListing(listing)).join(', ')}`)
  } else
    console.log(
      'The store’s pictures are not drawn: there is no Chromium. Install it (apt install chromium), or name it in CHROMIUM_PATH.',
    )
  console.log('\nIn the developer console, version’s page “Asset hosting”:')
  console.log('  Type of extension: panel, mobile')
  console.log('  Panel viewer path: panel.html     Panel height: 496')
  console.log('  Mobile path:       panel.html')
  console.log('  Config path:       config.html    Live config path: live-config.html')
  console.log('Page “Capabilities”:')
  console.log('  Request identity link: yes (approved people are known by it; nobody has to)')
  console.log(`  Allowlist for URL fetching domains: ${new URL(ebs).origin}`)
  console.log('  Allowlist for image domains:        https://i.ytimg.com')
  console.log('  Allowlist for media domains:        (none)')
  console.log('  Allowlist for panel URLs:           https://www.youtube.com/')
  console.log(`  Allowlist for config URLs:          ${new URL(ebs).origin}/`)
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  },
)
