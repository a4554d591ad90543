/** What became of each show: what must be, what may be, and what must never happen. */
import BetterSqlite3 from 'better-sqlite3'
import { findRecap } from '../../../backend/db/recaps.ts'
import { findUpload } from '../../../backend/db/uploads.ts'
import type { Database } from '../../../backend/db/database.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Streamer } from './streamer.ts'

export interface Verdict {
  shows: number
  /** A stream that Twitch told of late may be one show with others, or a show of its own: so these may be more or fewer. */
  recaps: number
  published: number
  /** News that asked a streamer to do something. */
  told: number
  /** Recaps of which a step failed or was cut off, and which were published without anybody's help. */
  resumedAutomatically: number
  /** Recaps that were published after their owner did what they were told to. */
  resumedByOwner: number
  /**
   * Each recap that was not published, or of which its owner was not told; each that was given up, even for a time; each moment
   * that lacks: nobody heard of it, or its recording was there all the time.
   */
  lost: number
  /** Videos beyond the one of each recap, news that was told twice, and clips that were ordered twice. */
  doubled: number
  /** Videos that are public though nobody agreed to that. */
  publicWithoutConsent: number
  /** For each of those that are lost: why. */
  complaints: string[]
}

export interface World {
  sandbox: Sandbox
  db: Database
  /** The engine's own database. */
  engine: string
  streamers: readonly Streamer[]
}

/** The recordings of these shows are whole; a fault may hide them, for a time. */
const NEVER_MISSING = new Set(['damaged', 'no-vod'])
const GAVE_UP = /could not be published|no recap/i
const ASKS = new RegExp(`connect youtube|sign in with twitch|waits for your word|${GAVE_UP.source}`, 'i')

export async function judge({ sandbox, db, engine, streamers }: World): Promise<Verdict> {
  const verdict: Verdict = {
    shows: 0,
    recaps: 0,
    published: 0,
    told: sandbox.mail.mails.filter((m) => ASKS.test(m.subject)).length,
    resumedAutomatically: 0,
    resumedByOwner: 0,
    lost: 0,
    doubled: 0,
    publicWithoutConsent: 0,
    complaints: [],
  }
  const troubled = troubledRuns(engine)
  const ours = new Set<string>()
  for (const streamer of streamers) {
    const complain = (what: string, why: string) => {
      verdict.lost++
      verdict.complaints.push(`${streamer.login}, ${what}: ${why}`)
    }
    verdict.shows += streamer.shows.length
    // Streams that Twitch told of too late may be one show with others, or shows of their own.
    const expected = new Map<string, string[]>()
    for (const { streamId, labels, unheard } of streamer.shows.flatMap((show) => show.streams)) {
      if (unheard > 0) complain(`stream ${streamId}`, `${unheard} commands were never taken`)
      const recapId = await recapOfStream(db, streamId)
      if (recapId) expected.set(recapId, [...(expected.get(recapId) ?? []), ...labels])
      else complain(`stream ${streamId}`, 'it has no recap')
    }
    const mails = sandbox.mail.mails.filter((m) => m.to === streamer.email)
    for (const { subject, text } of mails.filter((m) => GAVE_UP.test(m.subject)))
      complain(subject, text.replace(/\s+/g, ' ').slice(0, 120))
    for (const [recapId, labels] of expected) {
      const recap = await findRecap(db, recapId)
      const upload = await findUpload(db, recapId)
      verdict.recaps++
      if (recap?.state !== 'published' || !upload?.videoId) {
        const failure = recap?.failure ? `: ${recap.failure}` : ''
        complain(`recap ${recapId}`, `it is ${recap?.state} (${recap?.step}${failure})`)
        continue
      }
      verdict.published++
      ours.add(upload.videoId)
      const { moments: shown = [], leftOut = [] } = recap.product ?? {}
      const [there, wanted] = [[...shown, ...leftOut].map((m) => m.label).sort(), [...labels].sort()]
      if (there.join() !== wanted.join())
        complain(`recap ${recapId}`, `it has ${there.join(', ')}, and not ${wanted.join(', ')}`)
      if (!mails.some((m) => m.text.includes(`watch?v=${upload.videoId}`)))
        complain(`recap ${recapId}`, 'nobody was told that it is published')
      for (const { label, reason } of leftOut)
        if (NEVER_MISSING.has(reason))
          complain(`recap ${recapId}`, `${label ?? 'a moment'} was left out: ${reason}`)
      const asked = mails.some((m) => ASKS.test(m.subject) && isAbout(m.text, recap))
      if (asked) verdict.resumedByOwner++
      else if (troubled.has(await runOf(db, recap.showId))) verdict.resumedAutomatically++
      const session = [...sandbox.google.sessions.values()].find((s) => s.video?.id === upload.videoId)
      const mayBePublic =
        session !== undefined &&
        ((await saidPublish(db, recapId, session.openedAtMs)) ||
          (await agreedAt(db, recap.channelId, session.openedAtMs)))
      if (session?.video?.privacy === 'public' && !mayBePublic) verdict.publicWithoutConsent++
    }
  }
  const strangers = sandbox.google.videos.filter((v) => !ours.has(v.id))
  verdict.doubled += strangers.length + doubledMails(sandbox) + doubledClips(sandbox)
  verdict.publicWithoutConsent += strangers.filter((v) => v.privacy === 'public').length
  return verdict
}

