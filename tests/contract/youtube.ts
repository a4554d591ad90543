/** YouTube's discovery document, and what of an exchange is not as it says. */
import { Ajv, type ValidateFunction } from 'ajv'
import type { Exchange } from '../../scripts/sandbox/recorder.ts'

interface Parameter {
  required?: boolean
  minimum?: string
  maximum?: string
  enum?: string[]
}

export interface Method {
  httpMethod: string
  path: string
  scopes?: string[]
  parameters: Record<string, Parameter>
  request?: { $ref: string }
  response?: { $ref: string }
  mediaUpload?: { protocols: Record<string, { path: string }> }
}

export interface Discovery {
  parameters: Record<string, Parameter>
  schemas: Record<string, unknown>
  resources: Record<string, { methods?: Record<string, Method> }>
}

/** Of the protocol of resumable uploads, which has a page of its own (developers.google.com/youtube/v3/guides). */
const OF_UPLOADS = new Set(['uploadType', 'upload_id'])
const ANYWHERE = new Set([400, 401, 403, 404, 429, 500, 502, 503, 504])

/** Each method by the way it is asked: uploads by their own path. */
export function methodsOf(discovery: Discovery): Map<string, Method> {
  const methods = new Map<string, Method>()
  for (const { methods: own = {} } of Object.values(discovery.resources))
    for (const method of Object.values(own)) {
      methods.set(`${method.httpMethod} /${method.path}`, method)
      const upload = method.mediaUpload?.protocols.simple?.path
      if (upload) {
        methods.set(`${method.httpMethod} ${upload}`, method)
        // The bytes of a session.
        methods.set(`PUT ${upload}`, method)
      }
    }
  return methods
}

export function youtubeChecker(discovery: Discovery) {
  const methods = methodsOf(discovery)
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema({ definitions: schemaOf(discovery.schemas) as object }, 'youtube')
  const compiled = new Map<string, ValidateFunction>()
  const check = (name: string, value: unknown): string[] => {
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `youtube#/definitions/${name}` })
    compiled.set(name, validate)
    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          (e) => `${e.instancePath.replace(/\/\d+/g, '/…')} ${e.message} ${JSON.stringify(e.params)}`,
        )
  }

  return ({ method, path, query, body, token, scopes, status, answer }: Exchange): string[] => {
    const known = methods.get(`${method} ${path}`)
    if (!known) return [`${method} ${path} is not in the discovery document`]
    const problems: string[] = []
    const ofSession = method === 'PUT'
    for (const [name, value] of query) {
      if (OF_UPLOADS.has(name) && path.startsWith('/upload/')) continue
      const parameter = known.parameters[name] ?? discovery.parameters[name]
      if (!parameter) {
        problems.push(`it has no parameter "${name}"`)
        continue
      }
      if (parameter.enum && !parameter.enum.includes(value)) problems.push(`"${name}" is "${value}"`)
      const { minimum, maximum } = parameter
      if ((minimum && Number(value) < Number(minimum)) || (maximum && Number(value) > Number(maximum)))
        problems.push(`"${name}" is ${value}, not within ${minimum} and ${maximum}`)
    }
    for (const [name, { required }] of Object.entries(known.parameters))
      if (required && !ofSession && !query.some(([each]) => each === name))
        problems.push(`"${name}" is missing`)
    if (known.request && body !== null && !ofSession) problems.push(...check(known.request.$ref, body))
    if (status < 300 && token === 'user' && !known.scopes?.some((scope) => scopes.includes(scope)))
      problems.push('the token has none of the scopes')
    if (status >= 400 && !ANYWHERE.has(status)) problems.push(`it does not answer ${status}`)
    if (status < 300 && answer !== null && known.response)
      problems.push(...check(known.response.$ref, answer).map((problem) => `its answer: ${problem}`))
    return problems
  }
}

/** As JSON Schema; objects have the fields that are named and no other. */
function schemaOf(node: unknown, key = ''): unknown {
  if (Array.isArray(node)) return node.map((each) => schemaOf(each))
  if (node === null || typeof node !== 'object') return node
  const isNames = key === 'properties' || key === ''
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(node)) {
    if (
      !isNames &&
      ['id', 'description', 'default', 'annotations', 'required', 'format', 'enumDescriptions'].includes(name)
    )
      continue
    if (!isNames && name === '$ref') copy.$ref = `#/definitions/${String(value)}`
    else if (!isNames && name === 'type' && value === 'any') continue
    else copy[name] = schemaOf(value, isNames ? 'schema' : name)
  }
  return !isNames && copy.type === 'object' && copy.properties && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy
}
