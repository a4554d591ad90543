/** Builds the rig's own two scripts: the stand-in for Twitch's helper, and the page around the frames. */
import { join } from 'node:path'
import { build } from 'vite'

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
