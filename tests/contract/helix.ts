/** Twitch's reference as OpenAPI, and what of an exchange is not as it says. */
import { Ajv, type ValidateFunction } from 'ajv'
import type { Exchange } from '../../scripts/sandbox/recorder.ts'

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: { type?: string; enum?: string[]; items?: { enum?: string[] } }
}

export interface Operation {
  description: string
  parameters?: Parameter[]
  security?: { twitch_auth?: string[] }[]
  requestBody?: object
  responses: Record<string, { content?: object }>
}

export interface Limits {
  [endpoint: string]: Record<string, { max_ids?: number; max?: number; default?: number }>
}

export interface Reference {
  paths: Record<string, Record<string, Operation>>
}

/** Query parameters that the reference does not have and that are sent all the same: by whom, and why that is right. */
const EXTRA: Record<string, Record<string, string>> = {}
/** Where the reference contradicts itself, what is right, and how we know. */
const MISTAKES = new Map([
  [
    '/data/…/portrait_download_url must be string',
    'null in the example of the reference itself: most clips have none',
  ],
])
/** Any endpoint may answer so; the reference names them for some only. */
const ANYWHERE = new Set([401, 404, 429, 500, 502, 503, 504])

export const scopesOf = (operation: Operation) =>
  operation.security?.flatMap((s) => s.twitch_auth ?? []) ?? []
export const tokensOf = ({ description }: Operation) => ({
  // What an extension may is told beside.
  app: /app access token/i.test(description.replace(/A Twitch extensions? may.*/s, '')),
  user: /user access token/i.test(description),
  // Signed by the extension itself.
  jwt: /JWT/.test(description),
})

export function helixChecker(reference: Reference, limits: Limits) {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema(closed(reference) as object, 'helix')
  const compiled = new Map<string, ValidateFunction>()
  const check = (pointer: string, value: unknown): string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `helix#${pointer}` })
    compiled.set(pointer, validate)
    if (validate(value)) return []
    return (validate.errors ?? [])
      .map(
        (e) => [`${e.instancePath.replace(/\/\d+/g, '/…')} ${e.message}`, JSON.stringify(e.params)] as const,
      )
      .filter(([problem]) => !MISTAKES.has(problem))
      .map((words) => words.join(' '))
  }

  return (exchange: Exchange): string[] => {
    const { method, path, query, status } = exchange
    const operation = reference.paths[path]?.[method.toLowerCase()]
    if (!operation) return [`${method} ${path} is not in the reference`]
    const endpoint = `${method} ${path}`
    const at = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}`
    const problems: string[] = []
    const parameters = (operation.parameters ?? []).filter((p) => p.in === 'query')
    for (const [name, value] of query) {
      const known = parameters.find((p) => p.name === name)
      if (!known) {
        if (!EXTRA[endpoint]?.[name]) problems.push(`it has no parameter "${name}"`)
        continue
      }
      const choices = known.schema.enum ?? known.schema.items?.enum
      if (choices && !choices.includes(value)) problems.push(`"${name}" is "${value}"`)
      if (known.schema.type === 'integer' && !/^\d+$/.test(value)) problems.push(`"${name}" is no number`)
      const { max } = limits[endpoint]?.[name] ?? {}
      if (max !== undefined && Number(value) > max) problems.push(`"${name}" is more than ${max}`)
    }
    for (const { name, required } of parameters)
      if (required && !query.some(([each]) => each === name)) problems.push(`"${name}" is missing`)
    for (const [name, { max_ids: most }] of Object.entries(limits[endpoint] ?? {}))
      if (most !== undefined && query.filter(([each]) => each === name).length > most)
        problems.push(`"${name}" has more than ${most} values`)
    if (operation.requestBody)
      problems.push(...check(`${at}/requestBody/content/application~1json/schema`, exchange.body))
    const tokens = tokensOf(operation)
    if (exchange.token !== 'none' && status < 400) {
      if (!tokens[exchange.token]) problems.push(`it takes no ${exchange.token} token`)
      const scopes = scopesOf(operation)
      if (exchange.token === 'user' && scopes.length > 0 && !scopes.some((s) => exchange.scopes.includes(s)))
        problems.push(`the token has none of ${scopes.join(', ')}`)
    }
    const answer = operation.responses[String(status)]
    if (!answer && !ANYWHERE.has(status)) problems.push(`it does not answer ${status}`)
    if (answer?.content && status < 300)
      problems.push(
        ...check(`${at}/responses/${status}/content/application~1json/schema`, exchange.answer).map(
          (problem) => `its answer: ${problem}`,
        ),
      )
    return problems
  }
}

/** The same schemas, in which an object has the fields that are named and no other. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (node === null || typeof node !== 'object') return node
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]))
  const { type, properties, additionalProperties } = copy
  const isSchema = type === 'object' && typeof properties === 'object'
  return isSchema && additionalProperties === undefined ? { ...copy, additionalProperties: false } : copy
}
