/**
 * Twitch's and YouTube's own descriptions of their APIs against what Echoes asks, what the sandbox answers, and what the
 * sandbox's lists of limits say. What was asked and answered comes from all the tests that ran before this one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { YOUTUBE } from '../scripts/sandbox/google/limits.ts'
import type { Exchange } from '../scripts/sandbox/recorder.ts'
import { HELIX } from '../scripts/sandbox/twitch/limits.ts'
import { helixChecker, scopesOf, tokensOf, type Limits, type Reference } from './contract/helix.ts'
import { methodsOf, youtubeChecker, type Discovery } from './contract/youtube.ts'
import { realFiles } from './real-data.ts'

const of = <T>(folder: string, name: string): T | null => {
  const file = realFiles(folder, name)[0]
  return file ? (JSON.parse(file.text()) as T) : null
}
const reference = of<Reference>('contracts', 'twitch-helix-openapi.json')
const limits = of<Limits>('contracts', 'twitch-helix-limits.json')
const discovery = of<Discovery>('youtube', 'youtube-v3.discovery.json')
const log = process.env.ECHOES_CONTRACT_LOG

const sorted = (names: readonly string[] = []) => [...new Set(names)].sort()

describe.skipIf(!reference || !limits)('the limits of Twitch’s API in the sandbox', () => {
  it.each(Object.entries(HELIX))('%s is as the reference has it', (endpoint, ours) => {
    const [method = '', path = ''] = endpoint.split(' ')
    const operation = reference?.paths[path]?.[method.toLowerCase()]
    expect(operation, 'it is in the reference').toBeDefined()
    if (!operation) return
    const query = (operation.parameters ?? []).filter((p) => p.in === 'query')
    const tokens = tokensOf(operation)
    if (ours.token === 'user') expect(tokens).toMatchObject({ user: true, app: false })
    if (ours.token === 'app') expect(tokens.app).toBe(true)
    const required = query.filter((p) => p.required).map((p) => p.name)
    expect(sorted(ours.required)).toEqual(sorted(required.filter((name) => !ours.oneOf?.includes(name))))
    // Of a body's fields the reference tells elsewhere.
    const scopes = scopesOf(operation)
    if (ours.token !== 'app' && path !== '/chat/messages') expect(sorted(ours.scopes)).toEqual(sorted(scopes))
    for (const scope of ours.scopes ?? []) expect(scopes).toContain(scope)
    const known = limits?.[endpoint] ?? {}
    const ids = Object.entries(known).flatMap(([name, { max_ids: most }]) => (most ? [[name, most]] : []))
    for (const [name, most] of ids as [string, number][])
      if (ours.ids?.[name] !== undefined) expect(ours.ids[name], name).toBe(most)
    for (const name of Object.keys(ours.ids ?? {})) expect(query.map((p) => p.name)).toContain(name)
    expect(Boolean(ours.pages)).toBe(query.some((p) => p.name === 'after'))
    if (known.first) expect(ours.pages?.first).toEqual({ default: known.first.default, max: known.first.max })
  })
})

describe.skipIf(!discovery)('the limits of YouTube’s API in the sandbox', () => {
  it.each(Object.entries(YOUTUBE))('%s is as the discovery document has it', (name, ours) => {
    const method = discovery && methodsOf(discovery).get(name)
    expect(method, 'it is in the document').toBeDefined()
    if (!method) return
    expect(sorted(ours.scopes)).toEqual(sorted(method.scopes))
    for (const filter of ours.filters ?? []) expect(Object.keys(method.parameters)).toContain(filter)
    const required = Object.entries(method.parameters).flatMap(([each, p]) => (p.required ? [each] : []))
    if (!name.startsWith('PUT '))
      expect(sorted([...(ours.required ?? []), ...(ours.parts.length > 0 ? ['part'] : [])])).toEqual(
        sorted(required),
      )
    const { minimum, maximum } = method.parameters.maxResults ?? {}
    expect(ours.maxResults).toEqual(
      minimum && maximum ? { min: Number(minimum), max: Number(maximum) } : undefined,
    )
  })
})

describe.skipIf(!reference || !limits || !discovery || !log)(
  'all that was asked and answered in these tests',
  () => {
    it('is as Twitch and YouTube describe it', () => {
      const checks = {
        helix: helixChecker(reference as Reference, limits as Limits),
        youtube: youtubeChecker(discovery as Discovery),
      }
      const violations = new Map<string, number>()
      const seen = { helix: new Set<string>(), youtube: new Set<string>() }
      let count = 0
      for (const exchange of exchangesIn(log ?? '')) {
        count++
        seen[exchange.service].add(`${exchange.method} ${exchange.path}`)
        for (const problem of checks[exchange.service](exchange)) {
          const text = `${exchange.method} ${exchange.path} (${exchange.status}): ${problem}`
          violations.set(text, (violations.get(text) ?? 0) + 1)
        }
      }
      console.log(`${count} requests, ${count} responses, ${violations.size} violations`)
      expect(Object.fromEntries(violations)).toEqual({})
      // A log that lacks one of the services, or nearly all of it, proves nothing.
      expect(seen.helix.size).toBeGreaterThan(5)
      expect(seen.youtube.size).toBeGreaterThan(5)
    })
  },
)

function* exchangesIn(folder: string): Generator<Exchange> {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder))
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n'))
      if (line) yield JSON.parse(line) as Exchange
}
