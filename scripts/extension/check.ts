/** Whether a built extension keeps to Twitch's rules, as far as a program can tell. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type PackageFiles = Record<string, Uint8Array>

const EXPECTED = [
  'panel.html',
  'panel.js',
  'panel.css',
  'config.html',
  'config.js',
  'live-config.html',
  'live-config.js',
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
    if (name.endsWith('.html')) faults.push(...pageFaults(name, text, ebs))
    if (name.endsWith('.js')) faults.push(...scriptFaults(name, text))
  }
  return faults
}

function pageFaults(name: string, html: string, ebs: string): string[] {
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
  if (!html.includes(`content="${ebs}"`)) faults.push(`${name} does not know the back end’s address`)
  return faults
}

function scriptFaults(name: string, script: string): string[] {
  const faults: string[] = []
  if (/\beval\(|new Function\(/.test(script)) faults.push(`${name} makes code out of text`)
  if (script.split('\n').some((line) => line.length > LONGEST_LINE)) faults.push(`${name} looks minified`)
  if (/sourceMappingURL/.test(script)) faults.push(`${name} names a source map`)
  return faults
}
