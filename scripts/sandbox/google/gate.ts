/** What YouTube looks at before it does anything: the method, the token, the parameters, and the day's quota. */
import type { Context, Next } from 'hono'
import { nextPacificMidnight } from '../../../backend/domain/pacific.ts'
import { problem } from './answers.ts'
import type { GoogleFacts } from './facts.ts'
import { MOST_IDS, YOUTUBE, type Method } from './limits.ts'

export function youtubeGate(google: GoogleFacts) {
  let [resetsAtMs, units] = [0, 0]
  return async (c: Context, next: Next) => {
    const method = YOUTUBE[`${c.req.method} ${c.req.path}`]
    if (!method) return c.body(null, 404)
    const now = google.clock.now()
    if (now >= resetsAtMs) [resetsAtMs, units] = [nextPacificMidnight(now), 0]
    // Also what is refused costs something.
    units += Math.max(method.units, c.req.path.startsWith('/upload/') ? 0 : 1)
    if (units > google.quota.units)
      return problem(c, 403, 'quotaExceeded', 'The request cannot be completed: the quota is used up.')
    const who = google.who(c.req.header('authorization'))
    if (!who) return problem(c, 401, 'authError', 'Invalid Credentials')
    if (!method.scopes.some((scope) => who.scopes.includes(scope)))
      return problem(c, 403, 'insufficientPermissions', 'Insufficient Permission')
    const refusal = parameterRefusal(c, method)
    return refusal ? problem(c, 400, ...refusal) : next()
  }
}

function parameterRefusal(
  c: Context,
  { parts, filters, required = [], maxResults }: Method,
): [reason: string, message: string] | null {
  const values = (name: string) => (c.req.queries(name) ?? []).flatMap((v) => v.split(',')).filter(Boolean)
  if (parts.length > 0) {
    const given = values('part')
    if (given.length === 0) return ['missingRequiredParameter', 'Required parameter: part']
    const unknown = given.find((part) => !parts.includes(part))
    if (unknown) return ['unknownPart', `'${unknown}'`]
  }
  for (const name of required)
    if (values(name).length === 0) return ['missingRequiredParameter', `Required parameter: ${name}`]
  const filtered = filters?.filter((name) => values(name).length > 0)
  if (filtered?.length === 0)
    return ['missingRequiredParameter', `No filter selected. Expected one of: ${filters?.join(', ')}`]
  if (filtered && filtered.length > 1)
    return [
      'incompatibleParameters',
      `Incompatible parameters specified in the request: ${filtered.join(', ')}`,
    ]
  if (values('id').length > MOST_IDS)
    return ['invalidFilters', `The request specifies more than ${MOST_IDS} ids.`]
  const [most] = values('maxResults')
  if (
    most !== undefined &&
    maxResults &&
    !(/^\d+$/.test(most) && +most >= maxResults.min && +most <= maxResults.max)
  )
    return [
      'invalidParameter',
      `Invalid value '${most}'. Values must be within the range: [${maxResults.min}, ${maxResults.max}]`,
    ]
  return null
}

// Lenient here: refusals are not worded as YouTube words them; `fields`, `key` and the parameters for content owners are
// not looked at; parts that Echoes never asks for are unknown.
