/** A mail server that keeps what arrives. */
import { EventEmitter } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { FaultName, Faults } from './faults.ts'

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
  /** The same with words: `550 5.1.1 no such user`. */
  refuseWith: string[]
  /** While this is true, no password is right (535). */
  lockedOut: boolean
  close(): Promise<void>
}

const SLOW_MS = 700
/** What it says to whoever connects; a fault that is not here shows later. */
const GREETING: Partial<Record<FaultName, number>> = {
  slow: 220,
  hang: 421,
  busy: 421,
  error: 554,
  unavailable: 421,
  page: 421,
  empty: 421,
}

const reply = (responseCode: number, words = 'not now') => Object.assign(new Error(words), { responseCode })

export async function startMail(port = 0, faults?: Faults): Promise<MailServer> {
  const mails: ArrivedMail[] = []
  const refuse: number[] = []
  const refuseWith: string[] = []
  const arrived: MailServer['arrived'] = new EventEmitter()
  const mail = { mails, arrived, refuse, refuseWith, lockedOut: false }
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onConnect(_session, done) {
      const fault = faults?.now('mail') ?? null
      if (fault === null || !(fault in GREETING)) done()
      else if (fault === 'slow') setTimeout(done, SLOW_MS)
      // Nobody is answered until it is over.
      else if (fault !== 'hang') done(reply(GREETING[fault] ?? 421))
    },
    onAuth({ username }, _session, done) {
      if (mail.lockedOut || faults?.now('mail') === 'expired') done(reply(535))
      else done(null, { user: username })
    },
    onRcptTo(_address, _session, done) {
      const [code, ...words] = (refuseWith.shift() ?? refuse.shift() ?? '').toString().split(' ')
      done(code ? reply(Number(code), words.join(' ') || undefined) : null)
    },
    onData(stream, session, done) {
      if (faults?.now('mail') === 'reset') return void sockets.get(session.remotePort)?.destroy()
      simpleParser(stream).then((parsed) => {
        const to = session.envelope.rcptTo.map((r) => r.address).join(', ')
        const { messageId = '', subject = '', text = '', html } = parsed
        const lines = parsed.headerLines.map(({ key, line }) => [
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
  const sockets = new Map<number, Socket>()
  server.server.prependListener('connection', (socket: Socket) => {
    if (faults?.now('mail') === 'refused') socket.destroy()
    sockets.set(socket.remotePort ?? 0, socket)
    socket.once('close', () => sockets.delete(socket.remotePort ?? 0))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return Object.assign(mail, {
    port: (server.server.address() as AddressInfo).port,
    close: () => {
      // Connections that hang would be waited for.
      for (const socket of sockets.values()) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

// Lenient here: any name and password are right; senders and sizes are not looked at; there is no TLS.
