/** Where a recap stands on its way to YouTube, from what is recorded: computed, never stored. */
import type { Channel } from './db/channels.ts'
import type { Database } from './db/database.ts'
import { isLeaving } from './db/departures.ts'
import { findGrant } from './db/grants.ts'
import type { Recap } from './db/recaps.ts'
import { findUpload, type Upload } from './db/uploads.ts'
import type { Publication, Stage } from './domain/publishing.ts'
import { goesUpAt } from './goes-up.ts'

export interface PublicationFacts extends Publication {
  /** When it goes up without a word of the streamer's; null: not without one. UTC milliseconds. */
  byItselfAtMs: number | null
  /** When the streamer gave the access that is (or was) there; names its loss. */
  grantedAtMs: number | null
}

export async function publicationOf(
  db: Database,
  channel: Channel,
  recap: Recap,
  now: number,
): Promise<PublicationFacts> {
  const upload = await findUpload(db, recap.id)
  const byItselfAtMs = await goesUpAt(db, channel, recap)
  const grant = await findGrant(db, channel.id, 'youtube')
  const leaving = await isLeaving(db, channel.id)
  const parkedUntilMs = upload?.parkedUntilMs ?? null
  return {
    stage: stageOf(recap, upload),
    agreed: !leaving && (recap.decision === 'publish' || (byItselfAtMs !== null && byItselfAtMs <= now)),
    connected: grant?.state === 'ok',
    parkedUntilMs: parkedUntilMs !== null && parkedUntilMs > now ? parkedUntilMs : null,
    byItselfAtMs,
    grantedAtMs: grant?.grantedAtMs ?? null,
  }
}

function stageOf(recap: Recap, upload: Upload | null): Stage {
  if (recap.state === 'published') return 'live'
  if (upload?.videoId) return upload.state === 'failed' ? 'refused' : 'uploaded'
  if (recap.decision === 'drop') return 'dropped'
  return upload?.session ? 'uploading' : 'idle'
}
