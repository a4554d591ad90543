/** The review desk: its page, and what it asks for and changes. All of it about one recap, of the signed-in channel. */
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import type { Clock } from '../../../shared/clock.ts'
import { editBody, type Preview } from '../../../shared/desk.ts'
import { Refusal } from '../../../shared/fault.ts'
import type { Database } from '../../db/database.ts'
import { saveEdit, undoEdit } from '../../db/edits.ts'
import { findGrant } from '../../db/grants.ts'
import { makeAnew, retryRecap } from '../../db/recap-again.ts'
import { decideRecap, findRecap, recapOfShow, type Recap } from '../../db/recaps.ts'
import { findShow } from '../../db/shows.ts'
import { findUpload } from '../../db/uploads.ts'
import { mayDo, type DeskAction } from '../../domain/desk-rights.ts'
import { readCardId } from '../../domain/edits.ts'
import type { Previews } from '../../jobs/previews.ts'
import { NoRoom } from '../../jobs/room.ts'
import { oneCardVideo, planShow } from '../../show-plan.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Actor } from '../session.ts'
import { deskState, isGoingUp } from './desk-state.ts'
import { jsonOf, stop, wantsPage, type Gate } from './gate.ts'
import { Layout, toHtml } from './layout.tsx'
import { sendStored } from './send-file.ts'

export interface DeskOptions {
  db: Database
  clock: Clock
  gate: Gate
  previews: Previews
  storage: Storage
  /** The streamer has said something that a waiting recap may want to know. */
  onDecision(recapId: string): void
  /** A show has ended anew: its recaps are to be made. */
  onAgain(showId: string): void
  /** A video of its own is to be made. */
  onOwnVideo(showId: string, longEchoId: string): void
}

