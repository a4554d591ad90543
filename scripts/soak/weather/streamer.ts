/** A streamer as people are: plays shows, reads the mail, and does what it asks for, a while later. */
import { setTimeout as sleep } from 'node:timers/promises'
import { consentOf } from '../../../backend/db/consents.ts'
import type { Database } from '../../../backend/db/database.ts'
import { findGrant } from '../../../backend/db/grants.ts'
import { findRecap } from '../../../backend/db/recaps.ts'
import type { ArrivedMail } from '../../sandbox/mail.ts'
import { until } from '../../sandbox/process.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from '../../sandbox/visitor.ts'

export interface StreamerOptions {
  login: string
  sandbox: Sandbox
  db: Database
  site: string
  random: () => number
  /** What they agreed to: recaps that go up by themselves, or only at their word. */
  agreed: 'auto_publish' | 'upload'
  /** How many seconds of the world pass in one of ours. */
  speed: number
  /** Puts a recording of a stream into their folder; null: Twitch has it. */
  record: ((channelId: string, streamId: string, endedAtMs: number) => void) | null
}

/** How long the footage is. */
export const STREAM_SEC = 150
/** How long the second stream of a show has been on when we look. */
const SECOND_SEC = 120
/** What is marked in a stream, far enough apart for moments of their own; the second stream of a show has fewer. */
const MARKS: readonly (readonly [atSec: number, label: string])[] = [
  [40, 'first blood'],
  [95, 'what a save'],
]
const PATIENCE_MS = 600_000
/** A person who is asked for something gives it after so long, milliseconds of ours. */
const LEISURE_MS = 3_000

export interface PlayedStream {
  streamId: string
  /** Of the commands that were taken: each stream has its own. */
  labels: string[]
  /** Commands that were never taken. */
  unheard: number
}

export class Streamer {
  readonly #options: StreamerOptions
  readonly #visitor = new Visitor()
  readonly #read = new Set<ArrivedMail>()
  readonly login: string
  readonly channelId: string
  readonly email: string
  /** Their YouTube channel. */
  readonly #youtube: string
  /** Shows that were played. */
  readonly shows: { streams: PlayedStream[] }[] = []
  /** Each thing they were told to do and have done. */
  acted = 0
  changedMinds = 0
  #agreed: 'auto_publish' | 'upload'
  #busy = Promise.resolve()

  constructor(options: StreamerOptions) {
    this.#options = options
    const user = options.sandbox.twitch.addUser(options.login)
    this.login = options.login
    this.channelId = user.id
    this.email = user.email
    this.#agreed = options.agreed
    this.#youtube = `UC${options.login.padEnd(22, '0')}`
  }

