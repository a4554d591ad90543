/** What the desk shows of a recap, computed from its facts. */
import type { Clock } from '../../../shared/clock.ts'
import type { DeskCard, DeskState } from '../../../shared/desk.ts'
import type { Database } from '../../db/database.ts'
import { askedEchoes } from '../../db/echoes.ts'
import { findGrant } from '../../db/grants.ts'
import type { Recap } from '../../db/recaps.ts'
import { findUpload, type Upload } from '../../db/uploads.ts'
import { chaptersOf, momentTitle } from '../../domain/description.ts'
import { nextUndo } from '../../domain/edit-log.ts'
import { lengthOf } from '../../domain/plan.ts'
import { echoSpan } from '../../domain/timeline.ts'
import { goesUpAt } from '../../goes-up.ts'
import { recapWords, shownCard } from '../../recap-words.ts'
import { planShow, videoKeyOf, type ShowPlan } from '../../show-plan.ts'
import type { Actor } from '../session.ts'

const MINUTE_MS = 60_000
const NAMES_ON_A_CARD = 12

export async function deskState(
  context: { db: Database; clock: Clock },
  recap: Recap,
  actor: Actor,
): Promise<DeskState | null> {
  const { db } = context
  const plan = await planShow(context, recap)
  if (!plan) return null
  const { channel, cards, streams } = plan
  const { settings } = channel
  const planned = new Map(plan.moments.map((m) => [m.moment.id, m]))
  const reasons = new Map(plan.leftOut.map((m) => [m.moment.id, m.reason]))
  const damaged = new Set(recap.product?.damaged)
  const shown = cards.map((card): DeskCard => {
    const { people, label, runtimeMs, unnamed } = shownCard(card, settings.bannedWords)
    const pieces = planned.get(card.id)?.pieces
    return {
      id: card.id,
      startMs: card.startMs,
      endMs: card.endMs,
      title: momentTitle({ label, runtimeMs }),
      people: people.length + unnamed,
      names: people.slice(0, NAMES_ON_A_CARD),
      place: pieces ? (damaged.has(card.id) ? 'damaged' : 'in') : (reasons.get(card.id) ?? 'no-vod'),
      lengthMs: pieces ? lengthOf(pieces) : 0,
    }
  })
  let atSec = 0
  const placed = plan.moments.map(({ moment, pieces }) => {
    const durationSec = lengthOf(pieces) / 1000
    atSec += durationSec
    return { ...shownCard(moment, settings.bannedWords), atSec: atSec - durationSec, durationSec }
  })
  const upload = await findUpload(db, recap.id)
  const { words, own } = await recapWords(context, recap, plan, placed)
  const youtube = await findGrant(db, channel.id, 'youtube')
  const { undo, redo } = nextUndo(plan.log, actor.userId)
  const [first, last] = [streams[0], streams.at(-1)]
  return {
    recapId: recap.id,
    edits: plan.log.at(-1)?.seq ?? 0,
    stage: stageOf(recap, upload),
    doing: doingText(recap, upload),
    videoUrl: upload?.videoId ? `https://www.youtube.com/watch?v=${upload.videoId}` : null,
    show: {
      title: first?.title ?? '',
      startedAtMs: first?.startedAtMs ?? recap.createdAtMs,
      lengthMs: first && last ? last.endedAtMs - first.startedAtMs : 0,
    },
    perMinute: await echoesPerMinute(db, recap.showId, plan),
    cards: shown,
    budgetMs: Number.isFinite(plan.budgetMs) ? plan.budgetMs : Math.round(atSec * 1000),
    lengthMs: Math.round(atSec * 1000),
    allByMs: plan.allByMs,
    timing: plan.timing,
    words,
    ownWords: Object.keys(own),
    chapters: chaptersOf(placed, atSec),
    canUndo: undo !== null,
    canRedo: redo !== null,
    made: recap.product !== null,
    fresh: recap.product !== null && (recap.product.videoKey ?? '') === videoKeyOf(plan, settings),
    goesUpAtMs: recap.state === 'rendered' && !recap.decision ? await goesUpAt(db, channel, recap) : null,
    youtube: youtube?.state === 'ok' ? youtube.accountName : null,
    mayPublish: actor.role === 'streamer',
    lacks: recap.product?.lacks ?? [],
  }
}

/** YouTube has something of it, or the streamer said so: nothing can be changed any more. */
export function isGoingUp(recap: Recap, upload: Upload | null): boolean {
  if (recap.state === 'failed') return false
  return recap.decision === 'publish' || Boolean(upload?.session || upload?.videoId)
}

function stageOf(recap: Recap, upload: Upload | null): DeskState['stage'] {
  if (recap.state === 'published' || recap.state === 'failed') return recap.state
  if (recap.decision === 'drop') return 'dropped'
  if (recap.state === 'empty') return 'empty'
  if (recap.state === 'preparing') return 'making'
  return isGoingUp(recap, upload) ? 'going-up' : 'waiting'
}

function doingText(recap: Recap, upload: Upload | null): string {
  const { step, progress } = recap
  const busy =
    recap.state === 'preparing' ||
    isGoingUp(recap, upload) ||
    step.startsWith('waiting for YouTube') ||
    step.startsWith('YouTube ')
  if (!busy || recap.state === 'published') return ''
  const error = upload?.error
  const far = progress ? ` ${progress.done} of ${progress.total} ${progress.of}` : ''
  return `${step}${far}${error ? ` (${error})` : ''}`
}

async function echoesPerMinute(
  db: Database,
  showId: string,
  { streams, channel }: Pick<ShowPlan, 'streams' | 'channel'>,
): Promise<number[]> {
  const [first, last] = [streams[0], streams.at(-1)]
  if (!first || !last) return []
  const minutes = Array.from(
    { length: Math.max(1, Math.ceil((last.endedAtMs - first.startedAtMs) / MINUTE_MS)) },
    () => 0,
  )
  for (const echo of (await askedEchoes(db, showId)).values()) {
    const span = echoSpan(echo, streams, channel.settings.latencyMs)
    const minute = span ? Math.min(minutes.length - 1, Math.floor(span.endMs / MINUTE_MS)) : -1
    if (minute >= 0) minutes[minute] = (minutes[minute] ?? 0) + 1
  }
  return minutes
}