export function deskRoutes({ db, clock, gate, previews, storage, ...tell }: DeskOptions): Hono {
  const app = new Hono()
  const answer = async (c: Context, recapId: string, actor: Actor) => {
    if (wantsPage(c)) return c.redirect(`/recaps/${recapId}`, 303)
    const recap = await findRecap(db, recapId)
    const state = recap && (await deskState({ db, clock }, recap, actor))
    return state
      ? c.json(state, 200, { 'cache-control': 'no-store' })
      : stop(c, 404, 'There is no such recap.')
  }
  const editable = async (c: Context, recap: Recap) => {
    if (recap.state === 'published')
      stop(c, 409, 'This recap is on YouTube already. Change it in YouTube Studio.')
    const upload = await findUpload(db, recap.id)
    if (recap.state === 'failed' && upload?.videoId)
      stop(
        c,
        409,
        'YouTube has this video and refused it. Download it, and upload it yourself where you may.',
      )
    if (isGoingUp(recap, upload)) stop(c, 409, 'This recap is on its way to YouTube.')
  }
  const allowed = (c: Context, actor: Actor, action: DeskAction) => {
    if (!mayDo(actor.role, action)) stop(c, 403, 'Only the streamer can do this.')
  }

  app.get('/recaps/:id', async (c) => {
    const { recap } = await gate.recap(c)
    return c.html(toHtml(<DeskPage recap={recap} />))
  })

  app.get('/recaps/:id/state', async (c) => {
    const { actor, recap } = await gate.recap(c)
    return answer(c, recap.id, actor)
  })

  app.post('/recaps/:id/edits', async (c) => {
    const { actor, recap } = await gate.recap(c)
    const { seen, card, change } = await jsonOf(c, editBody)
    allowed(c, actor, { do: 'edit', change })
    await editable(c, recap)
    const { channelId, showId, id: recapId } = recap
    const edit = { channelId, showId, recapId, author: actor.userId, ...readCardId(card), change }
    const clash = await saveEdit(db, edit, clock.now(), seen)
    if (!clash) return answer(c, recapId, actor)
    const state = await deskState({ db, clock }, recap, actor)
    return c.json(
      { sentence: 'Somebody else changed the same meanwhile. This is how it is now.', state },
      409,
    )
  })

  app.post('/recaps/:id/:what{undo|redo}', async (c) => {
    const { actor, recap } = await gate.recap(c)
    await editable(c, recap)
    const { channelId, showId, id: recapId } = recap
    const what = c.req.param('what') === 'undo' ? 'undo' : 'redo'
    await undoEdit(db, { channelId, showId, recapId, author: actor.userId }, what, clock.now())
    return answer(c, recapId, actor)
  })

  app.post('/recaps/:id/publish', async (c) => {
    const { actor, recap } = await gate.recap(c)
    allowed(c, actor, { do: 'publish' })
    if (recap.state !== 'rendered' && recap.state !== 'preparing' && recap.decision !== 'publish')
      stop(c, 409, 'There is nothing to publish.')
    await decideRecap(db, recap.id, recap.channelId, 'publish', clock.now())
    tell.onDecision(recap.id)
    return answer(c, recap.id, actor)
  })

  app.post('/recaps/:id/drop', async (c) => {
    const { actor, recap } = await gate.recap(c)
    allowed(c, actor, { do: 'drop' })
    await editable(c, recap)
    if (!(await decideRecap(db, recap.id, recap.channelId, 'drop', clock.now())))
      stop(c, 409, 'This recap is on its way to YouTube.')
    tell.onDecision(recap.id)
    return answer(c, recap.id, actor)
  })

  app.post('/recaps/:id/again', async (c) => {
    const { actor, recap } = await gate.recap(c)
    allowed(c, actor, { do: 'again', dropped: recap.decision === 'drop' })
    await editable(c, recap)
    if (await makeAnew(db, recap.id, recap.channelId, clock.now())) tell.onDecision(recap.id)
    else {
      const showId = await retryRecap(db, recap.id, recap.channelId, clock.now())
      if (showId) tell.onAgain(showId)
    }
    return answer(c, recap.id, actor)
  })

  const previewOf = async (c: Context) => {
    const { recap } = await gate.recap(c)
    const plan = await planShow({ db, clock }, recap)
    const card = plan?.cards.find((each) => each.id === c.req.param('card'))
    if (!plan || !card) return stop(c, 404, 'There is no such moment.')
    try {
      return { recap, footage: await previews.of(recap, plan, card) }
    } catch (error) {
      if (error instanceof Refusal) return stop(c, 404, error.message)
      const full = error instanceof NoRoom
      return stop(
        c,
        404,
        full ? 'There is no room for footage at the moment.' : 'The recording cannot be had at the moment.',
      )
    }
  }
  app.get('/recaps/:id/cards/:card/preview', async (c) => {
    const { recap, footage } = await previewOf(c)
    const at = `/recaps/${recap.id}/cards/${encodeURIComponent(c.req.param('card'))}`
    const { startMs, endMs } = footage
    // Another span has another address, so that no player mixes two.
    const preview = {
      url: `${at}/preview.mp4?${startMs}`,
      still: `${at}/still.jpg?${startMs}`,
      startMs,
      endMs,
    }
    return c.json(preview satisfies Preview, 200, { 'cache-control': 'no-store' })
  })
  app.get('/recaps/:id/cards/:card/preview.mp4', async (c) => {
    const { footage } = await previewOf(c)
    return sendStored(c, storage, footage.video, { type: 'video/mp4' })
  })
  app.get('/recaps/:id/cards/:card/still.jpg', async (c) => {
    const { recap } = await gate.recap(c)
    // The liveliest picture of the moment, where the video has it; else one of the footage around it.
    const made = recap.product?.moments.find((moment) => moment.id === c.req.param('card'))
    if (made && (await storage.has(made.still)))
      return sendStored(c, storage, made.still, { type: 'image/jpeg' })
    const { footage } = await previewOf(c)
    return sendStored(c, storage, footage.still, { type: 'image/jpeg' })
  })

  app.post('/recaps/:id/cards/:card/publish', async (c) => {
    const { actor, recap } = await gate.recap(c)
    allowed(c, actor, { do: 'publish' })
    const plan = await planShow({ db, clock }, recap)
    const card = plan?.cards.find((each) => each.id === c.req.param('card'))
    const show = await findShow(db, recap.showId)
    if (!card || !show || show.endedAtMs === null) return stop(c, 404, 'There is no such moment.')
    if ((await findGrant(db, recap.channelId, 'youtube'))?.state !== 'ok')
      return stop(c, 409, 'Connect YouTube first.')
    const own = await recapOfShow(db, show, clock.now(), oneCardVideo(card.id))
    await decideRecap(db, own.id, recap.channelId, 'publish', clock.now())
    tell.onOwnVideo(show.id, oneCardVideo(card.id))
    return wantsPage(c)
      ? c.redirect('/', 303)
      : c.json(z.object({ recapId: z.string() }).parse({ recapId: own.id }))
  })
  return app
}

function DeskPage({ recap }: { recap: Recap }) {
  return (
    <Layout
      title={`${recap.title ?? 'Recap'} – review desk`}
      styles={['desk.css']}
      scripts={['desk.js']}
      bare
    >
      <div id="desk" data-recap={recap.id}>
        <p class="skeleton" role="status">
          Opening the desk …
        </p>
        <noscript>
          <p>The review desk needs JavaScript. On the first page you can publish and drop without it.</p>
        </noscript>
      </div>
    </Layout>
  )
}
