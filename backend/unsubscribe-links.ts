/**
 * Addresses that end mails of one kind with one click. A mail is kept for years, and token keys are not: links are signed
 * with a secret of this installation's own, which opens nothing else and is never rotated.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { MAILS, type MailKind } from '../shared/settings.ts'
import type { Database } from './db/database.ts'
import { installationSecret } from './db/installation.ts'
import type { TokenBox } from './token-box.ts'

/** What links were sealed for, before they were signed. */
const SEALED_FOR = 'unsubscribe'

export async function unsubscribeUrl(
  db: Database,
  siteUrl: string,
  channelId: string,
  kind: MailKind,
): Promise<string> {
  const what = Buffer.from(`${kind}:${channelId}`).toString('base64url')
  return `${siteUrl}/unsubscribe/${what}.${await signatureOf(db, what)}`
}

/** @returns whose mails of which kind end; null: the link is none of ours */
export async function readUnsubscribe(
  db: Database,
  box: TokenBox,
  link: string,
): Promise<{ channelId: string; kind: MailKind } | null> {
  const [what = '', signature = '', ...rest] = link.split('.')
  const opened =
    rest.length > 0
      ? await box.open(link, SEALED_FOR).catch(() => '')
      : isSame(signature, await signatureOf(db, what))
        ? Buffer.from(what, 'base64url').toString()
        : ''
  const [kind, channelId] = opened.split(':')
  return channelId && MAILS.some((k) => k === kind) ? { channelId, kind: kind as MailKind } : null
}

async function signatureOf(db: Database, what: string): Promise<string> {
  const secret = await installationSecret(db, 'unsubscribe')
  return createHmac('sha256', Buffer.from(secret, 'base64')).update(what).digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
