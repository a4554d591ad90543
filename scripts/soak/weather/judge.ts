/** What became of each show: what must be, what may be, and what must never happen. */
import BetterSqlite3 from 'better-sqlite3'
import { findRecap } from '../../../backend/db/recaps.ts'
import { consentOf } from '../../../backend/db/consents.ts'
import { findUpload } from '../../../backend/db/uploads.ts'
import type { Database } from '../../../backend/db/database.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Streamer } from './streamer.ts'

export interface Verdict {
  shows: number
  /** Fewer than shows where streams that were told of late became one show with others. */
  recaps: number
  published: number
  /** News that asked a streamer to do something. */
  told: number
  /** Recaps of which a step failed or was cut off, and which were published without anybody's help. */
  resumedAutomatically: number
  /** Recaps that were published after their owner did what they were told to. */
  resumedByOwner: number
  /** Shows whose recap was not published, or lacks a moment that was accepted and is not named as left out. */
  lost: number
  /** Videos beyond the one of each recap, news that was told twice, and clips that were ordered twice. */
  doubled: number
  /** Videos that are public though nobody agreed to that. */
  publicWithoutConsent: number
  /** For each show that is lost: why. */
  complaints: string[]
}

export interface World {
  sandbox: Sandbox
  db: Database
  /** The engine's own database. */
  engine: string
  streamers: readonly Streamer[]
}

const ASKS = /connect youtube|sign in with twitch|waits for your word|could not be published|no recap/i

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
    const agreed = await consentOf(db, streamer.channelId)
    const shown = new Set<string>()
    for (const { firstStreamId, moments } of streamer.shows) {
      verdict.shows++
      const recap = await recapOfStream(db, firstStreamId)
      const complain = (why: string) => {
        verdict.lost++
        verdict.complaints.push(`${streamer.channelId}, stream ${firstStreamId}: ${why}`)
      }
      if (!recap) {
        complain('it has no recap')
        continue
      }
      // Streams that Twitch told of too late may have become one show with others: each counts once.
      if (shown.has(recap.id)) continue
      shown.add(recap.id)
      verdict.recaps++
      const upload = await findUpload(db, recap.id)
      if (recap.state !== 'published' || !upload?.videoId) {
        complain(`its recap is ${recap.state} (${recap.step}${recap.failure ? `: ${recap.failure}` : ''})`)
        continue
      }
      verdict.published++
      ours.add(upload.videoId)
      const there = (recap.product?.moments.length ?? 0) + (recap.product?.leftOut.length ?? 0)
      if (there < moments) complain(`${moments - there} of its ${moments} moments are missing`)
      const asked = sandbox.mail.mails.some((m) => ASKS.test(m.subject) && m.text.includes(recap.id))
      if (asked) verdict.resumedByOwner++
      else if (recap.runId && troubled.has(recap.runId)) verdict.resumedAutomatically++
      const video = sandbox.google.videos.find((v) => v.id === upload.videoId)
      if (video?.privacy === 'public' && agreed !== 'auto_publish' && recap.decision !== 'publish')
        verdict.publicWithoutConsent++
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

async function recapOfStream(db: Database, streamId: string) {
  const row = await db
    .selectFrom('streams')
    .innerJoin('recaps', 'recaps.show_id', 'streams.show_id')
    .select(['recaps.id', 'recaps.run_id', 'streams.show_id'])
    .where('streams.id', '=', streamId)
    .where('recaps.long_echo_id', '=', '')
    .executeTakeFirst()
  const recap = row && (await findRecap(db, row.id))
  if (!recap) return null
  const show = await db.selectFrom('shows').select('run_id').where('id', '=', recap.showId).executeTakeFirst()
  return { ...recap, runId: show?.run_id ?? null }
}

/** Runs of which some step failed, or was begun again after its process had died. */
function troubledRuns(engine: string): Set<string> {
  const db = new BetterSqlite3(engine, { readonly: true })
  try {
    const rows = db
      .prepare<[], { id: string }>(
        `select workflow_run_id as id from step_attempts group by workflow_run_id, step_name
         having count(*) > 1 or sum(status = 'failed') > 0`,
      )
      .all()
    return new Set(rows.map((row) => row.id))
  } finally {
    db.close()
  }
}