  async setUp(clips: boolean): Promise<void> {
    const { site, login, agreed, sandbox } = this.#options
    sandbox.google.channels.set(this.#youtube, login)
    await signIn(this.#visitor, site, login)
    await this.#connect()
    await this.#visitor.submit(`${site}/agreement`, { kind: agreed })
    if (clips) await signIn(this.#visitor, site, login, '?also=clips')
    const checkout = await this.#visitor.submit(`${site}/billing/checkout`, {})
    await this.#visitor.submit(checkout.url, { card: 'good' })
  }

  /** At Google, where nobody tells Echoes of it. */
  revokeGrant(): void {
    this.#options.sandbox.google.revoke(this.#youtube)
  }

  /** Whether recaps go up by themselves is the streamer's to say, at any time. */
  changeMind(): void {
    const { site, login, db } = this.#options
    const kind = this.#agreed === 'upload' ? 'auto_publish' : 'upload'
    this.#agreed = kind
    this.#busy = this.#busy
      .then(() =>
        this.#patiently(async () => {
          await signIn(this.#visitor, site, login)
          await this.#visitor.submit(`${site}/agreement`, { kind })
          return (await consentOf(db, this.channelId)) === kind
        }),
      )
      .then((done) => void (this.changedMinds += Number(done)))
  }

  /** One show from going live to its end; every second one has a drop of the connection in it. */
  async play(): Promise<void> {
    const two = this.#options.random() < 0.4
    const streams = [await this.#stream()]
    if (two) {
      // Within the quarter of an hour in which a stream still belongs to the show before.
      await this.#pass(SECOND_SEC + 60)
      streams.push(await this.#stream(SECOND_SEC))
    }
    this.shows.push({ streams })
  }

  /** Reads what has come, and does what it says. */
  readMail(): void {
    const { sandbox } = this.#options
    for (const mail of sandbox.mail.mails) {
      if (mail.to !== this.email || this.#read.has(mail)) continue
      this.#read.add(mail)
      this.#busy = this.#busy.then(() => this.#act(mail)).catch(() => undefined)
    }
  }

  async #act(mail: ArrivedMail): Promise<void> {
    const { site, login, random, db } = this.#options
    const recapId = /\/recaps\/([\w-]+)/.exec(mail.text)?.[1] ?? ''
    const { subject } = mail
    const signedIn = async () => {
      const home = await this.#visitor.get(`${site}/account`)
      if (home.url !== `${site}/account`) await signIn(this.#visitor, site, login)
    }
    const work = /connect youtube/i.test(subject)
      ? async () => {
          await signedIn()
          await this.#connect()
          return (await findGrant(db, this.channelId, 'youtube'))?.state === 'ok'
        }
      : /sign in with twitch/i.test(subject)
        ? async () => (await signIn(this.#visitor, site, login, '?also=clips')).url === `${site}/`
        : /waits for your word/i.test(subject)
          ? async () => {
              await signedIn()
              await this.#visitor.submit(`${site}/recaps/${recapId}/publish`, {})
              const recap = await findRecap(db, recapId)
              // They may have agreed meanwhile that recaps go up by themselves.
              return recap?.decision === 'publish' || recap?.state === 'published'
            }
          : /no recap|could not be published/i.test(subject)
            ? async () => {
                if ((await findRecap(db, recapId))?.state !== 'failed') return true
                await signedIn()
                return (await this.#visitor.submit(`${site}/recaps/${recapId}/again`, {})).status < 400
              }
            : null
    if (!work) return
    await sleep(LEISURE_MS * (0.2 + random()))
    this.acted += Number(await this.#patiently(work))
  }

  #connect() {
    return connectYoutube(this.#visitor, this.#options.site, undefined, { channel: this.#youtube })
  }

  /** As often as a person would try again, while the site or a service is away. */
  async #patiently(work: () => Promise<boolean>): Promise<boolean> {
    const giveUpAt = Date.now() + PATIENCE_MS
    while (Date.now() < giveUpAt) {
      if (await work().catch(() => false)) return true
      await sleep(1_000)
    }
    return false
  }

  async #stream(lengthSec = STREAM_SEC): Promise<PlayedStream> {
    const { sandbox, db, login, record } = this.#options
    const { twitch, clock } = sandbox
    const startedAtMs = Math.floor(clock.now() / 1000) * 1000 - lengthSec * 1000
    const stream = twitch.goLive(this.channelId, { startedAtMs, title: `${login}, ${this.shows.length + 1}` })
    const known = async () =>
      db.selectFrom('streams').select('id').where('id', '=', stream.id).executeTakeFirst()
    await until(`the stream of ${login} is known`, known, PATIENCE_MS)
    const labels: string[] = []
    let unheard = 0
    for (const [atSec, what] of MARKS) {
      if (atSec + 20 > lengthSec) continue
      const label = `${what} ${stream.id.slice(-6)}`
      // A line that nobody hears is said again, as somebody would who sees no answer.
      const taken = async () =>
        db
          .selectFrom('echoes')
          .select('id')
          .where('stream_id', '=', stream.id)
          .where('asked_at', '=', startedAtMs + atSec * 1000)
          .executeTakeFirst()
      for (let tries = 0; tries < 60 && !(await taken()); tries++) {
        twitch.say(this.channelId, login, `!echo 12 ${label}`, startedAtMs + atSec * 1000)
        for (let looks = 0; looks < 40 && !(await taken()); looks++) await sleep(100)
      }
      if (await taken()) labels.push(label)
      else unheard++
    }
    twitch.end(this.channelId)
    record?.(this.channelId, stream.id, startedAtMs + STREAM_SEC * 1000)
    return { streamId: stream.id, labels, unheard }
  }

  async #pass(worldSec: number): Promise<void> {
    await sleep((worldSec * 1000) / this.#options.speed)
  }
}
