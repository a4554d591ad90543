/** A mail server that keeps what arrives. */
import { EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export interface ArrivedMail {
  messageId: string
  to: string
  subject: string
  text: string
  html: string
  /** By their names in small letters. */
  headers: Record<string, string>
}

export interface MailServer {
  port: number
  mails: ArrivedMail[]
  /** Told before the server says that it has the mail. */
  arrived: EventEmitter<{ mail: [ArrivedMail] }>
  /** The next recipients are refused with these codes, in order. */
  refuse: number[]
  close(): Promise<void>
}

export async function startMail(port = 0): Promise<MailServer> {
  const mails: ArrivedMail[] = []
  const refuse: number[] = []
  const arrived: MailServer['arrived'] = new EventEmitter()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session, done) {
      const responseCode = refuse.shift()
      done(responseCode ? Object.assign(new Error('refused'), { responseCode }) : null)
    },
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        const to = session.envelope.rcptTo.map((r) => r.address).join(', ')
        const { messageId = '', subject = '', text = '', html } = mail
        const lines = mail.headerLines.map(({ key, line }) => [
          key,
          line
            .slice(key.length + 1)
            .replace(/\s+/g, '')
            .trim(),
        ])
        const headers = Object.fromEntries(lines) as Record<string, string>
        const arrival = { messageId, to, subject, text, html: html || '', headers }
        mails.push(arrival)
        arrived.emit('mail', arrival)
        done()
      }, done)
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    arrived,
    refuse,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
