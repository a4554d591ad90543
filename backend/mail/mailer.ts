/** Sends one mail by SMTP. The message id is ours and stays the same on repetition, so that a doubled mail shows as one. */
import { createTransport } from 'nodemailer'
import { faultOf } from '../domain/failures.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  html: string
  /** Unique per message; becomes part of the Message-ID. */
  uniqueKey: string
  /** Address that ends mails of this kind at one POST (RFC 8058), where there are more of it. */
  unsubscribe?: string
}

export interface Mailer {
  /** @throws {Fault} `damaged` when there is no such recipient, else `transient` */
  send(mail: Mail): Promise<void>
}

const TIMEOUT_MS = 20_000

/** @param url `smtp://user:password@host:port` @param from `Echoes <echoes@example.org>` */
export function smtpMailer(url: string, from: string): Mailer {
  const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS }
  const transport = createTransport({ url, ...timeouts })
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost'
  return {
    async send({ to, subject, text, html, uniqueKey, unsubscribe }) {
      const messageId = `<${uniqueKey.replace(/[^\w.-]+/g, '.')}@${domain}>`
      try {
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          html,
          messageId,
          headers: {
            'Auto-Submitted': 'auto-generated',
            ...(unsubscribe
              ? {
                  'List-Unsubscribe': `<${unsubscribe}>`,
                  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
                }
              : {}),
          },
        })
      } catch (error) {
        const { responseCode, code, command } = error as {
          responseCode?: number
          code?: string
          command?: string
        }
        // Only what is said of the recipient is about the recipient. The server may say 550 there, too, of our sender, and
        // tells which by its enhanced code, or by its words.
        const words = error instanceof Error ? error.message : ''
        const reason = command?.startsWith('RCPT') && isAboutAddress(responseCode, words) ? 'recipient' : code
        throw faultOf('mail', 'to take a mail', { status: responseCode ?? null, reason }, Date.now())
      }
    },
  }
}

const NO_SUCH_ADDRESS = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1'])
const NO_SUCH_BOX = new Set([550, 551, 553])

/**
 * By the enhanced code (RFC 3463, 7505), where there is one: an address that does not exist, or a mailbox that is closed for
 * good. 5.1.7 and 5.1.8 are about the sender, which is us.
 * By the code and the words else: a server that does not know our password says 550, too.
 */
function isAboutAddress(code: number | undefined, words: string): boolean {
  const enhanced = /\b\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(words)?.[1]
  if (enhanced) return NO_SUCH_ADDRESS.has(enhanced)
  return NO_SUCH_BOX.has(code ?? 0) && !/relay|auth|sender|spam|block|polic|denied/i.test(words)
}
