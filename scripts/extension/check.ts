/** Whether a built extension keeps to Twitch's rules, as far as a program can tell. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type PackageFiles = Record<string, Uint8Array>

const MAIN_SCRIPTS = ['panel.js', 'config.js', 'live-config.js']
const EXPECTED = [
  ...MAIN_SCRIPTS,
  'preact.js',
  'panel.offline.js',
  'panel.html',
  'panel.css',
  'config.html',
  'live-config.html',
]
const HELPER = 'https://extension-files.twitch.tv/helper/v1/twitch-ext.min.js'
/** Minified code has lines far longer than anybody writes. */
const LONGEST_LINE = 1_000

export function readPackage(folder: string): PackageFiles {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  )
}

/** @param ebs address of the back end @returns what is wrong, in words; nothing when all is well */
export function checkPackage(files: PackageFiles, ebs: string): string[] {
  const faults: string[] = EXPECTED.filter((name) => !(name in files)).map((name) => `${name} is missing`)
  for (const [name, bytes] of Object.entries(files)) {
    const text = new TextDecoder().decode(bytes)
    if (/-[\w-]{8}\.(js|css)$/.test(name)) faults.push(`${name} has a hash in its name`)
    if (name.endsWith('.html')) faults.push(...pageFaults(name, text))
    if (name.endsWith('.js')) faults.push(...scriptFaults(name, text, ebs))
  }
  return faults
}

function pageFaults(name: string, html: string): string[] {
  const faults: string[] = []
  const scripts = [...html.matchAll(/<script\b([^>]*)>([^<]*)<\/script>/g)]
  if (!scripts[0]?.[1]?.includes(HELPER)) faults.push(`${name}: Twitch’s helper is not the first script`)
  for (const [, attributes = '', inline = ''] of scripts) {
    const src = /src="([^"]*)"/.exec(attributes)?.[1]
    if (inline.trim() !== '' || !src) faults.push(`${name} has an inline script`)
    else if (src !== HELPER && !src.startsWith('./')) faults.push(`${name} loads ${src}`)
  }
  if (/<style|\sstyle="|\son\w+="/.test(html)) faults.push(`${name} has an inline style or handler`)
  for (const [, href = ''] of html.matchAll(/<link\b[^>]*href="([^"]*)"/g))
    if (!href.startsWith('./')) faults.push(`${name} loads ${href}`)
  return faults
}

function scriptFaults(name: string, script: string, ebs: string): string[] {
  const faults: string[] = []
  if (/\beval\(|new Function\(/.test(script)) faults.push(`${name} makes code out of text`)
  // Preact comes as it is published: minified.
  if (name !== 'preact.js' && script.split('\n').some((line) => line.length > LONGEST_LINE))
    faults.push(`${name} looks minified`)
  if (MAIN_SCRIPTS.includes(name) && !script.includes(`"${ebs}"`))
    faults.push(`${name} does not know the back end’s address`)
  if (/sourceMappingURL/.test(script)) faults.push(`${name} names a source map`)
  return faults
}
