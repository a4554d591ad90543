/**
 * Sends a notice to an address that a streamer gave: Discord's webhooks, or a generic one signed as Standard Webhooks has
 * it (standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64 of HMAC-SHA256>`).
 *
 * The address comes from outside, so it must not lead inside: only https, only addresses of the public Internet (looked at
 * after the name is resolved, on the very connection), no redirects.
 */
import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Fault } from '../../shared/fault.ts'
import { faultOf } from '../domain/failures.ts'
import { isPublicName, lookupOutside } from './inside.ts'

export interface HookMessage {
  event: string
  subject: string
  text: string
  url: string
  data: Record<string, unknown>
}

export interface HookTarget {
  url: string
  secret: string
}

export interface HookOptions {
  /** For the sandbox: addresses on this machine are allowed. */
  allowLocal: boolean
  /** Where Discord's webhooks begin. */
  discord: string
}

export const DISCORD = 'https://discord.com/api/webhooks/'
const TIMEOUT_MS = 10_000
const DISCORD_MAX = 1_900

/** Why an address cannot be taken, as a sentence; null when it can. */
export function addressProblem(
  kind: 'discord' | 'webhook',
  text: string,
  options: HookOptions,
): string | null {
  if (!URL.canParse(text)) return 'That is no address.'
  const { protocol, hostname, username } = new URL(text)
  if (kind === 'discord')
    return text.startsWith(options.discord)
      ? null
      : `Discord’s webhook addresses begin with ${options.discord}`
  if (username) return 'Please leave names and passwords out of the address.'
  if (options.allowLocal) return null
  if (protocol !== 'https:') return 'Only https:// addresses are taken.'
  return isPublicName(hostname) ? null : 'The address must be a name on the public Internet.'
}

export function signatureOf(secret: string, id: string, timestampSec: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampSec}.${body}`).digest('base64')}`
}

/**
 * @param id the same on repetition, so that a receiver counts it once
 * @throws {Fault} `person` when the address is gone or refuses for good, else `transient`
 */
export async function sendHook(
  kind: 'discord' | 'webhook',
  target: HookTarget,
  message: HookMessage,
  id: string,
  nowMs: number,
  options: HookOptions,
): Promise<void> {
  const problem = addressProblem(kind, target.url, options)
  if (problem) throw new Fault(problem, 'person')
  const body = JSON.stringify(kind === 'discord' ? discordBody(message) : { ...message, id, at: nowMs })
  const timestampSec = Math.floor(nowMs / 1000)
  const signed =
    kind === 'webhook'
      ? {
          'webhook-id': id,
          'webhook-timestamp': String(timestampSec),
          'webhook-signature': signatureOf(target.secret, id, timestampSec, body),
        }
      : {}
  const status = await post(target.url, body, { 'content-type': 'application/json', ...signed }, options)
  if (status >= 200 && status < 300) return
  // The streamer reads this: whose address it is goes without saying.
  throw new Fault(`the address answered ${status}`, faultOf('hooks', 'to take news', { status }, nowMs).kind)
}

function discordBody({ subject, text, url }: HookMessage) {
  const rest = text.startsWith(subject) ? text.slice(subject.length).trim() : text
  const content = `**${subject}**\n${rest}\n${url}`
  return {
    content: content.length > DISCORD_MAX ? `${content.slice(0, DISCORD_MAX)}…\n${url}` : content,
    // Names of viewers must ping nobody.
    allowed_mentions: { parse: [] },
  }
}

function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  { allowLocal }: HookOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    const request = send(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'Echoes' },
        ...(allowLocal ? {} : { lookup: lookupOutside }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      },
    )
    // The system's own words may hold the address.
    request.on('error', () => reject(new Fault('the address could not be reached', 'transient')))
    request.end(body)
  })
}