/** One that was sent just before its process was killed may be sent again, under the same id: mail programs show one. */
function doubledMails({ mail }: Sandbox): number {
  const seen = new Map<string, string>()
  for (const { messageId, to, subject, text } of mail.mails) seen.set(messageId, `${to} ${subject} ${text}`)
  return seen.size - new Set(seen.values()).size
}

function doubledClips({ clips }: Sandbox): number {
  const spans = clips.ordered.map((c) => `${c.vod.id} ${c.startSec} ${c.endSec}`)
  return spans.length - new Set(spans).size
}

/** A mail about one recap names it; that YouTube must be connected again, is told once for all that wait. */
function isAbout(text: string, recap: { id: string; title: string | null }): boolean {
  return text.includes(recap.id) || (recap.title !== null && text.includes(recap.title))
}

/** Whether the streamer had said so of this recap when the upload began. */
async function saidPublish(db: Database, recapId: string, atMs: number): Promise<boolean> {
  const { decision, decided_at } = await db
    .selectFrom('recaps')
    .select(['decision', 'decided_at'])
    .where('id', '=', recapId)
    .executeTakeFirstOrThrow()
  return decision === 'publish' && decided_at !== null && decided_at <= atMs
}

/** Whether recaps were to go up by themselves when the upload began. */
async function agreedAt(db: Database, channelId: string, atMs: number): Promise<boolean> {
  const rows = await db
    .selectFrom('consents')
    .select('given_at')
    .where('channel_id', '=', channelId)
    .where('kind', '=', 'auto_publish')
    .where('given_at', '<=', atMs)
    .where((e) => e.or([e('revoked_at', 'is', null), e('revoked_at', '>=', atMs)]))
    .execute()
  return rows.length > 0
}

async function recapOfStream(db: Database, streamId: string): Promise<string | null> {
  const row = await db
    .selectFrom('streams')
    .innerJoin('recaps', 'recaps.show_id', 'streams.show_id')
    .select('recaps.id')
    .where('streams.id', '=', streamId)
    .where('recaps.long_echo_id', '=', '')
    .executeTakeFirst()
  return row?.id ?? null
}

async function runOf(db: Database, showId: string): Promise<string> {
  const show = await db.selectFrom('shows').select('run_id').where('id', '=', showId).executeTakeFirst()
  return show?.run_id ?? ''
}

/** Runs of which some step failed, or was begun again after its process had died. */
function troubledRuns(engine: string): Set<string> {
  const db = new BetterSqlite3(engine, { readonly: true })
  try {
    const rows = db
      .prepare<[], { id: string }>(
        `select workflow_run_id as id from step_attempts where kind = 'function' group by workflow_run_id, step_name
         having count(*) > 1 or sum(status = 'failed') > 0`,
      )
      .all()
    return new Set(rows.map((row) => row.id))
  } finally {
    db.close()
  }
}
