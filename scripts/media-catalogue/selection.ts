/** A few sources of the catalogue in which each of its kinds is found: container, codec, groups, sound, stamps, damage. */
import { CATALOGUE, type Source } from './catalogue.ts'

/** @returns as few as needed, in the order of the catalogue */
export function selection(): Source[] {
  const missing = new Set(CATALOGUE.flatMap(kindsOf))
  const chosen = new Set<Source>()
  while (missing.size > 0) {
    const [best] = [...CATALOGUE].sort((a, b) => newIn(b, missing) - newIn(a, missing))
    if (!best || newIn(best, missing) === 0) break
    chosen.add(best)
    for (const kind of kindsOf(best)) missing.delete(kind)
  }
  return CATALOGUE.filter((source) => chosen.has(source))
}

/** A source's name lists them. */
function kindsOf({ name }: Source): string[] {
  const [container = '', ...rest] = name.split(/[ ,]+/)
  return container === 'hls' ? [`hls ${rest[0]}`, ...rest.slice(1)] : [container, ...rest]
}

function newIn(source: Source, missing: ReadonlySet<string>): number {
  return kindsOf(source).filter((kind) => missing.has(kind)).length
}
