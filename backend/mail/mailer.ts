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
        // tells by its enhanced code (RFC 3463): 5.7.x is about who may send, the others are about the address.
        const words = error instanceof Error ? error.message : ''
        const isOurs = /\b5\.7\.\d/.test(words)
        const reason = command?.startsWith('RCPT') && !isOurs ? 'recipient' : code
        throw faultOf('mail', 'to take a mail', { status: responseCode ?? null, reason }, Date.now())
      }
    },
  }
}
