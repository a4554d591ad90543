/** Builds the rig's own two scripts: the stand-in for Twitch's helper, and the page around the frames. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { buildExtension } from '../../extension/build.ts'
import type { Sandbox } from '../sandbox.ts'

/** @param outDir gets `helper.js` and `host.js` */
export async function buildRig(outDir: string): Promise<void> {
  for (const name of ['helper', 'host'])
    await build({
      configFile: false,
      logLevel: 'warn',
      build: {
        outDir,
        emptyOutDir: false,
        minify: false,
        lib: {
          entry: join(import.meta.dirname, `${name}.ts`),
          formats: ['iife'],
          name: `rig_${name}`,
          fileName: () => `${name}.js`,
        },
      },
    })
}

/** Builds the extension against a back end, and lets the rig show it, allowed what a listing would ask for. */
export async function buildForRig(
  { rig, addresses }: Pick<Sandbox, 'rig' | 'addresses'>,
  ebsUrl: string,
  links: { text: string; url: string }[] = [],
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'echoes-rig-'))
  const [extension, own] = [join(dir, 'extension'), join(dir, 'rig')]
  await buildExtension({ ebsUrl, outDir: extension })
  await buildRig(own)
  rig.serve({ extension, rig: own, links: [...links, { text: 'Echoes', url: ebsUrl }] })
  rig.allow({ connect: [ebsUrl], images: [addresses.google] })
}
